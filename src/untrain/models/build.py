"""A network by name, with weights that depend on a seed alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature

import torch
from torch import nn

from untrain.errors import UserError
from untrain.registry import models


@dataclass(frozen=True)
class ModelSpec:
    """What a network is built from; recorded with every run."""

    name: str
    """Name in `untrain list models`."""
    classes: int
    """Outputs of the head."""
    channels: int = 3
    """Channels of the images."""
    width: int = 0
    """Channels of the first stage, or width of a ViT's tokens; 0 is the model's own default."""
    size: int = 32
    """Height and width of the images in pixels; only for models that ask for it, such as a ViT."""

    def __post_init__(self) -> None:
        models.get(self.name)
        if self.width < 0:
            raise UserError(f"--width {self.width} is negative.", "--width", "Try 16 or 64.")

    def make(self, seed: int) -> nn.Module:
        """A fresh network; torch's global random state stays untouched."""
        factory = models.get(self.name)
        options = {"width": self.width} if self.width else {}
        if "size" in signature(factory).parameters:
            options["size"] = self.size
        return seeded(
            lambda: factory(classes=self.classes, channels=self.channels, **options), seed
        )


def seeded(make: Callable[[], nn.Module], seed: int) -> nn.Module:
    """Call `make` under a seeded global generator, as torch's initialisers ask for one."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make()
