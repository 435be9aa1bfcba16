"""A few timed steps tell what a run will cost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from untrain.engine.loop import Loop
from untrain.engine.rehearsal import rehearse
from untrain.methods.contract import Method
from untrain.methods.cu import CU
from untrain.methods.ft import FT
from untrain.methods.mask_class import MaskClass
from untrain.methods.salun import SalUn
from untrain.methods.scrub import Scrub
from untrain.methods.ssd import SSD
from untrain.methods.unsir import Unsir
from untrain.task import Task
from untrain.testing.toy import REQUESTS, TOY, toy_task

SMALL = Unsir(epochs=2, batch=8, per_class=6, noise_batch=4, noise_steps=2, copies=2)
METHODS = [
    CU(epochs=3, batch=4, stop="sample", omega=2),
    Scrub(epochs=3, batch=7, rewind=True),
    SalUn(epochs=2, batch=7),
    SSD(alpha=1.0),
]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_steps_and_flops_are_those_of_the_run(method: Method, task: Task, model: nn.Module) -> None:
    found = rehearse(method, task, model, budget=0.05)
    made = Loop(method, task, model).run().cost
    assert found.steps == made.steps
    assert found.flops == pytest.approx(made.flops, rel=0.05)
    assert 0 < found.low <= found.seconds <= found.high


@pytest.mark.parametrize("method", [SMALL, MaskClass()])
def test_streams_of_the_methods_own_are_counted(method: Method) -> None:
    task = toy_task(REQUESTS["class"])
    found = rehearse(method, task, TOY.make(0), budget=0.02)
    assert found.steps == Loop(method, task, TOY.make(0)).run().cost.steps


def test_nothing_of_it_is_left(
    task: Task, model: nn.Module, same: Callable[[nn.Module, nn.Module], bool], spec: object
) -> None:
    before = torch.random.get_rng_state()
    rehearse(FT(epochs=2, batch=16), task, model)
    assert torch.equal(before, torch.random.get_rng_state())
    assert same(model, spec.make(0))  # type: ignore[attr-defined]


def test_a_small_part_of_the_retained_images_costs_less(task: Task, model: nn.Module) -> None:
    method = FT(epochs=2, batch=4)
    part = Task.of(task.images, task.split, available=task.split.retain[:8])
    assert rehearse(method, part, model).steps == 4
    assert rehearse(method, task, model).steps > 10
