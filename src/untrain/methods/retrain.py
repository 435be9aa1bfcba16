"""Retrain: the exact answer, from fresh weights on what is retained."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from untrain.errors import UserError
from untrain.methods.contract import Run, Schedule, State, register
from untrain.methods.ft import FT
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
        "laptop": {"epochs": 20, "batch": 64, "lr": 0.05, "schedule": "linear", "warmup": 0.15},
    }

    epochs: int = 182
    """Passes over the images, at least 1."""
    lr: float = 0.1
    """Highest learning rate, > 0."""
    schedule: Schedule = "step"
    """Decay from lr: cosine or linear to lr_min, step (x 0.1 at 50 % and 75 %), or constant."""

    def check(self, task: Task) -> list[UserError]:
        problems = super().check(task)
        if task.make_model is None:
            problems.append(
                UserError(
                    f"'{self.name}' needs fresh weights; the task does not say how to make them.",
                    where="Task(make_model=...)",
                    fix="Give a function from a seed to a new model of the same architecture.",
                )
            )
        return problems

    def prepare(self, run: Run) -> State:
        fresh, original = run.fresh_model().state_dict(), run.original.state_dict()
        if all(torch.equal(fresh[name].cpu(), original[name].cpu()) for name in original):
            raise UserError(
                "make_model gave the Original's own weights, so nothing would be retrained.",
                where="Task(make_model=...)",
                fix="Return a new model whose initial weights depend on the seed.",
            )
        run.model.load_state_dict(fresh)
        return {}
