"""CU: forget embeddings leave their own class for the other classes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from untrain.errors import UserError
from untrain.losses.queue import FeatureQueue, momentum_update
from untrain.losses.unlearning import Denominator, cu_loss
from untrain.methods.contract import Pass, Passes, Ranges, Run, State, Step, Trained, register
from untrain.methods.stopping import Stop, check_stop, nothing_to_forget, stops
from untrain.models.output import frozen_copy
from untrain.task import Task


@register
@dataclass(frozen=True, kw_only=True)
class CU(Trained):
    """Contrast each forget batch with omega random retain batches, one step for each:
    L = lam * L_UL(forget, retain; tau) + lam_ce * CE(retain), with L_UL as in `losses.cu_loss`.

    An epoch is one pass over the forget images, so its cost does not depend on how many images
    are retained. A step is one forward of both batches, which share their batch statistics.
    Paper: Lee, Zhang, Yang, Lou, Xiong 2024, arXiv 2401.10458 (IJCAI 2025).
    Differences: features are the normalised input of the head (the authors train a projection
    network whose head sits on it). Retain batches are drawn from all retain images; the authors'
    loader gives the first omega batches each time. Nothing stops on test data.
    """

    paper = "Lee et al. 2024, arXiv 2401.10458"
    streams = ("retain", "forget")
    reads = ("val",)
    cost = "2 omega n_f FB"
    presets = {
        "native": {
            "epochs": 30,
            "batch": 128,
            "lr": 1e-3,
            "lr_min": 0.0,
            "schedule": "constant",
            "weight_decay": 0.0,
            "lam": 3.0,
            "tau": 0.7,
            "denominator": "official",
        },
        "coun": {"lam": 1.0, "tau": 0.1, "stop": "none"},
        "laptop": {"epochs": 10, "batch": 64, "lr": 0.01},
    }
    search = {"lr": (0.003, 0.01, 0.03, 0.1), "stop": ("none", "auto")}
    trials = {
        "": {"stop": "none"},
        "batch": {"batch": 4},
        "stop": {"stop": "sample", "lr": 0.3, "epochs": 6},
        "denominator": {"denominator": "official"},
        "queue": {"queue": 40},
        "queue_momentum": {"queue": 40, "queue_momentum": 0.1},
    }

    lam: float = 1.0
    """Weight of the unlearning term, >= 0. At 0 no forget image is forwarded: FT on the sampled
    retain batches."""
    lam_ce: float = 1.0
    """Weight of the cross-entropy on the retain batch, >= 0."""
    tau: float = 0.2
    """Temperature, > 0; the CoUn paper tunes it in (0, 0.2], the authors' code has 0.7."""
    omega: int = 4
    """Retain batches per forget batch, at least 1."""
    denominator: Denominator = "paper"
    """paper, or official: the authors' code, which repels a little harder."""
    queue: int = 0
    """Retain features to contrast with, from a momentum encoder; 0: those of the batch."""
    queue_momentum: float = 0.99
    """Momentum of that encoder, in [0, 1]. Acts if queue is above 0."""
    stop: Stop = "auto"
    """Stop before an epoch when (sample) the forget accuracy is at most the accuracy on val, or
    (class) the accuracy on val images of the forgotten classes is at most 1 / C. auto: class for
    whole classes, else sample. Acts unless it is none."""

    def ranges(self) -> Ranges:
        yield from super().ranges()
        yield 0 <= self.lam < float("inf"), "lam", "at least 0"
        yield 0 <= self.lam_ce < float("inf"), "lam_ce", "at least 0"
        yield self.lam != 0 or self.lam_ce != 0, "lam", "above 0 where --lam-ce is 0"
        yield 0 < self.tau < float("inf"), "tau", "a positive number"
        yield self.omega >= 1, "omega", "at least 1"
        yield self.queue >= 0, "queue", "at least 0"
        yield 0 <= self.queue_momentum <= 1, "queue_momentum", "in [0, 1]"

    def check(self, task: Task) -> list[UserError]:
        return nothing_to_forget(self.name, task) or check_stop(self.stop, task)

    def prepare(self, run: Run) -> State:
        if self.queue == 0 or self.lam == 0:
            return {}
        slow = frozen_copy(run.model)
        with torch.no_grad():
            some = slow(next(run.batches("forget", 1)).x)
        queue = FeatureQueue(self.queue, some.features.shape[1]).to(run.device)
        return {"slow": slow, "queue": queue}

    def passes(self, run: Run, state: State) -> Passes:
        for epoch in range(self.epochs + 1):
            if stops(self.stop, run, epoch, last=epoch == self.epochs):
                return
            yield Pass(
                ("forget", "retain"),
                "forget",
                epoch,
                joint=self.lam > 0,
                repeat=self.omega,
                equal=True,
            )

    def loss(self, step: Step, state: State) -> Tensor:
        total = torch.zeros((), device=step.retain.y.device)
        if self.lam > 0:
            forget, (features, labels) = step.forget, self.references(step, state)
            z = forget.out().features
            total = self.lam * cu_loss(z, forget.y, features, labels, self.tau, self.denominator)
        if self.lam_ce > 0:
            total = total + self.lam_ce * cross_entropy(step.retain.out().logits, step.retain.y)
        return total

    def references(self, step: Step, state: State) -> tuple[Tensor, Tensor]:
        """Retain features and labels to contrast with: the batch, or the queue and the batch."""
        if self.queue == 0:
            return step.retain.out().features, step.retain.y
        with torch.no_grad():
            keys = state["slow"](step.retain.x).features
        step.memo["keys"] = keys
        queue = state["queue"]
        return torch.cat([queue.features, keys]), torch.cat([queue.labels, step.retain.y])

    def after_step(self, step: Step, state: State) -> None:
        if "keys" in step.memo:
            state["queue"].push(step.memo["keys"], step.retain.y)
            momentum_update(state["slow"], step.model, self.queue_momentum)
