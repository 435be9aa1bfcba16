"""SCRUB: up on forget, down on retain; going back; and an ascent that would not start."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, kl_div

from untrain.data.images import Images
from untrain.data.sets.splits import Split, make_split
from untrain.engine.loop import Loop
from untrain.errors import UserError
from untrain.methods import FT, Contrastive
from untrain.methods.contract import Run, State
from untrain.methods.scrub import Scrub, go_back
from untrain.models.output import wrap
from untrain.task import Task
from untrain.testing import Subject
from untrain.testing.checks import resumes_in_the_middle

FAST: dict[str, Any] = {"epochs": 2, "batch": 32, "lr": 0.1}
ONCE = FAST | {"epochs": 1, "ascents": 1}
STILL = ONCE | {"lr": 1e-300, "lr_min": 0.0, "weight_decay": 0.0, "bn": "frozen"}


def plain(*layers: nn.Module) -> nn.Module:
    """A network without batch norm; `layers` stand before its head."""
    torch.manual_seed(0)
    hidden = nn.Sequential(nn.Linear(64, 16), nn.ReLU(), *layers)
    return wrap(nn.Sequential(nn.Flatten(), hidden, nn.Linear(16, 3)))


def test_without_ascents_and_alpha_it_is_ft_bit_for_bit(
    images: Images, task: Task, model: nn.Module, same: Callable[..., bool]
) -> None:
    for given in (task, Task.of(images, make_split(images))):  # with nothing to forget too
        ft = Loop(FT(**FAST), given, model).run()
        scrub = Loop(Scrub(**FAST, ascents=0, gamma=1.0, alpha=0.0), given, model).run()
        assert same(ft.model, scrub.model)
        assert (ft.cost.flops, ft.cost.samples) == (scrub.cost.flops, scrub.cost.samples)


@pytest.mark.parametrize(("gamma", "alpha"), [(0.7, 0.3), (0.0, 0.3)])
def test_it_goes_up_on_forget_then_down_on_retain(
    images: Images, split: Split, model: nn.Module, gamma: float, alpha: float
) -> None:
    """One epoch of one step each, by hand."""
    once = {"epochs": 1, "batch": 64, "lr": 0.1, "momentum": 0.0, "weight_decay": 0.0}
    method = Scrub(**once, ascents=1, gamma=gamma, alpha=alpha, temperature=2.0)
    after = Loop(method, Task.of(images, split, augment="none"), model).run().model
    teacher, student = deepcopy(model).eval(), deepcopy(model).train()
    rate = torch.optim.SGD(student.parameters(), lr=0.1)
    for rows in (split.forget, split.retain):
        x = (images.x[rows].permute(0, 3, 1, 2) / 255 - 0.5) / 0.5
        logits, taught = student(x).logits, teacher(x).logits.detach()
        soft = (logits / 2).log_softmax(1), (taught / 2).softmax(1)
        apart = 4 * kl_div(*soft, reduction="batchmean")
        down = gamma * cross_entropy(logits, images.y[rows]) + alpha * apart
        rate.zero_grad()
        (-apart if rows is split.forget else down).backward()
        rate.step()
    for (name, tensor), expected in zip(
        after.state_dict().items(), student.state_dict().values(), strict=True
    ):
        torch.testing.assert_close(tensor, expected, atol=1e-6, rtol=1e-5, msg=name)


@pytest.mark.parametrize(
    ("ascents", "roles"), [(1, "ad d"), (2, "ad ad"), (5, "ad ad"), (0, "d d")]
)
def test_the_first_epochs_begin_with_an_ascent(
    task: Task, model: nn.Module, ascents: int, roles: str
) -> None:
    method = Scrub(**FAST, ascents=ascents)
    curve = Loop(method, task, model).run().curve
    epochs = [[row["role"][0] for row in curve if row["epoch"] == epoch] for epoch in (1, 2)]
    assert [*map("".join, epochs)] == roles.split()
    assert len(curve) == method.length


def test_the_teacher_stays_the_original(
    task: Task, model: nn.Module, same: Callable[..., bool]
) -> None:
    states: list[State] = []

    class Watched(Scrub):
        def finish(self, run: Run, state: State) -> None:
            states.append(state)

    after = Loop(Watched(**ONCE, bn="frozen", kick=0.1), task, model).run().model
    assert not same(after, model)
    assert same(states[0]["teacher"], model)


class Fake:
    """A run whose epochs have known accuracies."""

    def __init__(self, task: Task, forget: list[float], val: float) -> None:
        self.task, self.at, self.notes = task, len(forget) - 1, []
        self.forget, self.val = forget, val

    def accuracy(self, name: str, classes: tuple[int, ...] = ()) -> float:
        if name == "forget":
            return self.forget[self.at]
        assert [*classes] == [0, 1, 2], "of the classes of the forgotten images"
        assert self.at == len(self.forget) - 1, "of the last model"
        return self.val

    def restore(self, place: str) -> None:
        self.at = int(place)

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.mark.parametrize(
    ("forget", "val", "best"),
    [
        ([1.0, 0.75, 0.5, 0.25], 0.75, 1),
        ([1.0, 0.75, 0.5, 0.25], 0.0, 3),
        ([1.0, 0.75, 0.5, 0.25], 1.0, 0),
        ([0.5, 0.25, 0.5, 0.75], 0.5, 0),
        ([0.0, 0.75, 0.25, 0.75], 0.5, 1),
    ],
)
def test_going_back_takes_the_first_of_the_nearest(
    task: Task, forget: list[float], val: float, best: int
) -> None:
    run = Fake(task, forget, val)
    go_back(run, 3)  # type: ignore[arg-type]
    assert run.at == best
    assert f"Went back to epoch {best} of 3: error {1 - forget[best]:.1%}" in run.notes[0]


def test_rewinding_ends_at_one_of_the_epochs(task: Task, model: nn.Module) -> None:
    loop = Loop(Scrub(**FAST | {"epochs": 4}, ascents=3, rewind=True), task, model)
    ended = loop.run().model.state_dict()

    def error(place: str, rows: np.ndarray) -> float:
        shown = deepcopy(model).eval()
        shown.load_state_dict(loop.kept[place])
        x = (task.images.x[rows].permute(0, 3, 1, 2) / 255 - 0.5) / 0.5
        return (shown(x).logits.argmax(1) != task.images.y[rows]).float().mean().item()

    goal = error("4", task.split.val)
    errors = [error(str(epoch), task.split.forget) for epoch in range(5)]
    assert len(set(errors)) > 1
    best = int(np.abs(np.array(errors) - goal).argmin())
    assert best != 4
    assert all(torch.equal(ended[name], tensor) for name, tensor in loop.kept[str(best)].items())


def test_rewinding_can_end_at_the_start_before_the_kick(
    task: Task, model: nn.Module, same: Callable[..., bool]
) -> None:
    """Both epochs have the same error; the first of them is the model as it was given."""
    loop = Loop(Scrub(**STILL, kick=1e-6, rewind=True), task, model)
    assert same(loop.run().model, model)
    assert not torch.equal(loop.kept["0"]["head.weight"], loop.kept["1"]["head.weight"])


def test_a_killed_run_rewinds_and_kicks_as_an_uninterrupted_one() -> None:
    resumes_in_the_middle(Subject(Scrub, rewind=True, bn="frozen", kick=0.1))


def test_an_ascent_that_would_not_start_is_kicked(task: Task) -> None:
    idle = Loop(Scrub(**ONCE, weight_decay=0.0, kick=0.0), task, plain()).run()
    kicked = Loop(Scrub(**ONCE), task, plain()).run()
    assert abs(idle.curve[0]["loss"]) < 1e-8
    assert kicked.curve[0]["loss"] < -3e-6
    assert "set --kick" in idle.notes[0]
    assert "noise of --kick 0.03 starts it" in kicked.notes[0]


def test_dropout_needs_no_kick(task: Task) -> None:
    result = Loop(Scrub(**ONCE), task, plain(nn.Dropout())).run()
    assert not result.notes
    assert result.curve[0]["loss"] < -1e-3


def test_batch_norm_needs_a_kick_only_when_frozen(task: Task, model: nn.Module) -> None:
    still = deepcopy(model)
    for layer in still.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.requires_grad_(False)  # the engine keeps such a layer in eval mode
    for given, values, count in ((model, {}, 0), (model, {"bn": "frozen"}, 1), (still, {}, 1)):
        loop = Loop(Scrub(**FAST, **values), task, given)
        loop.method.prepare(loop)
        assert len(loop.notes) == count


def test_the_kick_is_relative_to_each_tensor(task: Task) -> None:
    loop = Loop(Scrub(kick=0.1), task, plain())
    with torch.no_grad():
        loop.model.inner[2].weight.mul_(1000)
    before = deepcopy(loop.model)
    loop.method.prepare(loop)
    for layer in (1, 2):
        old, new = (
            next(model.inner[layer].parameters()).detach() for model in (before, loop.model)
        )
        assert float((new - old).norm() / old.norm()) == pytest.approx(0.1, rel=0.15)


def test_the_term_acts_in_the_descent_only(task: Task, model: nn.Module) -> None:
    base = Loop(Scrub(**ONCE), task, model).run().curve
    with_term = Loop(Scrub(**ONCE), task, model, terms=(Contrastive(),)).run().curve
    assert with_term[0]["loss"] == base[0]["loss"]
    assert with_term[1]["loss"] > base[1]["loss"] + 1


def test_rewinding_needs_held_out_images_of_these_classes(task: Task, model: nn.Module) -> None:
    y = task.images.y.numpy()
    kept = task.split.val[y[task.split.val] == 0]
    assert len(kept)
    of_one = np.setdiff1d(task.split.forget, np.flatnonzero(y == 0))
    odd = replace(task.split, val=kept, forget=of_one)
    for split in (replace(task.split, val=task.split.val[:0]), odd):
        given = Task.of(task.images, split)
        Loop(Scrub(), given, model)
        with pytest.raises(UserError, match="val has none"):
            Loop(Scrub(rewind=True), given, model)


def test_ascending_needs_something_to_forget(images: Images, model: nn.Module) -> None:
    whole = Task.of(images, make_split(images))
    for values in ({}, {"ascents": 0, "rewind": True}):
        with pytest.raises(UserError, match="there are none"):
            Loop(Scrub(**values), whole, model)


@pytest.mark.parametrize(
    ("values", "flag"),
    [
        ({"ascents": -1}, "ascents"),
        ({"gamma": -0.1}, "gamma"),
        ({"alpha": float("nan")}, "alpha"),
        ({"gamma": 0.0, "alpha": 0.0}, "gamma"),
        ({"temperature": 0.0}, "temperature"),
        ({"kick": -1.0}, "kick"),
    ],
)
def test_values_out_of_range_name_their_flag(values: dict[str, float], flag: str) -> None:
    with pytest.raises(UserError, match=f"--{flag}"):
        Scrub(**values)


def test_an_ascent_beyond_the_cap_is_taken_back_and_the_descents_go_on(
    task: Task, model: nn.Module, same: Callable[..., bool]
) -> None:
    """As if it had never ascended, but for the draws of forgotten images."""
    fast = {"epochs": 3, "batch": 16, "lr": 0.1}
    capped = Loop(Scrub(**fast, ascents=3, cap=1e-9), task, model).run()
    assert [row["role"] for row in capped.curve] == ["ascend", "descend", "descend", "descend"]
    assert "no further one ascends" in capped.notes[0]
    plain = Loop(Scrub(**fast, ascents=0), task, model).run()
    assert same(capped.model, plain.model)
