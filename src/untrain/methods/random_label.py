"""Random labels: teach forgotten images labels drawn by lot, and retained ones their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from untrain.errors import UserError
from untrain.methods.contract import Pass, Passes, Run, State, Step, Trained, register
from untrain.task import Task

Pool = Literal["all", "not-true", "retained"]


@register
@dataclass(frozen=True, kw_only=True)
class RandomLabel(Trained):
    """Train on the true labels of retained and on random labels r of forgotten images:
    L = CE(retain, y) + CE(forget, r), the two as passes in turn or as one shuffled stream.

    Paper: Golatkar, Achille, Soatto 2020, arXiv 1911.04933; mixed, drawn once and without the
    true label it is what papers call Amnesiac (Graves, Nagisetty, Ganesh 2021, arXiv 2010.10981),
    whose own method takes back stored updates instead.
    Differences: the code base Unlearn-Saliency redraws at each batch, which over an epoch is the
    same as for each epoch. Nothing to forget gives FT bit for bit.
    """

    paper = "Golatkar et al. 2020, arXiv 1911.04933"
    streams = ("retain", "forget")
    cost = "(n_r + n_f) FB"
    presets = {
        "native": {"epochs": 10, "lr": 0.01, "schedule": "constant"},
        "coun": {},
        "laptop": {"epochs": 5, "batch": 64, "lr": 0.02},
        "amnesiac": {
            "epochs": 3,
            "optimizer": "adam",
            "lr": 1e-4,
            "schedule": "constant",
            "weight_decay": 0.0,
            "order": "mixed",
            "redraw": "once",
            "pool": "not-true",
        },
    }

    order: Literal["sequential", "mixed"] = "sequential"
    """sequential: each epoch is a pass over forget, then one over retain. mixed: one pass over
    both, shuffled together."""
    redraw: Literal["epoch", "once"] = "epoch"
    """Draw new labels for each epoch, or keep the first ones."""
    pool: Pool = "all"
    """Labels to draw from: all classes; all but the true one; or the classes that have retained
    images, without the true one."""

    @property
    def length(self) -> int:
        return self.epochs * (2 if self.order == "sequential" else 1)

    def check(self, task: Task) -> list[UserError]:
        count = int(in_pool(self.pool, task).sum())
        if count > 1 or not len(task.split.forget):
            return []
        return [
            UserError(
                f"There is {count} class to draw labels from, so they cannot be random.",
                where=f"--pool {self.pool}",
                fix="Use data with more classes, or --pool all.",
            )
        ]

    def prepare(self, run: Run) -> State:
        gone, classes = run.task.gone_classes(), len(run.task.images.classes)
        if len(gone) > (self.pool == "not-true") and self.pool != "retained":
            taught = "its own class" if self.pool == "all" else "another forgotten class"
            run.note(
                f"Whole classes are forgotten and --pool {self.pool} may teach an image {taught} "
                f"(each class is one of {classes}); --pool retained does not."
            )
        return {}

    def passes(self, run: Run, state: State) -> Passes:
        sets = ("forget", "retain") if self.order == "sequential" else ("mixed",)
        if not len(run.task.split.forget):
            sets = ("retain",)
        for epoch in range(self.epochs):
            state["labels"] = self.labels(run, epoch if self.redraw == "epoch" else 0)
            for name in sets:
                yield self.pass_over(name, epoch, state)

    def pass_over(self, name: str, epoch: int, state: State) -> Pass:
        """One pass over retain, forget or both, mixed."""
        return Pass((name,), name, epoch, role=name)

    def labels(self, run: Run, epoch: int) -> Tensor:
        """What is taught, by index in the stream, int64: (n_f,), or (n_r + n_f,) if mixed."""
        y, split = run.task.images.y, run.task.split
        true = one_hot(y[split.forget], len(run.task.images.classes)).bool()  # (n_f, C)
        allowed = in_pool(self.pool, run.task).expand_as(true)
        if self.pool != "all":
            allowed = allowed & ~true
        draws = run.rng("labels", epoch)
        labels = torch.multinomial(allowed.float(), 1, generator=draws).flatten()
        if self.order == "mixed":  # whose stream is retain, then forget
            labels = torch.cat([y[split.retain], labels])
        return labels.to(run.device)

    def loss(self, step: Step, state: State) -> Tensor:
        draw = step.draws[step.role]
        taught = draw.y if step.role == "retain" else state["labels"][draw.index]
        return cross_entropy(draw.out().logits, taught)


def in_pool(pool: Pool, task: Task) -> Tensor:
    """Which classes labels are drawn from: bool (C,)."""
    y, classes = task.images.y, len(task.images.classes)
    if pool == "retained":
        return y[task.split.retain].bincount(minlength=classes) > 0
    return torch.ones(classes, dtype=torch.bool)
