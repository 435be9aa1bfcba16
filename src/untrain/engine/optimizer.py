"""The optimiser of a run: made once, set by each pass's recipe, held inside a mask where asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from untrain.engine.schedule import learning_rate
from untrain.methods.contract import Trained


def make_optimizer(recipe: Trained, parameters: list[nn.Parameter]) -> Optimizer:
    """A fresh optimiser over the parameters that may change."""
    if recipe.optimizer == "adam":
        return torch.optim.Adam(parameters, fused=True, **settings(recipe))
    return torch.optim.SGD(parameters, fused=True, **settings(recipe))


def settings(recipe: Trained) -> dict[str, Any]:
    """What a recipe says, in the optimiser's own words."""
    own = {"lr": recipe.lr, "weight_decay": recipe.weight_decay}
    if recipe.optimizer == "adam":
        return own | {"betas": (recipe.momentum, 0.999)}
    return own | {"momentum": recipe.momentum}


def set_recipe(optimizer: Optimizer, recipe: Trained, fresh: bool) -> None:
    """Take over a recipe's settings; a fresh optimiser forgets its momentum.

    Raises ValueError if the recipe asks for another kind of optimiser.
    """
    if ("betas" in optimizer.defaults) != (recipe.optimizer == "adam"):
        raise ValueError("the recipe of a pass has another optimiser than the method")
    if fresh:
        optimizer.state.clear()
    for group in optimizer.param_groups:
        group |= settings(recipe)


def set_rate(optimizer: Optimizer, recipe: Trained, epoch: int, place: int, count: int) -> float:
    """Set the learning rate of an epoch, or of step `place` of its `count`."""
    step = 1 / count if recipe.per_step else 1.0
    rate = learning_rate(recipe, epoch + place * step * recipe.per_step, step)
    for group in optimizer.param_groups:
        group["lr"] = rate
    return rate


@torch.no_grad()
def masked_step(optimizer: Optimizer, masks: Sequence[Tensor]) -> None:
    """A step that changes neither weights nor the optimiser's state outside the masks.

    masks: bool tensors in the order of the optimiser's parameters. A zero gradient is not
    enough: weight decay and momentum would still move what it holds.
    """
    parameters = optimizer.param_groups[0]["params"]
    before = []
    for parameter, mask in zip(parameters, masks, strict=True):
        if parameter.grad is not None:  # a weight may take no part in the loss
            parameter.grad.mul_(mask)
        before.append((parameter.clone(), slots(optimizer, parameter, clone=True)))
    optimizer.step()
    for parameter, mask, (weight, state) in zip(parameters, masks, before, strict=True):
        parameter.copy_(torch.where(mask, parameter, weight))
        for name, value in slots(optimizer, parameter).items():
            old = state.get(name, torch.zeros_like(value))
            value.copy_(torch.where(mask, value, old))


def slots(optimizer: Optimizer, parameter: Tensor, clone: bool = False) -> dict[str, Tensor]:
    """The optimiser's tensors of a parameter's shape: momentum, second moments."""
    found = {
        name: value
        for name, value in optimizer.state.get(parameter, {}).items()
        if isinstance(value, Tensor) and value.shape == parameter.shape
    }
    return {name: value.clone() for name, value in found.items()} if clone else found
