"""CF-k: the last k layers are fine-tuned, and nothing else moves by a bit."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from untrain.engine.loop import Loop
from untrain.errors import UserError
from untrain.methods.cf_k import CFk, last_layers
from untrain.methods.coun import CoUn
from untrain.methods.ft import FT
from untrain.methods.terms import Contrastive
from untrain.models.build import ModelSpec
from untrain.task import Task

FAST = {"epochs": 2, "batch": 16, "lr": 0.1}
HEAD = {"head.weight", "head.bias"}
LAST = {"layers.6.weight"} | {
    f"layers.7.{name}"
    for name in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
}


def moved(before: nn.Module, after: nn.Module) -> set[str]:
    """Names of the tensors that differ by a bit."""
    new = after.state_dict()
    return {name for name, old in before.state_dict().items() if not torch.equal(old, new[name])}


@pytest.mark.parametrize(("k", "names"), [(1, HEAD), (2, HEAD | LAST)])
def test_the_last_k_layers_and_their_norms_are_chosen(
    k: int, names: set[str], model: nn.Module
) -> None:
    assert last_layers(model, k) == names


def test_six_layers_of_a_resnet18_are_its_last_stage_and_the_head() -> None:
    model = ModelSpec("resnet18", classes=3, width=16).make(0)
    stage = ("blocks.6.", "blocks.7.", "head.")
    assert last_layers(model, 6) == {name for name in model.state_dict() if name.startswith(stage)}


def test_layer_norms_are_chosen_as_batch_norms_are() -> None:
    vit = ModelSpec("vit", classes=3, channels=1, width=16, size=8).make(0)
    assert last_layers(vit, 2) == HEAD | {
        f"{layer}.{name}" for layer in ("norm", "blocks.5.mlp.4") for name in ("weight", "bias")
    }
    layers = sum(isinstance(module, nn.Linear) for module in vit.modules())
    assert last_layers(vit, layers) == set(vit.state_dict())
    assert "positions" not in last_layers(vit, layers - 1)


@pytest.mark.parametrize(
    ("k", "names", "terms"),
    [(1, HEAD, ()), (2, HEAD | LAST, ()), (2, HEAD | LAST, (Contrastive(lam=0.5),))],
)
def test_nothing_else_moves_by_a_bit(
    k: int, names: set[str], terms: tuple[Contrastive, ...], task: Task, model: nn.Module
) -> None:
    after = Loop(CFk(k=k, **FAST), task, model, terms=terms).run().model
    assert moved(model, after) == names
    assert all(parameter.requires_grad for parameter in after.parameters())


def test_with_all_layers_it_is_ft_bit_for_bit(
    task: Task, model: nn.Module, same: Callable[..., bool]
) -> None:
    ft = Loop(FT(**FAST), task, model).run()
    cf = Loop(CFk(k=4, **FAST), task, model).run()
    assert same(ft.model, cf.model)
    assert ft.cost.flops == cf.cost.flops


def test_with_all_layers_and_the_term_it_is_coun(
    task: Task, model: nn.Module, same: Callable[..., bool]
) -> None:
    added = Loop(CFk(k=4, **FAST), task, model, terms=(Contrastive(lam=0.5),)).run()
    assert same(added.model, Loop(CoUn(lam=0.5, **FAST), task, model).run().model)


def test_frozen_layers_need_no_backward(task: Task, model: nn.Module) -> None:
    head, ft = (Loop(m, task, model).run().cost for m in (CFk(k=1, **FAST), FT(**FAST)))
    assert head.flops < 0.4 * ft.flops


def test_what_the_user_has_frozen_stays_so(task: Task, model: nn.Module) -> None:
    model.layers[0].weight.requires_grad_(False)
    model.layers[7].requires_grad_(False)
    model.head.bias.requires_grad_(False)
    after = Loop(CFk(k=2, **FAST), task, model).run().model
    assert moved(model, after) == {"layers.6.weight", "head.weight"}
    given = [parameter.requires_grad for parameter in model.parameters()]
    assert [parameter.requires_grad for parameter in after.parameters()] == given


def test_more_layers_than_there_are_is_told(task: Task, model: nn.Module) -> None:
    with pytest.raises(UserError, match=r"4 convolutions and linear layers(.|\n)*1 to 4"):
        Loop(CFk(k=5), task, model).run()


def test_nothing_to_train_is_told(task: Task, model: nn.Module) -> None:
    model.head.requires_grad_(False)
    with pytest.raises(UserError, match="last 1 layers are frozen"):
        Loop(CFk(k=1), task, model).run()


@pytest.mark.parametrize("k", [0, -1])
def test_k_below_one_names_its_flag(k: int) -> None:
    with pytest.raises(UserError, match="--k"):
        CFk(k=k)


def test_the_contrastive_term_is_refused_where_the_head_alone_is_trained(
    task: Task, model: nn.Module
) -> None:
    with pytest.raises(UserError, match="classifier head alone") as told:
        Loop(CFk(k=1, **FAST), task, model, terms=(Contrastive(),))
    assert "--k 2" in told.value.fix
