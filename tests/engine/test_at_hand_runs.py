"""What is not at hand is never looked at, whatever a method says of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from torch import nn

from untrain.api import unlearn
from untrain.engine.loop import Loop
from untrain.errors import UserError
from untrain.methods.contract import Run, State
from untrain.methods.coun import CoUn
from untrain.methods.ft import FT
from untrain.methods.ga import GA
from untrain.task import Task

Same = Callable[[nn.Module, nn.Module], bool]


class Looks(FT):
    """Takes a batch of a set that it does not declare."""

    def prepare(self, run: Run) -> State:
        next(iter(run.batches("mixed", 4)))
        return {}


class Measures(FT):
    """Measures a set that it does not declare."""

    def prepare(self, run: Run) -> State:
        run.accuracy("forget")
        return {}


def part(task: Task, **options: Any) -> Task:
    return Task.of(task.images, task.split, augment="none", make_model=task.make_model, **options)


@pytest.mark.parametrize("method", [Looks(epochs=1), Measures(epochs=1)])
def test_undeclared_looks_at_forgotten_images_are_refused(
    method: FT, task: Task, model: nn.Module
) -> None:
    with pytest.raises(ValueError, match="which are not available"):
        Loop(method, part(task, forget_data=False), model).run()


def test_a_declared_one_is_told_to_the_user(task: Task, model: nn.Module) -> None:
    with pytest.raises(UserError, match="'ga' trains on forgotten images, and none are available"):
        unlearn(model, part(task, forget_data=False), GA(epochs=1), progress=False)


def test_a_part_is_the_same_as_a_smaller_data_set(task: Task, model: nn.Module, same: Same) -> None:
    """And a run says what it was given."""
    few = task.split.retain[:9]
    found = unlearn(model, part(task, available=few), CoUn(epochs=1, batch=4), progress=False)
    alone = Task.of(task.images, replace(task.split, retain=few), augment="none")
    assert same(found.model, unlearn(model, alone, CoUn(epochs=1, batch=4), progress=False).model)
    assert found.notes[0] == "Only 9 of 35 retained images were available."


def test_a_run_without_forgotten_images_has_the_bits_of_one_with_them(
    task: Task, model: nn.Module, same: Same
) -> None:
    method = FT(epochs=1, batch=8)
    one, other = (
        unlearn(model, part(task, forget_data=given), method, progress=False).model
        for given in (True, False)
    )
    assert same(one, other)
