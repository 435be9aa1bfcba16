"""CU: where its retain batches come from, when it stops, and what each term does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from untrain.data.images import Images
from untrain.data.sets.splits import Split, forget, make_split, with_forget
from untrain.engine.loop import Loop
from untrain.errors import UserError
from untrain.methods.contract import State, Step
from untrain.methods.cu import CU
from untrain.models.build import ModelSpec
from untrain.task import Task
from untrain.testing import Subject
from untrain.testing.checks import resumes_in_the_middle

FAST: dict[str, Any] = {"epochs": 1, "batch": 4, "lr": 0.05, "stop": "none"}


def test_retain_batches_come_from_all_retain_images(task: Task, model: nn.Module) -> None:
    """The authors' loader shows the first omega batches to every forget batch."""
    seen: list[int] = []

    @dataclass(frozen=True, kw_only=True)
    class Watched(CU):
        def after_step(self, step: Step, state: State) -> None:
            seen.extend(step.retain.index.tolist())

    Loop(Watched(**FAST, omega=2), task, model).run()  # 8 forgotten images: two batches
    assert len(seen) == 2 * 2 * 4
    assert len(set(seen)) > 2 * 4


def test_a_step_takes_as_many_retain_as_forget_images_in_one_forward(
    task: Task, model: nn.Module
) -> None:
    result = Loop(CU(**FAST | {"batch": 5}, omega=3), task, model).run()
    assert result.cost.steps == 2 * 3  # batches of five and three
    assert result.cost.samples == 3 * (2 * 5 + 2 * 3)
    assert int(result.model.layers[1].num_batches_tracked) == result.cost.steps


def test_with_lam_zero_forgotten_images_do_nothing(
    images: Images, task: Task, model: nn.Module, same: Callable[..., bool]
) -> None:
    x = images.x.clone()
    x[torch.from_numpy(task.split.forget)] = 77
    spoiled = Task.of(replace(images, x=x), task.split, augment=task.augment)
    one = Loop(CU(**FAST, lam=0.0), task, model).run().model
    assert same(one, Loop(CU(**FAST, lam=0.0), spoiled, model).run().model)
    assert not same(one, Loop(CU(**FAST, lam=0.5), task, model).run().model)


@pytest.mark.parametrize("retained", [12, 13, 14])
def test_the_cost_of_an_epoch_does_not_depend_on_the_retain_set(
    retained: int, images: Images, spec: ModelSpec
) -> None:
    whole = make_split(images)
    few = Split(whole.retain[: retained + 8], whole.forget, whole.val, whole.unseen, whole.test)
    costs = [
        Loop(CU(**FAST), Task.of(images, with_forget(s, s.train[:8])), spec.make(0)).run().cost
        for s in (whole, few)
    ]
    assert costs[0].flops == costs[1].flops
    assert costs[0].samples == costs[1].samples == 8 * 4 * 2


def biased(model: nn.Module, label: int) -> nn.Module:
    """A model that says one class whatever it sees."""
    with torch.no_grad():
        model.head.weight.zero_()
        model.head.bias.zero_()
        model.head.bias[label] = 1.0
    return model


def test_it_stops_before_the_first_step_where_nothing_is_known(
    images: Images, model: nn.Module, same: Callable[..., bool]
) -> None:
    whole = make_split(images)
    labels = images.y.numpy()[whole.train]
    task = Task.of(images, with_forget(whole, whole.train[labels == 1][:5]))
    given = biased(model, 0)
    result = Loop(CU(**FAST | {"stop": "sample"}), task, given).run()
    assert same(result.model, given)
    assert "stopped after 0 epochs: accuracy 0.0 % on forgotten images" in result.notes[0]


