"""A small world in which memory shows: noisy labels that a network can only learn by heart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import nn

from untrain.data.images import Images
from untrain.data.sets.splits import NONE, Split, with_forget
from untrain.engine.loop import Loop
from untrain.methods.contract import Method
from untrain.methods.ft import FT
from untrain.methods.retrain import Retrain
from untrain.metrics.evidence import collect
from untrain.models.build import ModelSpec
from untrain.progress import silence
from untrain.task import Task
from untrain.verdict.case import Case, Party

TRAIN, UNSEEN, TEST, FORGET, CLASSES = 800, 2000, 200, 400, 3
RECIPE = Retrain(epochs=16, batch=50, lr=0.1, schedule="linear", warmup=0.15)
SPEC = ModelSpec("small", classes=CLASSES, channels=1, width=8)


@cache
def images() -> Images:
    """Faint class patterns under noise; three labels in ten are wrong."""
    chance = np.random.default_rng(0)
    count = TRAIN + UNSEEN + TEST
    truth = np.arange(count) % CLASSES
    patterns = chance.normal(0, 1, (CLASSES, 8, 8, 1))
    x = 128 + 25 * patterns[truth] + 40 * chance.normal(0, 1, (count, 8, 8, 1))
    wrong = chance.random(count) < 0.3
    labels = np.where(wrong, chance.integers(0, CLASSES, count), truth)
    return Images(
        x=torch.from_numpy(x.clip(0, 255).astype(np.uint8)),
        y=torch.from_numpy(labels.astype(np.int64)),
        classes=["a", "b", "c"],
        keys=np.array([f"i{number}" for number in range(count)]),
        augment="none",
    )


def split(forget: np.ndarray | None = None) -> Split:
    """The first images are trained on; FORGET of them, or those given, are forgotten."""
    at = np.arange(TRAIN + UNSEEN + TEST)
    train, unseen, test = np.split(at, [TRAIN, TRAIN + UNSEEN])
    whole = Split(retain=train, forget=NONE, val=NONE, unseen=unseen, test=test)
    return with_forget(whole, train[:FORGET] if forget is None else forget)


def task(forget: np.ndarray | None = None) -> Task:
    return Task.of(images(), split(forget), make_model=SPEC.make)


def run(method: Method, start: nn.Module, on: Task, seed: int = 0) -> nn.Module:
    with silence():
        return Loop(method, on, start, seed=seed).run().model


@cache
def original() -> nn.Module:
    """Knows all 800 by heart."""
    return run(RECIPE, SPEC.make(0), task(NONE))


@cache
def retrained(seed: int = 0, forgotten: int = FORGET) -> nn.Module:
    return run(RECIPE, SPEC.make(0), task(np.arange(forgotten)), seed)


def party(label: str, model: nn.Module, on: Task) -> Party:
    return Party(label, collect(model, on.images, on.split), lambda: model, weights=label)


def case(
    model: nn.Module,
    on: Task | None = None,
    before: nn.Module | None = None,
    retrains: Sequence[nn.Module] = (),
    references: Sequence[nn.Module] = (),
    **changes: Any,
) -> Case:
    """A model under audit; the Original is `before`, by default that of this world."""
    on = on or task()
    made = Case(
        label="model",
        title="a small world",
        task=on,
        party=party("model", model, on),
        original=party("original", before or original(), on),
        retrains=tuple(party("retrain", one, on) for one in retrains),
        references=tuple(party("reference", one, on) for one in references),
        lr=RECIPE.lr,
        batch=RECIPE.batch,
    )
    return replace(made, **changes)


__all__ = ["FT", "case", "images", "original", "party", "retrained", "run", "split", "task"]
