"""Runs on images that are read while the model trains, and memory that is told before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from untrain.engine import fits, machine
from untrain.engine.fits import resident_bytes, too_large
from untrain.engine.loop import Loop
from untrain.engine.predict import predict
from untrain.engine.resume import Resume
from untrain.errors import UserError
from untrain.methods import CU, FT, CoUn, NegGradPlus, RandomLabel, Retrain, Scrub, Unsir
from untrain.methods.contract import Method
from untrain.models.build import ModelSpec
from untrain.task import Task
from untrain.testing import toy_images
from untrain.testing.toy import REQUESTS

CPU = torch.device("cpu")
FAST = {"epochs": 1, "batch": 10, "lr": 0.05}
METHODS = [
    CoUn(**FAST, transform="CHJGN"),
    NegGradPlus(**FAST),
    RandomLabel(**FAST),
    CU(**FAST | {"lr": 0.01}, omega=3, stop="none", queue=12),
    Scrub(**FAST | {"lr": 0.01}, ascents=1),
    Retrain(**FAST),
]


def chunked(task: Task, chunk: int, **changed: Any) -> Task:
    images = replace(task.images, chunk=chunk, **changed)
    return Task.of(images, task.split, augment=task.augment, make_model=task.make_model)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_a_chunk_of_all_gives_the_bits_of_images_in_memory(
    method: Method, task: Task, model: nn.Module, same: Callable[..., bool]
) -> None:
    resident, streamed = (Loop(method, chunked(task, k), model).run() for k in (0, 1000))
    assert same(resident.model, streamed.model)
    assert [row["loss"] for row in resident.curve] == [row["loss"] for row in streamed.curve]
    assert resident.cost.flops == streamed.cost.flops


def test_smaller_chunks_train_on_another_order(
    task: Task, model: nn.Module, same: Callable[..., bool]
) -> None:
    one, other, again = (Loop(FT(**FAST), chunked(task, k), model).run().model for k in (0, 5, 5))
    assert not same(one, other)
    assert same(other, again)


class Killed(Exception):
    """Stands for SIGKILL in the middle of a run."""


@pytest.mark.parametrize("passes", [1.3])
def test_a_killed_run_on_chunks_goes_on_to_the_same_bits(
    passes: float,
    task: Task,
    model: nn.Module,
    tmp_path: Path,
    same: Callable[..., bool],
) -> None:
    def killed(done: float, row: dict[str, Any] | None) -> None:
        if done > passes:
            raise Killed

    method = NegGradPlus(**FAST | {"epochs": 2})
    streamed, path = chunked(task, 5), tmp_path / "resume.safetensors"
    whole = Loop(method, streamed, model).run()
    with pytest.raises(Killed):
        Loop(method, streamed, model).run(Resume(path, "key", every=0), killed)
    resumed = Loop(method, streamed, model).run(Resume(path, "key", every=0))
    assert same(whole.model, resumed.model)
    assert [row["loss"] for row in whole.curve] == [row["loss"] for row in resumed.curve]


def large_task(chunk: int = 0) -> Task:
    """Images kept at 16 pixels of which the model sees 12, through resized crops."""
    images = replace(toy_images(60, 16), crop=12, chunk=chunk, augment="resized-crop+flip")
    make = ModelSpec("small", classes=3, channels=1, width=4, size=12).make
    return Task.of(images, REQUESTS["class"], make_model=make)


@pytest.mark.parametrize(
    "method", [CoUn(**FAST), Unsir(**FAST, **Unsir.trials[""])], ids=lambda method: method.name
)
def test_methods_work_on_resized_crops_streamed_or_not(
    method: Method, same: Callable[..., bool]
) -> None:
    task = large_task()
    assert task.make_model
    model = task.make_model(0)
    resident, streamed = (Loop(method, large_task(k), model).run() for k in (0, 1000))
    assert same(resident.model, streamed.model)
    assert not same(resident.model, model)


def test_a_model_is_measured_on_the_middle_of_its_images() -> None:
    task = large_task()
    assert task.make_model
    model, rows = task.make_model(0), task.split.test
    images = task.images
    middle = replace(images, x=images.x[:, 2:14, 2:14].contiguous(), crop=0)
    for one, other in zip(predict(model, images, rows), predict(model, middle, rows), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize(
    ("augment", "pixels"),
    [("flip", 64 * 3), ("crop+flip", 100 * 2 + 64), ("resized-crop+flip", 64)],
)
def test_the_memory_that_images_take(augment: str, pixels: int) -> None:
    images = toy_images(20, 8, 3)
    assert resident_bytes(images, 10, augment) == 10 * 3 * pixels
    floats = replace(images, x=images.x.float())
    assert resident_bytes(floats, 10, augment) == 4 * 10 * 3 * pixels


def test_images_that_do_not_fit_are_told_before_a_run(
    task: Task, model: nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fits, "SURE", 0)
    monkeypatch.setattr(machine, "memory", lambda: {"available": 10})
    with pytest.raises(UserError, match=r"43 images of 8x8 take 0\.0 GB of memory") as caught:
        Loop(FT(**FAST), task, model)
    assert "--stream 8192" in caught.value.fix
    assert caught.value.code == 3
    Loop(FT(**FAST), chunked(task, 8), model)
    monkeypatch.setattr(machine, "memory", lambda: {"available": 0})  # it does not say
    assert not too_large(task.images, 10**6, "crop", CPU)
