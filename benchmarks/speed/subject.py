"""What the bars compute on: random images of CIFAR's shape and a narrow ResNet-18."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy, deepcopy

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import SGD

from untrain.data.images import Images
from untrain.data.sets.splits import NONE, Split
from untrain.data.streams.batches import Stream
from untrain.engine.device import Device, layout
from untrain.engine.loop import Loop
from untrain.engine.optimizer import settings
from untrain.engine.steps import Steps
from untrain.methods.contract import Pass, Trained
from untrain.models.build import ModelSpec
from untrain.task import Task
from untrain.testing import toy_images

from .rounds import Size

EPOCH = 8
"""Batches in an epoch: whole ones, so that every step is of the same size."""


class Subject:
    """A task of EPOCH batches, and fresh copies of one network."""

    def __init__(self, size: Size) -> None:
        count = EPOCH * size.batch
        self.images: Images = toy_images(count + size.batch, 32, 3, 10)
        forgotten = np.arange(count, count + size.batch)
        self.split = Split(np.arange(count), forgotten, NONE, NONE, NONE)
        self.task = Task.of(self.images, self.split, augment="crop+flip")
        self.network = ModelSpec("resnet18", 10, width=size.width).make(0)

    def smooth(self) -> Subject:
        """The same with SiLU for ReLU: a unit at ReLU's kink turns a last bit into a gradient."""
        smooth = copy(self)
        smooth.network = deepcopy(self.network)
        for module in list(smooth.network.modules()):
            for name, child in module.named_children():
                if isinstance(child, nn.ReLU):
                    setattr(module, name, nn.SiLU())
        return smooth

    def fresh(self) -> nn.Module:
        return deepcopy(self.network).train()

    def stream(self) -> Stream:
        """The same batches as the engine's, in the same order."""
        return Stream(
            self.images,
            self.split.retain,
            "retain",
            augment="crop+flip",
            seed=0,
            device=torch.device("cpu"),
        )

    def engine(self, method: Trained, steps: int) -> tuple[Callable[[], object], nn.Module]:
        """A pass of some steps through the engine, and the model that it changes."""
        loop = Loop(method, self.task, self.network, device=Device("cpu", threads=1))
        made = Steps(loop, method, {})
        return (lambda: made.run(Pass(length=steps), lambda _: None)), loop.model


def foreach_sgd(model: nn.Module, recipe: Trained) -> SGD:
    """torch's optimiser as published loops take it on a CPU."""
    return SGD(model.parameters(), foreach=True, **settings(recipe))


class FixedBatch:
    """Forward, backward and the optimiser on one batch that lies ready: nothing but arithmetic."""

    def __init__(self, subject: Subject, recipe: Trained) -> None:
        self.model = layout(subject.fresh())
        self.optimizer = SGD(self.model.parameters(), fused=True, **settings(recipe))
        batch = subject.stream().take(recipe.batch)
        self.views, self.y = [batch.view(0), batch.view(1)], batch.y

    def gradients(self) -> None:
        """Forward and backward of both views."""
        for view in self.views:
            cross_entropy(self.model(view).logits, self.y).backward()
        self.optimizer.zero_grad()

    def step(self) -> None:
        """A whole step on the first view."""
        self.optimizer.zero_grad()
        cross_entropy(self.model(self.views[0]).logits, self.y).backward()
        self.optimizer.step()


def distance(one: nn.Module, other: nn.Module) -> float:
    """The largest difference between two models' weights, relative to the largest weight."""
    one, other = (deepcopy(model).requires_grad_(False) for model in (one, other))
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    gaps: list[Tensor] = [(a - b).abs().max() for a, b in pairs]
    largest = max(parameter.abs().max().item() for parameter in one.parameters())
    return float(torch.stack(gaps).max()) / largest
