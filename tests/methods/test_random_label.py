"""Random labels: what is drawn, what is taught, and that nothing to forget is FT."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from untrain.data.images import Images
from untrain.data.sets.splits import forget, make_split
from untrain.engine.loop import Loop
from untrain.errors import UserError
from untrain.methods import FT
from untrain.methods.contract import State, Step
from untrain.methods.random_label import RandomLabel
from untrain.models.build import ModelSpec
from untrain.task import Task
from untrain.testing import toy_images

FAST: dict[str, Any] = {"epochs": 2, "batch": 16, "lr": 0.1}
ORDERS = ("sequential", "mixed")
FOUR = toy_images(400, classes=4)


@pytest.fixture
def of_four() -> nn.Module:
    return ModelSpec("small", classes=4, channels=1, width=4).make(0)


@pytest.mark.parametrize("order", ORDERS)
def test_with_nothing_to_forget_it_is_ft_bit_for_bit(
    images: Images, model: nn.Module, same: Callable[..., bool], order: str
) -> None:
    whole = Task.of(images, make_split(images), augment="crop+flip")
    ft = Loop(FT(**FAST), whole, model).run().model
    for pool in ("all", "not-true"):
        method = RandomLabel(**FAST, order=order, pool=pool)
        assert same(ft, Loop(method, whole, model).run().model)


@pytest.mark.parametrize(
    ("rule", "pool", "possible", "true_too"),
    [
        ("class:class1", "all", {0, 1, 2, 3}, True),
        ("class:class1", "not-true", {0, 2, 3}, False),
        ("class:class1", "retained", {0, 2, 3}, False),
        ("class:1,2", "not-true", {0, 1, 2, 3}, False),
        ("class:1,2", "retained", {0, 3}, False),
        ("random:0.4", "all", {0, 1, 2, 3}, True),
        ("random:0.4", "retained", {0, 1, 2, 3}, False),
    ],
)
def test_labels_come_from_the_pool(
    of_four: nn.Module, rule: str, pool: str, possible: set[int], true_too: bool
) -> None:
    split = forget(make_split(FOUR), rule, FOUR)
    method = RandomLabel(**FAST, pool=pool)
    labels = method.labels(Loop(method, Task.of(FOUR, split), of_four), 0)
    assert {*labels.tolist()} == possible
    assert bool((labels == FOUR.y[split.forget]).any()) == true_too


@pytest.mark.parametrize(("rule", "pool", "told"), [
    ("class:1", "all", "its own class"),
    ("class:1,2", "not-true", "another forgotten class"),
    ("class:1", "not-true", ""),
    ("class:1,2", "retained", ""),
    ("random:0.1", "all", ""),
])  # fmt: skip
def test_labels_that_teach_a_forgotten_class_are_told(
    of_four: nn.Module, rule: str, pool: str, told: str
) -> None:
    split = forget(make_split(FOUR), rule, FOUR)
    loop = Loop(RandomLabel(pool=pool), Task.of(FOUR, split), of_four)
    loop.method.prepare(loop)
    assert (
        (told in loop.notes[0] and "--pool retained" in loop.notes[0]) if told else not loop.notes
    )


def test_a_pool_of_one_class_is_refused(of_four: nn.Module) -> None:
    task = Task.of(FOUR, forget(make_split(FOUR), "class:1,2,3", FOUR))
    with pytest.raises(UserError, match="There is 1 class to draw labels from"):
        Loop(RandomLabel(pool="retained"), task, of_four)
    Loop(RandomLabel(), task, of_four)


def taught(task: Task, model: nn.Module, **values: Any) -> list[tuple[str, int, Tensor, Tensor]]:
    """Role, epoch, and by position in the data set what each step's images are taught."""
    seen = []
    sets = {"retain": task.split.retain, "forget": task.split.forget}
    sets["mixed"] = torch.cat([torch.from_numpy(at) for at in sets.values()])

    @dataclass(frozen=True, kw_only=True)
    class Watched(RandomLabel):
        def after_step(self, step: Step, state: State) -> None:
            draw = step.draws[step.role]
            labels = draw.y if step.role == "retain" else state["labels"][draw.index]
            places = torch.as_tensor(sets[step.role])[draw.index]
            seen.append((step.role, step.epoch, places, labels))

    Loop(Watched(**FAST | values), task, model).run()
    return seen


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("redraw", ["epoch", "once"])
def test_each_image_is_taught_once_an_epoch(
    task: Task, model: nn.Module, order: str, redraw: str
) -> None:
    steps = taught(task, model, order=order, redraw=redraw, pool="not-true")
    rows = torch.from_numpy(task.split.forget)
    y, by_epoch = task.images.y, []
    for epoch in range(2):
        places = torch.cat([at for _, e, at, _ in steps if e == epoch])
        labels = torch.cat([y for _, e, _, y in steps if e == epoch])
        assert sorted(places.tolist()) == sorted(task.split.train.tolist())
        label_of = torch.full((len(y),), -1).index_copy(0, places, labels)
        others = torch.from_numpy(task.split.retain)
        assert torch.equal(label_of[others], y[others])
        assert (label_of[rows] != y[rows]).all()
        by_epoch.append(label_of[rows])
    assert torch.equal(*by_epoch) == (redraw == "once")
    roles = [role for role, _, _, _ in steps]
    assert (set(roles) == {"mixed"}) == (order == "mixed")
    if order == "sequential":
        assert roles == (["forget"] + ["retain"] * 3) * 2  # 8 and 36 images, 16 a batch


def test_both_orders_cost_the_same_and_know_their_length(task: Task, model: nn.Module) -> None:
    runs = [Loop(RandomLabel(**FAST, order=order), task, model).run() for order in ORDERS]
    assert [run.cost.samples for run in runs] == [2 * len(task.split.train)] * 2
    assert [len(run.curve) for run in runs] == [run.method.length for run in runs] == [4, 2]
