"""Retrain: the exact answer, from fresh weights on what is retained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature

import torch
from torch import nn

from untrain.errors import UserError
from untrain.methods.contract import Run, Schedule, State, register
from untrain.methods.ft import FT
from untrain.models.given import weights_of
from untrain.task import Task


@register
@dataclass(frozen=True, kw_only=True)
class Retrain(FT):
    """Train fresh weights on the retain images:  L = CE(retain).

    With nothing to forget it trains the Original. Recipe of the CoUn paper: 182 epochs, SGD
    0.1, x 0.1 at 50 % and 75 %. Retrain starts from another initialisation than the Original.
    """

    paper = "the reference: exact unlearning"
    starts = "fresh"
    presets = {
        "native": {},
        "coun": {},
        "coun-vgg16": {"warmup": 75 / 182},
        "laptop": {"epochs": 20, "batch": 64, "lr": 0.05, "schedule": "linear", "warmup": 0.15},
    }
    search = {}

    epochs: int = 182
    """Passes over the images, at least 1."""
    lr: float = 0.1
    """Highest learning rate, > 0."""
    schedule: Schedule = "step"
    """Decay from lr: cosine or linear to lr_min, step (x 0.1 at 50 % and 75 %), or constant."""

    def check(self, task: Task) -> list[UserError]:
        return super().check(task) + no_fresh_weights(self.name, task)

    def prepare(self, run: Run) -> State:
        run.model.load_state_dict(fresh_weights(run).state_dict())
        return {}


def no_fresh_weights(name: str, task: Task) -> list[UserError]:
    """The error for a task that does not say how to make a fresh model."""
    if task.make_model is not None and takes_a_seed(task.make_model):
        return []
    if task.make_model is not None:
        return [
            UserError(
                "make_model does not take one argument, the seed.",
                where="Task(make_model=...)",
                fix="Give a function of the seed, as in: make_model=lambda seed: Net().",
            )
        ]
    return [
        UserError(
            f"'{name}' needs fresh weights; the task does not say how to make them.",
            where="Task(make_model=...)",
            fix="Give a function from a seed to a new model of the same architecture.",
        )
    ]


def takes_a_seed(make: Callable[..., object]) -> bool:
    """Whether a factory can be called with one argument, as far as Python tells."""
    try:
        signature(make).bind(0)
    except TypeError:
        return False
    except ValueError:  # built in: it has no signature
        return True
    return True


def fresh_weights(run: Run) -> nn.Module:
    """A model with fresh weights. Raises UserError if they are the Original's."""
    made = run.fresh_model()
    fresh, original = weights_of(made), weights_of(run.original)
    if all(torch.equal(fresh[name].cpu(), original[name].cpu()) for name in original):
        raise UserError(
            "make_model gave the Original's own weights, not fresh ones.",
            where="Task(make_model=...)",
            fix="Return a new model whose initial weights depend on the seed.",
        )
    return made
