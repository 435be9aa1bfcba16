"""Boundary Shrink: where the attack may go, what it teaches, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from untrain.data.images import Images
from untrain.data.sets.splits import make_split
from untrain.engine.loop import Loop
from untrain.errors import UserError
from untrain.methods.boundary_shrink import BoundaryShrink
from untrain.methods.contract import Draw, State, Step
from untrain.methods.terms import Contrastive
from untrain.models.build import ModelSpec
from untrain.task import Task
from untrain.testing import toy_images

MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.3, 0.4)
STILL = {"epochs": 1, "batch": 16, "lr": 1e-300, "weight_decay": 0.0}


def colour(task: Task, images: Images) -> tuple[Task, nn.Module]:
    """The same request on images of three channels, each with its own mean."""
    rgb = replace(toy_images(channels=3), mean=MEAN, std=STD)
    model = ModelSpec("small", classes=3, channels=3, width=4).make(0)
    return Task.of(rgb, task.split, augment="crop+flip"), model


def prepared(method: BoundaryShrink, task: Task, model: nn.Module) -> tuple[Loop, State, Draw]:
    """A run, its state, and all forgotten images."""
    loop = Loop(method, task, model)
    state = method.prepare(loop)
    return loop, state, next(loop.batches("forget", 99))


def pixels(x: Tensor) -> Tensor:
    return x * torch.tensor(STD).view(-1, 1, 1) + torch.tensor(MEAN).view(-1, 1, 1)


@pytest.mark.parametrize("eps", [0.0, 0.03, 0.1, 0.5])
def test_the_attack_stays_in_its_box(eps: float, task: Task, images: Images) -> None:
    method = BoundaryShrink(eps=eps)
    _, state, draw = prepared(method, *colour(task, images))
    before, after = pixels(draw.x), pixels(method.attack(draw.x, draw.y, state))
    assert float((after - before).abs().max()) <= eps + 1 / 510 + 1e-6
    assert float(after.min()) > -1e-6
    assert float(after.max()) < 1 + 1e-6
    levels = after * 255
    torch.testing.assert_close(levels, levels.round(), atol=1e-3, rtol=0)
    if 0 < eps < 0.5:  # it goes all the way, wherever it has room
        room = (before > eps) & (before < 1 - eps)
        assert bool(room.any())
        assert float((after - before).abs()[room].min()) >= eps - 1 / 510 - 1e-6


def test_the_step_goes_uphill_on_the_originals_loss(task: Task, images: Images) -> None:
    method = BoundaryShrink(eps=0.02)
    task, model = colour(task, images)
    _, state, draw = prepared(method, task, model)
    model.eval()

    def loss(x: Tensor) -> float:
        return cross_entropy(model(x).logits, draw.y).item()

    assert loss(method.attack(draw.x, draw.y, state)) > loss(draw.x) + 1e-3


def test_the_sign_is_that_of_each_pixels_own_slope(task: Task, images: Images) -> None:
    """Against differences of the Original's loss, pixel by pixel."""
    method = BoundaryShrink(eps=0.1)
    task, model = colour(task, images)
    _, state, draw = prepared(method, task, model)
    teacher, x, y = model.double().eval(), draw.x[:1].double(), draw.y[:1]
    moved = (method.attack(draw.x, draw.y, state)[:1] - x).flatten()
    for place in range(0, x.numel(), 17):
        nudge = torch.zeros(x.numel(), dtype=torch.float64)
        nudge[place] = 1e-4
        high, low = (
            cross_entropy(teacher(x + s * nudge.view_as(x)).logits, y).item() for s in (1, -1)
        )
        if abs(high - low) > 1e-9 and abs(moved[place]) > 0.05:
            assert (high > low) == (moved[place] > 0), place


def test_without_a_step_the_label_is_the_originals_answer(task: Task, images: Images) -> None:
    method = BoundaryShrink(eps=0.0)
    task, model = colour(task, images)
    _, state, draw = prepared(method, task, model)
    levels = (pixels(draw.x) * 255).round() / 255
    mean, std = (torch.tensor(part).view(-1, 1, 1) for part in (MEAN, STD))
    expected = model.eval()((levels - mean) / std).logits
    torch.testing.assert_close(method.answers(draw.x, draw.y, state), expected)


def test_floats_are_attacked_as_they_are(task: Task, model: nn.Module) -> None:
    x = (task.images.x.float() - 90) / 30  # far outside of [0, 1]
    floats = Task.of(replace(task.images, x=x), task.split, augment="none")
    method = BoundaryShrink(eps=0.1)
    _, state, draw = prepared(method, floats, model)
    step = method.attack(draw.x, draw.y, state) - draw.x
    torch.testing.assert_close(step.abs(), torch.full_like(step, 0.1), atol=1e-5, rtol=0)


@pytest.mark.parametrize("exclude", [False, True])
def test_the_loss_teaches_the_attacked_label(exclude: bool, task: Task, model: nn.Module) -> None:
    method = BoundaryShrink(eps=0.02, exclude_true=exclude)
    _, state, draw = prepared(method, task, model)
    answers = method.answers(draw.x, draw.y, state)
    failed = answers.argmax(1) == draw.y
    assert bool(failed.any()), "the attack must fail for some"
    label = answers.argmax(1)
    if exclude:
        runner_up = answers.topk(2).indices[:, 1]
        label = torch.where(failed, runner_up, label)
        assert not bool((label == draw.y).any())
    student = ModelSpec("small", classes=3, channels=1, width=4).make(1)
    given = Draw(draw.y, draw.index, lambda k, augment: draw.x, student)
    expected = cross_entropy(student(draw.x).logits, label)
    torch.testing.assert_close(method.loss(Step(student, {"forget": given}), state), expected)


def test_it_tells_how_often_the_attack_succeeds(task: Task, model: nn.Module) -> None:
    method = BoundaryShrink(eps=0.02)
    loop, state, draw = prepared(method, task, model)
    crossed = int((method.answers(draw.x, draw.y, state).argmax(1) != draw.y).sum())
    assert 0 < crossed < len(draw)
    assert f"took {crossed} of 8 forgotten images" in loop.notes[0]


def test_the_teacher_stays_the_original(
    task: Task, model: nn.Module, same: Callable[..., bool]
) -> None:
    states: list[State] = []

    class Watched(BoundaryShrink):
        def finish(self, run: object, state: State) -> None:
            states.append(state)

    after = Loop(Watched(epochs=2, batch=4, lr=0.1, bn="train"), task, model).run().model
    assert not same(after, model)
    assert same(states[0]["teacher"], model)


def test_a_step_too_small_to_move_leaves_the_original(
    task: Task, model: nn.Module, same: Callable[..., bool]
) -> None:
    assert same(Loop(BoundaryShrink(**STILL), task, model).run().model, model)
    assert not same(Loop(BoundaryShrink(bn="train", **STILL), task, model).run().model, model)


def test_nothing_to_forget_is_told(task: Task, model: nn.Module) -> None:
    whole = Task.of(task.images, make_split(task.images))
    with pytest.raises(UserError, match="there are none"):
        Loop(BoundaryShrink(), whole, model)


def test_the_contrastive_term_cannot_act(task: Task, model: nn.Module) -> None:
    with pytest.raises(UserError, match="no step on retain images"):
        Loop(BoundaryShrink(), task, model, terms=(Contrastive(),))


@pytest.mark.parametrize("eps", [-0.1, 8.0, float("nan")])
def test_eps_out_of_range_names_its_flag(eps: float) -> None:
    with pytest.raises(UserError, match="--eps"):
        BoundaryShrink(eps=eps)
