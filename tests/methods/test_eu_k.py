"""EU-k: the last k layers start anew once; everything else keeps its bits."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from untrain.engine.loop import Loop
from untrain.errors import UserError
from untrain.methods.cf_k import last_layers
from untrain.methods.eu_k import EUk
from untrain.methods.retrain import Retrain
from untrain.methods.terms import Contrastive
from untrain.models.build import ModelSpec
from untrain.task import Task

FAST = {"epochs": 2, "batch": 16, "lr": 0.1}
STILL = {"epochs": 2, "batch": 16, "lr": 1e-300, "lr_min": 0.0, "bn": "frozen"}


def with_factory(task: Task, make: Callable[[int], nn.Module]) -> Task:
    return Task.of(task.images, task.split, augment=task.augment, make_model=make)


def test_with_all_layers_it_is_retrain_bit_for_bit(
    task: Task, model: nn.Module, spec: ModelSpec, same: Callable[..., bool]
) -> None:
    fixed = with_factory(task, lambda seed: spec.make(7))  # one initialisation for both
    one, other = (Loop(m, fixed, model).run().model for m in (EUk(k=4, **FAST), Retrain(**FAST)))
    assert same(one, other)


@pytest.mark.parametrize("k", [1, 2])
def test_what_starts_anew_knows_nothing_of_the_original(
    k: int, task: Task, spec: ModelSpec
) -> None:
    """And stays what was drawn: it is drawn once, not at every epoch."""
    for seed in (0, 1):
        model = spec.make(seed)
        with torch.no_grad():
            model.layers[7].weight.mul_(3)
            model.layers[7].running_mean.add_(1)
        loop = Loop(EUk(k=k, **STILL), task, model)
        fresh, anew = loop.fresh_model().state_dict(), last_layers(model, k)
        for name, tensor in loop.run().model.state_dict().items():
            expected = (fresh if name in anew else model.state_dict())[name]
            assert torch.equal(tensor, expected), name


def test_the_factory_is_asked_once(task: Task, model: nn.Module, spec: ModelSpec) -> None:
    seeds: list[int] = []

    def make(seed: int) -> nn.Module:
        seeds.append(seed)
        return spec.make(seed)

    Loop(EUk(k=2, **FAST), with_factory(task, make), model).run()
    assert len(seeds) == 1


@pytest.mark.parametrize("terms", [(), (Contrastive(lam=0.5),)], ids=["alone", "contrastive"])
def test_nothing_else_moves_by_a_bit(
    terms: tuple[Contrastive, ...], task: Task, model: nn.Module
) -> None:
    after = Loop(EUk(k=2, **FAST), task, model, terms=terms).run().model
    still = {
        name
        for name, tensor in after.state_dict().items()
        if torch.equal(tensor, model.state_dict()[name])
    }
    assert still == set(model.state_dict()) - last_layers(model, 2)
    assert all(parameter.requires_grad for parameter in after.parameters())


def test_no_layer_is_left_frozen_at_random_weights(task: Task, model: nn.Module) -> None:
    model.layers[6].requires_grad_(False)
    model.layers[7].requires_grad_(False)
    after = Loop(EUk(k=2, **FAST), task, model).run().model
    for name, tensor in model.layers[6:8].state_dict().items():
        assert torch.equal(after.layers[6:8].state_dict()[name], tensor), name
    assert not after.layers[6].weight.requires_grad
    assert not torch.isclose(after.head.weight, model.head.weight).any()


def test_it_needs_a_factory(task: Task, model: nn.Module) -> None:
    with pytest.raises(UserError, match="'eu-k' needs fresh weights"):
        Loop(EUk(**FAST), Task.of(task.images, task.split), model)


def test_more_layers_than_there_are_is_told(task: Task, model: nn.Module) -> None:
    with pytest.raises(UserError, match="4 convolutions and linear layers"):
        Loop(EUk(k=5), task, model).run()


def test_k_below_one_names_its_flag() -> None:
    with pytest.raises(UserError, match="--k"):
        EUk(k=0)
