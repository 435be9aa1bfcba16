"""UNSIR: noise that stands for a class, made without touching the model or a forgotten image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from untrain.data.sets.splits import forget, make_split, with_forget
from untrain.engine.loop import Loop
from untrain.errors import UserError
from untrain.methods import Contrastive
from untrain.methods.unsir import Unsir, normalised, taken_for
from untrain.models.build import ModelSpec
from untrain.models.output import frozen_copy
from untrain.task import Task
from untrain.testing import toy_images

FOUR = replace(toy_images(120, channels=3, classes=4), mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.4))
WHOLE = make_split(FOUR)
FAST: dict[str, Any] = {
    "epochs": 1,
    "batch": 16,
    "lr": 0.1,
    "noise_batch": 4,
    "noise_steps": 3,
    "copies": 2,
    "per_class": 5,
}


@pytest.fixture
def net() -> nn.Module:
    return ModelSpec("small", classes=4, channels=3, width=4).make(0)


def task_of(rule: str) -> Task:
    return Task.of(FOUR, forget(WHOLE, rule, FOUR), augment="crop+flip")


def prepared(net: nn.Module, rule: str, **values: Any) -> Loop:
    loop = Loop(Unsir(**FAST | values), task_of(rule), net)
    assert loop.method.prepare(loop) == {}
    return loop


def test_making_the_noise_leaves_weights_and_buffers(
    net: nn.Module, same: Callable[..., bool]
) -> None:
    assert same(prepared(net, "class:1,2").model, net)


def test_the_noise_of_two_classes_has_a_label_each(net: nn.Module) -> None:
    loop = prepared(net, "class:1,2")
    stream = loop.streams["impair"]
    assert stream.y[:16].tolist() == [1] * 8 + [2] * 8
    for place, label in ((0, 1), (8, 2)):
        noise = loop.method.noise(loop, frozen_copy(net), label).permute(0, 2, 3, 1)
        for copy in (0, 4):
            given = stream.images.x[place + copy : place + copy + 4]
            torch.testing.assert_close(given, noise)
    assert loop.notes[0].count("class") == 2


@pytest.mark.parametrize("reg", [0.0, 0.1])
def test_the_model_takes_the_noise_less_and_less_for_its_class(net: nn.Module, reg: float) -> None:
    teacher, losses, lengths = frozen_copy(net), [], []
    for steps in (0, 20, 40):
        loop = prepared(net, "class:1", noise_steps=steps, noise_reg=reg)
        noise = loop.method.noise(loop, teacher, 1)
        losses.append(float(taken_for(1, teacher, noise)))
        lengths.append(float(noise.square().sum()))
    if reg:
        assert lengths == sorted(lengths, reverse=True)
    else:
        assert losses == sorted(losses)
        assert losses[-1] > losses[0] + 0.3


def test_the_noise_goes_down_its_own_objective(net: nn.Module) -> None:
    """The first Adam step of each pixel is its rate, against the sign of the slope."""
    loop = prepared(net, "class:1")
    start, after = (
        replace(loop.method, noise_steps=steps).noise(loop, frozen_copy(net), 1) for steps in (0, 1)
    )
    leaf = start.clone().requires_grad_()
    objective = 0.1 * leaf.square().sum((1, 2, 3)).mean() - taken_for(1, frozen_copy(net), leaf)
    objective.backward()
    torch.testing.assert_close(after - start, -0.1 * leaf.grad.sign(), atol=1e-3, rtol=0)


def test_forgotten_images_are_never_looked_at(net: nn.Module, same: Callable[..., bool]) -> None:
    task = task_of("class:1")
    x = FOUR.x.clone()
    for name in ("forget", "val", "unseen", "test"):
        x[torch.from_numpy(task.split.sets()[name])] = 255
    spoiled = Task.of(replace(FOUR, x=x), task.split, augment=task.augment)
    one, other = (Loop(Unsir(**FAST), given, net).run().model for given in (task, spoiled))
    assert same(one, other)


def test_both_trainings_show_the_same_few_of_each_retained_class(net: nn.Module) -> None:
    loop = prepared(net, "class:1,2")
    positions = loop.streams["retain"].rows
    assert FOUR.y[positions].bincount(minlength=4).tolist() == [5, 0, 0, 5]
    assert np.isin(positions, loop.task.split.retain).all()
    assert torch.equal(loop.streams["impair"].y[16:], FOUR.y[positions])
    expected = normalised(FOUR, positions)
    assert torch.equal(loop.streams["impair"].images.x[16:], expected)
    plain = loop.streams["retain"].gather(torch.arange(10), 0, 0, 0, "none")
    torch.testing.assert_close(expected.permute(0, 3, 1, 2), plain)
    floats = replace(FOUR, x=FOUR.x / 255)
    assert torch.equal(normalised(floats, positions), floats.x[positions])
    other = Loop(Unsir(**FAST), loop.task, net, seed=1)
    other.method.prepare(other)
    assert not torch.equal(other.streams["retain"].rows, positions)


def test_it_impairs_once_and_repairs_for_the_epochs(net: nn.Module) -> None:
    result = Loop(Unsir(**FAST | {"epochs": 2}, impair_lr=0.03), task_of("class:1,2"), net).run()
    assert [row["role"] for row in result.curve] == ["impair", "repair", "repair"]
    assert [row["lr"] for row in result.curve][:2] == [0.03, 0.1]
    assert result.cost.samples == (2 * 2 * 4 + 10) + 2 * 10
    assert len(result.curve) == result.method.length


def test_the_term_acts_in_the_repair_only(net: nn.Module) -> None:
    task = task_of("class:1")
    base = Loop(Unsir(**FAST), task, net).run().curve
    with_term = Loop(Unsir(**FAST), task, net, terms=(Contrastive(),)).run().curve
    assert with_term[0]["loss"] == base[0]["loss"]
    assert with_term[1]["loss"] > base[1]["loss"] + 1


def test_a_second_request_makes_noise_for_its_own_class_only(net: nn.Module) -> None:
    settled = forget(WHOLE, "class:1", FOUR).settled()
    task = Task.of(FOUR, forget(settled, "class:2", FOUR), augment="none")
    loop = Loop(Unsir(**FAST), task, net)
    loop.method.prepare(loop)
    assert loop.streams["impair"].y.unique().tolist() == [0, 2, 3]


def test_single_images_are_refused(net: nn.Module) -> None:
    mixed = np.union1d(forget(WHOLE, "class:1", FOUR).forget, WHOLE.train[:3])
    for chosen in (WHOLE.train[:8], mixed):
        with pytest.raises(UserError, match="not applicable: it forgets whole classes"):
            Loop(Unsir(), Task.of(FOUR, with_forget(WHOLE, chosen)), net)
    with pytest.raises(UserError, match="there are none"):
        Loop(Unsir(), Task.of(FOUR, WHOLE), net)


@pytest.mark.parametrize(
    "values",
    [
        {"impair_lr": 0.0},
        {"noise_steps": -1},
        {"noise_lr": 0.0},
        {"noise_reg": -0.1},
        {"noise_batch": 0},
        {"copies": 0},
        {"per_class": 0},
    ],
)
def test_values_out_of_range_name_their_flag(values: dict[str, float]) -> None:
    with pytest.raises(UserError, match="--" + next(iter(values)).replace("_", "-")):
        Unsir(**values)
