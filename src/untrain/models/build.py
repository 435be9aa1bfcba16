"""A network by name, with weights that depend on a seed alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import torch
from torch import nn

from untrain.errors import UserError
from untrain.models.ecosystems import Ecosystem, Pictured, ecosystem
from untrain.models.given import core
from untrain.models.output import wrap
from untrain.models.own import call, load, options
from untrain.models.pretrained import begin
from untrain.registry import models

T = TypeVar("T")


@dataclass(frozen=True)
class ModelSpec:
    """What a network is built from; recorded with every run."""

    name: str
    """Name in `untrain list models`, prefix:NAME of another package, or module:function of one's
    own."""
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
    pretrained: str = ""
    """File of weights that it starts from, or `hub`; "" is fresh weights."""

    def __post_init__(self) -> None:
        _ = self.factory
        if self.width < 0:
            raise UserError(f"--width {self.width} is negative.", "--width", "Try 16 or 64.")

    @cached_property
    def ecosystem(self) -> Ecosystem | None:
        """The package whose network it is; None for one of untrain's or of the user's own."""
        return ecosystem(self.name)

    @cached_property
    def factory(self) -> Callable[..., Any]:
        """What makes it. Raises UserError if there is nothing of that name."""
        if self.ecosystem is not None:
            return self.ecosystem.make
        found: Callable[..., Any] = load(self.name) if ":" in self.name else models.get(self.name)
        return found

    @property
    def arguments(self) -> dict[str, int]:
        """What the factory is called with: those of classes, channels, width and size it takes."""
        offered = {"classes": self.classes, "channels": self.channels}
        offered |= {"width": self.width, "size": self.size}
        return options(self.factory, self.name, offered)

    def make(self, seed: int) -> nn.Module:
        """A fresh network; torch's global random state stays untouched.

        Raises UserError for an unknown head, if a function of the user's fails, or if the weights
        to start from do not fit.
        """
        factory, values = self.factory, self.arguments
        made = core(seeded(lambda: call(factory, self.name, values), seed))
        if self.pretrained:
            seeded(lambda: begin(made, self.pretrained, self.ecosystem, self.classes), seed)
        return wrap(made, self.head) if self.head else made

    def loading(self, about: Pictured) -> str:
        """Python code that makes `model` of the file model.safetensors in the folder `FOLDER`."""
        if self.ecosystem is not None:
            return self.ecosystem.loading(about)
        if ":" in self.name:
            module, _, function = self.name.removesuffix(".py").partition(":")
            module = module.removesuffix(".py").replace("/", ".")
            origin, make, values = f"from {module} import {function}", function, self.arguments
        else:
            origin, make = (
                "from untrain.models.build import ModelSpec",
                f'ModelSpec("{self.name}", ',
            )
            values = {"classes": self.classes, "channels": self.channels}
            values |= {"width": self.width, "size": self.size}
        given = ", ".join(f"{name}={value}" for name, value in values.items())
        made = f"{make}{given}).make(0)" if ":" not in self.name else f"{make}({given})"
        return (
            f"from safetensors.torch import load_file\n{origin}\n\nmodel = {made}\n"
            'model.load_state_dict(load_file(f"{FOLDER}/model.safetensors"))\nmodel.eval()'
        )

    def bare(self) -> nn.Module:
        """The network alone, for weights that replace its own at once."""
        return replace(self, pretrained="").make(0)


def seeded(make: Callable[[], T], seed: int) -> T:
    """Call `make` under a seeded global generator, as torch's initialisers ask for one."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make()
