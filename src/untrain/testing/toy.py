"""A toy task that trains in a blink, and a method's runs on it."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import torch
from torch import nn

from untrain.data.images import Images
from untrain.data.sets.splits import Split, forget, make_split, with_forget
from untrain.engine.loop import Loop, Result
from untrain.methods.contract import Method
from untrain.models.build import ModelSpec
from untrain.task import Task

BASE = {"epochs": 2, "batch": 16, "lr": 0.1, "schedule": "cosine"}
"""Two short epochs, where a method has such fields."""


def toy_images(count: int = 60, size: int = 8, channels: int = 1, classes: int = 3) -> Images:
    """Random images whose brightness in one corner tells the class; the last fifth is test."""
    chance = np.random.default_rng(0)
    y = np.arange(count) % classes
    x = chance.integers(0, 160, (count, size, size, channels), dtype=np.uint8)
    for label in range(classes):
        x[y == label, label * 2 : label * 2 + 2] += 90
    part = np.where(np.arange(count) >= count * 4 // 5, "test", "train")
    return Images(
        x=torch.from_numpy(x),
        y=torch.from_numpy(y),
        classes=[f"class{k}" for k in range(classes)],
        keys=np.asarray([f"k{i}" for i in range(count)]),
        table={"part": part},
        name="toy",
        hash="toy",
    )


TOY = ModelSpec("small", classes=3, channels=1, width=4)
IMAGES = toy_images()
WHOLE = make_split(IMAGES)
REQUESTS = {
    "random": with_forget(WHOLE, WHOLE.train[:8]),
    "class": forget(WHOLE, "class:class1", IMAGES),
    "one": with_forget(WHOLE, WHOLE.train[:1]),
    "second": with_forget(with_forget(WHOLE, WHOLE.train[:8]).settled(), WHOLE.train[8:14]),
}


def toy_task(split: Split = REQUESTS["random"], images: Images = IMAGES, **at_hand: Any) -> Task:
    """at_hand: `available` and `forget_data`, where not everything is."""
    return Task.of(images, split, augment="crop+flip", make_model=TOY.make, **at_hand)


class Subject:
    """A method on the toy task, and its runs, each made once.

    values: settings for all checks, over BASE and the method's own `trials[""]`.
    """

    def __init__(self, method: type[Method], **values: Any) -> None:
        self.method = method
        named = {field.name for field in fields(method)}
        base = {name: value for name, value in BASE.items() if name in named}
        self.values = base | dict(method.trials.get("", {})) | values
        usual = self.make().check(toy_task())
        self.request = "class" if usual else "random"
        self.runs: dict[str, nn.Module] = {}

    def make(self, **values: Any) -> Method:
        return self.method(**(self.values | values))

    def task(self) -> Task:
        return toy_task(REQUESTS[self.request])

    def result(self, task: Task | None = None, seed: int = 0, **values: Any) -> Result:
        return Loop(self.make(**values), task or self.task(), TOY.make(0), seed=seed).run()

    def run(self, **values: Any) -> nn.Module:
        """The model that the method gives with these settings; made once."""
        key = repr(sorted(values.items()))
        if key not in self.runs:
            self.runs[key] = self.result(**values).model
        return self.runs[key]


def same(one: nn.Module, other: nn.Module) -> bool:
    """Whether two models have the same bits, buffers included."""
    a, b = one.state_dict(), other.state_dict()
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def finite(model: nn.Module) -> bool:
    return all(bool(torch.isfinite(tensor).all()) for tensor in model.state_dict().values())
