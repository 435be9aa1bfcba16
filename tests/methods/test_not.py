"""NoT: exactly the named tensors turn their sign, everything else is fine-tuning."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from untrain.engine.loop import Loop
from untrain.errors import UserError
from untrain.methods.coun import CoUn
from untrain.methods.ft import FT
from untrain.methods.not_ import NoT, resolve
from untrain.methods.terms import Contrastive
from untrain.models.build import ModelSpec
from untrain.registry import methods
from untrain.task import Task

FAST = {"epochs": 2, "batch": 16, "lr": 0.1}


def negated(method: NoT, task: Task, model: nn.Module, times: int = 1) -> Loop:
    """The run after its edit, before any training."""
    loop = Loop(method, task, model)
    for _ in range(times):
        method.prepare(loop)
    return loop


def test_its_name_is_a_word_that_python_keeps() -> None:
    assert methods.get("not") is NoT


def test_negating_nothing_is_ft_bit_for_bit(
    task: Task, model: nn.Module, same: Callable[..., bool]
) -> None:
    ft = Loop(FT(**FAST), task, model).run()
    no = Loop(NoT(tensors="", **FAST), task, model).run()
    assert same(ft.model, no.model)
    assert ft.cost.flops == no.cost.flops


@pytest.mark.parametrize(
    ("tensors", "names"),
    [
        ("0", {"layers.0.weight"}),
        ("0, 3", {"layers.0.weight", "layers.3.weight"}),
        ("head.bias,1", {"head.bias", "layers.1.weight"}),
    ],
)
def test_exactly_the_named_tensors_are_negated(
    tensors: str, names: set[str], task: Task, model: nn.Module
) -> None:
    loop = negated(NoT(tensors=tensors), task, model)
    before = model.state_dict()
    for name, tensor in loop.model.state_dict().items():
        sign = -1 if name in names else 1
        assert torch.equal(tensor, sign * before[name]), name
    assert all(name in loop.notes[0] for name in names)


def test_twice_is_the_model_as_it_was(
    task: Task, model: nn.Module, same: Callable[..., bool]
) -> None:
    once, twice = (negated(NoT(tensors="0,3"), task, model, times).model for times in (1, 2))
    assert not same(once, model)
    assert same(twice, model)


def test_on_a_vit_0_and_4_are_positions_and_patches() -> None:
    vit = ModelSpec("vit", classes=3, channels=1, width=16, size=8).make(0)
    chosen = resolve(["0", "4"], vit)
    assert list(chosen) == ["positions", "embed.1.weight"]
    assert chosen["positions"] is vit.positions
    assert chosen["embed.1.weight"] is vit.embed[1].weight


def test_names_are_those_of_the_users_own_model(task: Task) -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.ReLU(), nn.Linear(8, 3))
    loop = negated(NoT(tensors="3.weight"), task, net)
    assert torch.equal(loop.model.inner[3].weight, -net[3].weight)


def test_with_the_contrastive_term_it_is_negation_then_coun(
    task: Task, model: nn.Module, same: Callable[..., bool]
) -> None:
    added = Loop(NoT(**FAST), task, model, terms=(Contrastive(lam=0.5),)).run()
    turned = ModelSpec("small", classes=3, channels=1, width=4).make(0)
    with torch.no_grad():
        turned.layers[0].weight.neg_()
    assert same(added.model, Loop(CoUn(lam=0.5, **FAST), task, turned).run().model)


@pytest.mark.parametrize(
    ("tensors", "told"),
    [
        ("head.wieght", "Did you mean 'head.weight'"),
        ("11", r"Use 0 \(layers.0.weight\) to 10 \(head.bias\)"),
        ("-1", "no tensor -1"),
        ("0,layers.0.weight", "layers.0.weight again"),
        ("layers.3.weight", "layers.3.weight is frozen"),
        ("11,head.wieght", r"no tensor 11(.|\n)*head.wieght"),
    ],
)
def test_what_cannot_be_negated_is_told(
    tensors: str, told: str, task: Task, model: nn.Module
) -> None:
    model.layers[3].weight.requires_grad_(False)
    with pytest.raises(UserError, match=told):
        Loop(NoT(tensors=tensors), task, model).run()


@pytest.mark.parametrize("tensors", [",", "0,,4", " ", "0 4", "0,0"])
def test_a_malformed_list_names_the_flag(tensors: str) -> None:
    with pytest.raises(UserError, match="--tensors"):
        NoT(tensors=tensors)