def test_a_rule_that_is_not_met_is_told(images: Images, model: nn.Module) -> None:
    task = Task.of(images, forget(make_split(images, holdout=0.3), "class:class1", images))
    method = CU(**FAST | {"epochs": 2, "lr": 1e-30, "lr_min": 0.0, "weight_decay": 0.0})
    result = Loop(replace(method, stop="auto", lam_ce=0.0), task, biased(model, 1)).run()
    assert len(result.curve) == 2
    assert "the stop rule was not met after 2 epochs" in result.notes[0]
    assert "100.0 % on val of the forgotten class (chance is 33.3 %)" in result.notes[0]


def test_a_stop_rule_needs_held_out_images(images: Images, split: Split, model: nn.Module) -> None:
    bare = Task.of(images, replace(split, val=split.val[:0]))
    with pytest.raises(UserError, match="no held-out images") as told:
        Loop(CU(), bare, model)
    assert "--stop none" in told.value.fix
    Loop(CU(stop="none"), bare, model)
    with pytest.raises(UserError, match="No class is wholly forgotten"):
        Loop(CU(stop="class"), Task.of(images, split), model)


def test_the_bar_of_a_second_request_leaves_out_classes_erased_before(
    images: Images, model: nn.Module
) -> None:
    """They are answered wrongly on val, which would lower the bar for the others."""
    first = forget(make_split(images, holdout=0.4), "class:class1", images).settled()
    task = Task.of(images, with_forget(first, first.retain[:4]))
    labels = images.y.numpy()[task.split.val]
    assert (labels == 1).any()
    note = Loop(CU(**FAST | {"stop": "sample", "epochs": 1}), task, biased(model, 0)).run().notes[0]
    share = 100 * (labels[labels != 1] == 0).mean()
    assert f"{share:.1f} % on val" in note


def test_a_run_with_a_queue_resumes_to_the_same_bits() -> None:
    resumes_in_the_middle(Subject(CU, queue=30, batch=4))


def test_the_queue_keeps_labels_with_their_features(
    images: Images, task: Task, model: nn.Module
) -> None:
    kept: State = {}

    @dataclass(frozen=True, kw_only=True)
    class Watched(CU):
        def after_step(self, step: Step, state: State) -> None:
            super().after_step(step, state)
            kept.update(state)

    # the slow model stays the Original
    method = Watched(**FAST, queue=30, queue_momentum=1.0, bn="frozen")
    Loop(method, replace_augment(task), model).run()
    queue, slow = kept["queue"], kept["slow"]
    filled = queue.labels >= 0
    rows = torch.from_numpy(task.split.retain)
    pixels = (images.x[rows].permute(0, 3, 1, 2) / 255 - 0.5) / 0.5
    own = slow(pixels).features
    nearest = torch.cdist(queue.features[filled], own).argmin(1)
    assert filled.sum() == 30
    assert torch.equal(images.y[rows][nearest], queue.labels[filled])


def replace_augment(task: Task) -> Task:
    return Task.of(task.images, task.split, augment="none", make_model=task.make_model)


def test_momentum_moves_the_encoder(task: Task, model: nn.Module, tmp_path: Path) -> None:
    states: list[State] = []

    @dataclass(frozen=True, kw_only=True)
    class Watched(CU):
        def after_step(self, step: Step, state: State) -> None:
            super().after_step(step, state)
            states.append({"slow": state["slow"].head.weight.clone()})

    Loop(Watched(**FAST, queue=8, queue_momentum=0.5), task, model).run()
    assert not torch.equal(states[0]["slow"], model.head.weight)
    assert not torch.equal(states[0]["slow"], states[-1]["slow"])


@pytest.mark.parametrize(
    "values",
    [
        {"lam": -1.0},
        {"lam": 0.0, "lam_ce": 0.0},
        {"lam_ce": -1.0},
        {"tau": 0.0},
        {"omega": 0},
        {"queue": -1},
        {"queue_momentum": 1.5},
    ],
)
def test_values_out_of_range_name_their_flag(values: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="--" + next(iter(values)).replace("_", "-")):
        CU(**values)
