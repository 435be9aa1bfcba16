"""C8: fused SGD beside foreach SGD on the weights of a full ResNet-18."""

from __future__ import annotations

import torch
from torch import nn
from torch.optim import Optimizer

from untrain.engine.optimizer import make_optimizer
from untrain.methods import FT
from untrain.models.build import ModelSpec

from .rounds import Bar, Case, Check, Size
from .subject import distance, foreach_sgd


def sgd(size: Size) -> Case:
    """C8: one step with momentum and weight decay, 11 million parameters."""
    recipe = FT()

    def made(fused: bool) -> tuple[nn.Module, Optimizer]:
        model = ModelSpec("resnet18", 10, width=size.wide).make(0)
        chance = torch.Generator().manual_seed(0)
        for parameter in model.parameters():
            parameter.grad = torch.randn(parameter.shape, generator=chance) / 100
        if fused:
            return model, make_optimizer(recipe, list(model.parameters()))
        return model, foreach_sgd(model, recipe)

    def checks() -> list[Check]:
        (one, fused), (other, foreach) = made(True), made(False)
        for _ in range(2):
            fused.step()
            foreach.step()
        return [Check("relative difference of the weights", distance(one, other), 1e-6)]

    fused, foreach = made(True)[1], made(False)[1]
    return Case(
        {"fused SGD": fused.step, "foreach SGD": foreach.step},
        (Bar("C8", "foreach SGD", "fused SGD", 2.5),),
        {"fused SGD": 100, "foreach SGD": 40},
        checks,
    )
