"""l1-sparse: the penalty, the window that it acts in, and what it does to the weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from untrain.engine.loop import Loop
from untrain.errors import UserError
from untrain.methods import FT
from untrain.methods.contract import Draw, Step
from untrain.methods.l1_sparse import L1Sparse, l1_norm, near_zero
from untrain.task import Task

FAST: dict[str, Any] = {"epochs": 2, "batch": 16, "lr": 0.1}


def test_with_gamma_zero_it_is_ft_bit_for_bit(
    task: Task, model: nn.Module, same: Callable[..., bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    ft = Loop(FT(**FAST), task, model).run().model

    def never(model: nn.Module) -> Tensor:
        raise AssertionError("no penalty may be computed")

    monkeypatch.setattr("untrain.methods.l1_sparse.l1_norm", never)
    assert same(ft, Loop(L1Sparse(**FAST, gamma=0.0), task, model).run().model)
    with pytest.raises(AssertionError, match="no penalty"):
        Loop(L1Sparse(**FAST), task, model).run()


def test_gamma_falls_to_its_last_share_and_then_is_nothing() -> None:
    falling = L1Sparse(gamma=0.8, l1_epochs=4)
    assert [falling.weight(epoch) for epoch in range(6)] == pytest.approx(
        [0.8, 0.6, 0.4, 0.2, 0.0, 0.0]
    )
    level = L1Sparse(gamma=0.8, l1_epochs=4, l1_decay=False)
    assert [level.weight(epoch) for epoch in range(6)] == [0.8, 0.8, 0.8, 0.8, 0.0, 0.0]


def test_the_gradient_of_the_penalty_is_a_sign(model: nn.Module) -> None:
    """For every tensor that may change, biases and batch norm too; 0 at 0."""
    x = torch.randn(4, 1, 8, 8)
    model.layers[0].weight.requires_grad_(False)
    with torch.no_grad():
        model.head.weight[0, 0] = 0.0
    gradients = []
    for method in (L1Sparse(gamma=0.25), L1Sparse(gamma=0.0)):
        model.zero_grad()
        draw = Draw(torch.tensor([0, 1, 2, 0]), torch.arange(4), lambda k, _: x, model)
        method.loss(Step(model, {"retain": draw}), {}).backward()
        gradients.append({name: p.grad for name, p in model.named_parameters()})
    with_penalty, without = gradients
    for name, weight in model.named_parameters():
        if name == "layers.0.weight":
            assert with_penalty[name] is None
        else:
            extra = with_penalty[name] - without[name]
            assert torch.allclose(extra, 0.25 * weight.sign(), atol=1e-6), name


def test_more_gamma_leaves_smaller_weights(task: Task, model: nn.Module) -> None:
    runs = [Loop(L1Sparse(**FAST, gamma=gamma), task, model).run() for gamma in (0, 1e-3, 1e-2)]
    norms = [float(l1_norm(run.model).detach()) for run in runs]
    assert norms[0] > norms[1] > norms[2]
    share = near_zero(runs[2].model)
    assert f"{100 * share:.1f} % of the weights" in runs[2].notes[0]
    assert f"({100 * near_zero(model):.1f} % before)" in runs[2].notes[0]


@pytest.mark.parametrize("values", [{"gamma": -1.0}, {"gamma": float("nan")}, {"l1_epochs": 0}])
def test_values_out_of_range_name_their_flag(values: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="--" + next(iter(values)).replace("_", "-")):
        L1Sparse(**values)
