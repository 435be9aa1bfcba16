"""SCRUB: away from the Original's answers on forgotten, back to them on retained images."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from untrain.errors import UserError
from untrain.losses.distill import kl
from untrain.methods.contract import (
    Draw,
    Pass,
    Passes,
    Ranges,
    Run,
    State,
    Step,
    Trained,
    register,
)
from untrain.methods.stopping import nothing_to_forget, take_back
from untrain.models.output import frozen_copy, set_mode
from untrain.task import Task


@register
@dataclass(frozen=True, kw_only=True)
class Scrub(Trained):
    """Leave the Original's answers on forget in the first epochs, return to them on retain in all:
    L = -K_T(z0 || z) on forget, then L = gamma * CE + alpha * K_T(z0 || z) on retain.

    K_T = T^2 KL of softmax(logits / T); one optimiser goes both ways. With `rewind` (SCRUB+R)
    the end is whichever epoch's forget error is nearest to the held-out one of the same classes.
    Paper: Kurmanji, Triantafillou, Hayes, Triantafillou 2023, arXiv 2302.09880 (NeurIPS 2023).
    Differences: the rate follows --schedule (the authors multiply it by 0.1 after given epochs);
    forget and retain batches are equally large; rewinding can go back to the start, of which
    the authors' code has no file; networks whose ascent would not start get a kick.
    """

    paper = "Kurmanji et al. 2023, arXiv 2302.09880"
    streams = ("retain", "forget")
    reads = ("val",)
    cost = "n_r (FB + F), and n_f (FB + F) in the first `ascents` epochs"
    presets = {
        "native": {
            "epochs": 3,
            "lr": 5e-4,
            "schedule": "constant",
            "gamma": 0.99,
            "alpha": 0.001,
            "temperature": 4.0,
        },
        "coun": {},
        "laptop": {"epochs": 5, "batch": 64, "lr": 0.03},
    }
    trials = {
        "ascents": {"ascents": 1},
        "rewind": {"rewind": True, "ascents": 3},
        "cap": {"cap": 1e-9},
        "kick": {"kick": 0.1, "bn": "frozen"},
    }

    ascents: int = 2
    """Epochs that begin with an ascent, at least 0; tuned in [1, 10]. 0 needs nothing to
    forget."""
    gamma: float = 1.0
    """Weight of the cross-entropy on retain, >= 0; the CoUn paper tunes it in [0.1, 3]."""
    alpha: float = 0.5
    """Weight of the divergence on retain, >= 0; the CoUn paper tunes it in [0.1, 3]. With
    ascents 0 and gamma 1, alpha 0 is FT."""
    temperature: float = 1.0
    """T that both sides' logits are divided by, > 0; the authors use 2 and 4, CoUn 1."""
    rewind: bool = False
    """End at the epoch whose error on the forgotten images is nearest to the last model's on val
    images of the same classes. Keeps a copy of the weights for each epoch."""
    cap: float = 100.0
    """Largest mean divergence of an ascending pass, > 0; one beyond it is taken back and is the
    last."""
    kick: float = 0.03
    """Noise, relative to each tensor's size, >= 0. Acts where the student would answer just as
    its teacher (no dropout, no batch norm in train mode): such an ascent has no gradient."""

    def ranges(self) -> Ranges:
        yield from super().ranges()
        finite = float("inf")
        yield self.ascents >= 0, "ascents", "at least 0"
        yield 0 <= self.gamma < finite, "gamma", "at least 0"
        yield 0 <= self.alpha < finite, "alpha", "at least 0"
        yield self.gamma != 0 or self.alpha != 0, "gamma", "above 0 where --alpha is 0"
        in_range = 0 < self.temperature < finite
        yield in_range, "temperature", "a positive number"
        yield self.cap > 0, "cap", "a positive number"
        yield 0 <= self.kick < finite, "kick", "at least 0"

    @property
    def length(self) -> int:
        return self.epochs + min(self.ascents, self.epochs)

    def check(self, task: Task) -> list[UserError]:
        problems = nothing_to_forget(self.name, task) if self.ascents or self.rewind else []
        held = task.images.y.numpy()[task.split.val]
        if self.rewind and not problems and not np.isin(held, forgotten_classes(task)).any():
            problems.append(
                UserError(
                    "Rewinding needs held-out images of the forgotten classes; val has none.",
                    where="--rewind",
                    fix="Train the Original with a holdout (--holdout 0.1), give val images "
                    "(untrain import --val, Task(val=...)), or leave it out.",
                )
            )
        return problems

    def prepare(self, run: Run) -> State:
        if self.rewind:
            run.keep("0")  # before the kick: epoch 0 is the model as it was given
        teacher = frozen_copy(run.model)
        if self.ascents and stands_still(run, teacher, self.bn, self.batch):
            shake(run, self.kick)
        return {"teacher": teacher}

    def passes(self, run: Run, state: State) -> Passes:
        ascents, away = self.ascents, False
        for epoch in range(self.epochs):
            if epoch < ascents:
                run.keep("before")
                loss = yield Pass(("forget",), "forget", epoch, role="ascend")
                away = take_back(run, self.cap, -loss, epoch)
            yield Pass(("retain",), "retain", epoch, role="descend", fresh=away)
            ascents, away = (0 if away else ascents), False
            if self.rewind:
                run.keep(str(epoch + 1))
        if self.rewind:
            go_back(run, self.epochs)

    def loss(self, step: Step, state: State) -> Tensor:
        if step.role == "ascend":
            return -self.divergence(step.forget, state)
        total = torch.zeros((), device=step.retain.y.device)
        if self.gamma > 0:
            total = total + self.gamma * cross_entropy(step.retain.out().logits, step.retain.y)
        if self.alpha > 0:
            total = total + self.alpha * self.divergence(step.retain, state)
        return total

    def divergence(self, draw: Draw, state: State) -> Tensor:
        """K_T(z0 || z) on a draw."""
        return kl(state["teacher"](draw.x).logits, draw.out().logits, self.temperature)


