"""Every registered method keeps the contract; a new file in `methods/` is tested by this one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest
import torch
from torch import nn

from untrain.data.images import Images
from untrain.data.splits import Split, forget, make_split, with_forget
from untrain.engine.loop import Loop
from untrain.methods.contract import Trained
from untrain.registry import methods
from untrain.task import Task

OTHER: dict[str, Any] = {
    "epochs": 3,
    "batch": 7,
    "lr": 0.05,
    "lr_min": 0.01,
    "schedule": "constant",
    "warmup": 0.9,
    "per_step": True,
    "momentum": 0.5,
    "weight_decay": 0.1,
    "bn": "frozen",
    "lam": 0.5,
    "tau": 0.3,
}
"""Another value for each hyper-parameter; one that is missing here fails its test."""

NAMES = methods.names()


def make(name: str, **values: Any) -> Trained:
    """A method of two short epochs."""
    base = {"epochs": 2, "batch": 16, "lr": 0.1, "schedule": "cosine"}
    method: Trained = methods.get(name)(**(base | values))
    return method


def run(method: Trained, task: Task, model: nn.Module, seed: int = 0) -> nn.Module:
    return Loop(method, task, model, seed=seed).run().model


def hyper_parameters() -> list[tuple[str, str]]:
    return [(name, field.name) for name in NAMES for field in fields(methods.get(name))]


@pytest.mark.parametrize("name", NAMES)
def test_changes_every_weight_and_stays_finite(name: str, task: Task, model: nn.Module) -> None:
    after = run(make(name), task, model).state_dict()
    for key, before in model.state_dict().items():
        assert torch.isfinite(after[key]).all()
        assert not torch.equal(before, after[key]), key


@pytest.mark.parametrize("name", NAMES)
def test_leaves_the_given_model_untouched(
    name: str, task: Task, model: nn.Module, spec: Any, same: Callable[..., bool]
) -> None:
    run(make(name), task, model)
    assert same(model, spec.make(0))
    assert model.training


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_same_bits_other_seed_other_bits(
    name: str, task: Task, model: nn.Module, same: Callable[..., bool]
) -> None:
    first = run(make(name), task, model)
    assert same(first, run(make(name), task, model))
    assert not same(first, run(make(name), task, model, seed=1))


@pytest.mark.parametrize(("name", "field"), hyper_parameters())
def test_every_hyper_parameter_moves_the_result(
    name: str, field: str, task: Task, model: nn.Module, same: Callable[..., bool]
) -> None:
    method = make(name)
    other = replace(method, **{field: OTHER[field]})
    assert getattr(method, field) != OTHER[field]
    assert not same(run(method, task, model), run(other, task, model))


@pytest.mark.parametrize("name", NAMES)
def test_reads_only_its_streams(
    name: str, images: Images, task: Task, model: nn.Module, same: Callable[..., bool]
) -> None:
    """Pixels and labels of all other sets are replaced; the result stays the same."""
    allowed = {*methods.get(name).streams, *methods.get(name).reads}
    x, y = images.x.clone(), images.y.clone()
    for part, positions in task.split.sets().items():
        if part not in allowed:
            x[torch.from_numpy(positions)] = 255
            y[torch.from_numpy(positions)] = 0
    spoiled = Task.of(
        replace(images, x=x, y=y), task.split, augment=task.augment, make_model=task.make_model
    )
    assert same(run(make(name), task, model), run(make(name), spoiled, model))


@pytest.mark.parametrize("name", NAMES)
def test_works_with_a_last_batch_of_one(
    name: str, task: Task, split: Split, model: nn.Module
) -> None:
    batch = len(split.retain) - 1
    after = run(make(name, batch=batch), task, model)
    assert all(torch.isfinite(tensor).all() for tensor in after.state_dict().values())


@pytest.mark.parametrize("name", NAMES)
def test_works_with_a_whole_class_forgotten(
    name: str, images: Images, task: Task, model: nn.Module
) -> None:
    gone = Task.of(
        images, forget(make_split(images), "class:class1", images), make_model=task.make_model
    )
    after = run(make(name), gone, model)
    assert all(torch.isfinite(tensor).all() for tensor in after.state_dict().values())


@pytest.mark.parametrize("name", NAMES)
def test_works_with_one_image_to_forget(
    name: str, images: Images, task: Task, model: nn.Module
) -> None:
    whole = make_split(images)
    one = Task.of(images, with_forget(whole, whole.train[:1]), make_model=task.make_model)
    run(make(name), one, model)


@pytest.mark.parametrize("name", NAMES)
def test_names_its_paper_and_says_its_formula(name: str) -> None:
    method = methods.get(name)
    assert method.paper
    assert "L = " in method.__doc__
    assert set(method.presets) >= {"coun", "laptop"}
