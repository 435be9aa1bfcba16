"""A network by name, with weights that depend on a seed alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from untrain.errors import UserError
from untrain.models.given import core
from untrain.models.output import wrap
from untrain.models.own import call, load, options
from untrain.registry import models


@dataclass(frozen=True)
class ModelSpec:
    """What a network is built from; recorded with every run."""

    name: str
    """Name in `untrain list models`, or module:function of one's own."""
    classes: int
    """Outputs of the head."""
    channels: int = 3
    """Channels of the images."""
    width: int = 0
    """Channels of the first stage, or width of a ViT's tokens; 0 is the model's own default."""
    size: int = 32
    """Height and width of the images in pixels; only for models that ask for it, such as a ViT."""
    head: str = ""
    """Dotted name of the classifier head; "" is found by structure."""

    def __post_init__(self) -> None:
        _ = self.factory
        if self.width < 0:
            raise UserError(f"--width {self.width} is negative.", "--width", "Try 16 or 64.")

    @property
    def factory(self) -> Callable[..., Any]:
        """What makes it. Raises UserError if there is nothing of that name."""
        found: Callable[..., Any] = load(self.name) if ":" in self.name else models.get(self.name)
        return found

    def make(self, seed: int) -> nn.Module:
        """A fresh network; torch's global random state stays untouched.

        Raises UserError for an unknown head, or if a function of the user's fails.
        """
        offered = {"classes": self.classes, "channels": self.channels}
        offered |= {"width": self.width, "size": self.size}
        factory = self.factory
        values = options(factory, self.name, offered)
        made = seeded(lambda: call(factory, self.name, values), seed)
        return wrap(made, self.head) if self.head else core(made)


def seeded(make: Callable[[], nn.Module], seed: int) -> nn.Module:
    """Call `make` under a seeded global generator, as torch's initialisers ask for one."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make()
