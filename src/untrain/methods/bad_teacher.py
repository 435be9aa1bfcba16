"""Bad teacher: answer as before on retained, and as an untrained network on forgotten images."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from untrain.errors import UserError
from untrain.losses.distill import Reduction, kl
from untrain.methods.contract import Pass, Passes, Ranges, Run, State, Step, Trained, register
from untrain.methods.retrain import fresh_weights, no_fresh_weights
from untrain.models.output import frozen_copy
from untrain.task import Task

CALIBRATION = 10
"""Batches of retained images that give an untrained network its batch-norm statistics."""


@register
@dataclass(frozen=True, kw_only=True)
class BadTeacher(Trained):
    """Imitate the Original on retained and an untrained network on forgotten images, mixed:
    L = mean of KL(softmax(z_t(x) / T) || softmax(z(x) / T)), z_t the teacher that x belongs to.

    Paper: Chundawat, Tarun, Mandal, Kankanhalli 2023, arXiv 2205.08096 (AAAI 2023).
    Differences: each image goes to its own teacher only; the authors' code asks both and masks
    one. It also divides by B C, here --reduction elementmean. The student is in train mode.
    """

    paper = "Chundawat et al. 2023, arXiv 2205.08096"
    streams = ("retain", "forget")
    cost = "(n_f + retain_share n_r) (FB + F)"
    presets = {
        "native": {
            "epochs": 1,
            "optimizer": "adam",
            "lr": 1e-4,
            "schedule": "constant",
            "weight_decay": 0.0,
            "reduction": "elementmean",
        },
        "coun": {"retain_share": 1.0},
        "laptop": {"epochs": 5, "batch": 64, "lr": 0.1, "retain_share": 1.0},
    }

    retain_share: float = 0.3
    """Share of the retain images that are trained on, in (0, 1]; drawn once, by the seed."""
    temperature: float = 1.0
    """T that both sides' logits are divided by, > 0. The loss is not multiplied by T^2."""
    reduction: Reduction = "batchmean"
    """batchmean: divide by the images. elementmean: by images and classes, as published; to SGD
    it is a learning rate that many times lower."""
    recalibrate: bool = False
    """Give the untrained teacher batch-norm statistics from a few retain batches. Without them
    its answers are often nearly the same for every image."""

    def ranges(self) -> Ranges:
        yield from super().ranges()
        yield 0 < self.retain_share <= 1, "retain_share", "in (0, 1]"
        finite = 0 < self.temperature < float("inf")
        yield finite, "temperature", "a positive number"

    def check(self, task: Task) -> list[UserError]:
        return no_fresh_weights(self.name, task)

    def prepare(self, run: Run) -> State:
        bad = frozen_copy(fresh_weights(run))
        if self.recalibrate:
            recalibrate(bad, run, self.batch)
        describe(bad, run, self.batch)
        retain, forget = map(torch.from_numpy, (run.task.split.retain, run.task.split.forget))
        count = max(1, round(self.retain_share * len(retain)))
        chosen = torch.randperm(len(retain), generator=run.rng("subset"))[:count].sort().values
        run.add_stream("mixed", positions=torch.cat([retain[chosen], forget]))
        return {"good": frozen_copy(run.model), "bad": bad}

    def passes(self, run: Run, state: State) -> Passes:
        for epoch in range(self.epochs):
            yield Pass(("mixed",), "mixed", epoch)

    def loss(self, step: Step, state: State) -> Tensor:
        mixed = step.draws["mixed"]
        total = torch.zeros((), device=mixed.y.device)
        for draw, teacher in ((step.retain, state["good"]), (step.forget, state["bad"])):
            if len(draw) > 0:
                taught, said = teacher(draw.x).logits, draw.out().logits
                mean = kl(taught, said, self.temperature, self.reduction, scale=False)
                total = total + len(draw) / len(mixed) * mean
        return total


@torch.no_grad()
def recalibrate(teacher: nn.Module, run: Run, batch: int) -> None:
    """Batch-norm statistics as the plain mean over some augmented retain batches."""
    norms = [layer for layer in teacher.modules() if isinstance(layer, _BatchNorm)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean; by default the last batches would weigh most
        norm.train()
    for draw in islice(run.batches("retain", batch, augment="own"), CALIBRATION if norms else 0):
        teacher(draw.x)
    teacher.eval()


@torch.no_grad()
def describe(teacher: nn.Module, run: Run, batch: int) -> None:
    """Tell how much the untrained teacher's answers differ from image to image."""
    for draw in islice(run.batches("forget", batch), 1):
        p = teacher(draw.x).logits.softmax(1)  # (B, C)
        answers = len(p.argmax(1).unique())
        run.note(
            f"The bad teacher gives {len(p)} forgotten images {answers} of {p.shape[1]} classes, "
            f"with {float(p.amax(1).mean()):.0%} confidence on average."
        )