def forgotten_classes(task: Task) -> list[int]:
    """Labels of the forgotten images."""
    found: list[int] = np.unique(task.images.y.numpy()[task.split.forget]).tolist()
    return found


@torch.no_grad()
def stands_still(run: Run, teacher: nn.Module, bn: str, batch: int) -> bool:
    """Whether the student, in the mode of its steps, answers forgotten images as its teacher."""
    student = deepcopy(run.model)
    set_mode(student, bn)
    x = next(run.batches("forget", batch)).x
    return torch.allclose(student(x).logits, teacher(x).logits, rtol=1e-3, atol=1e-4)


@torch.no_grad()
def shake(run: Run, kick: float) -> None:
    """Noise on all weights that may change, `kick` times the root mean square of their tensor."""
    for name, weight in run.model.named_parameters():
        if weight.requires_grad and kick > 0:
            noise = torch.randn(weight.shape, generator=run.rng("kick", name)).to(weight)
            weight.add_(kick * weight.square().mean().sqrt() * noise)
    run.note(
        "The student answers as its teacher (no dropout, no batch norm in train mode), so the "
        "first ascent has no gradient: "
        + (f"noise of --kick {kick:g} starts it." if kick else "set --kick to start it.")
    )


def go_back(run: Run, epochs: int) -> None:
    """Restore the epoch whose forget error is nearest to the last model's held-out error."""
    goal = 1 - run.accuracy("val", forgotten_classes(run.task))
    errors = []
    for epoch in range(epochs + 1):
        run.restore(str(epoch))
        errors.append(1 - run.accuracy("forget"))
    best = min(range(epochs + 1), key=lambda epoch: abs(errors[epoch] - goal))  # first on ties
    run.restore(str(best))
    run.note(
        f"Went back to epoch {best} of {epochs}: error {errors[best]:.1%} on forgotten images; "
        f"the last model's is {goal:.1%} on val images of their classes."
    )
