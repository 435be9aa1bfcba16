"""A network by name, with weights that depend on a seed alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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
    """Channels of the first stage; 0 is the model's own default."""

    def __post_init__(self) -> None:
        models.get(self.name)
        if self.width < 0:
            raise UserError(f"--width {self.width} is negative.", "--width", "Try 16 or 64.")

    def make(self, seed: int) -> nn.Module:
        """A fresh network; torch's global random state stays untouched."""
        width = {"width": self.width} if self.width else {}
        return seeded(
            lambda: models.get(self.name)(classes=self.classes, channels=self.channels, **width),
            seed,
        )


def seeded(make: Callable[[], nn.Module], seed: int) -> nn.Module:
    """Call `make` under a seeded global generator, as torch's initialisers ask for one."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make()
