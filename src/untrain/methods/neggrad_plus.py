"""NegGrad+: descend on what is retained while ascending on what is forgotten."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from untrain.errors import UserError
from untrain.methods.contract import (
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
from untrain.task import Task


@register
@dataclass(frozen=True, kw_only=True)
class NegGradPlus(Trained):
    """Each retain batch with the next forget batch, one step for both:
    L = beta * CE(retain) - (1 - beta) * CE(forget).

    Two separate forwards, so no batch statistics are shared; an epoch is one pass over retain.
    Paper: Kurmanji, Triantafillou, Hayes, Triantafillou 2023, arXiv 2302.09880 (NeurIPS 2023).
    Differences: forget images are shuffled and augmented anew each time round, and the place in
    them goes on across epochs (the authors' code replays the same tensors). A cap on the forget
    loss. Momentum and weight decay as in the CoUn paper; the authors' notebooks have neither.
    """

    paper = "Kurmanji et al. 2023, arXiv 2302.09880"
    streams = ("retain", "forget")
    cost = "2 n_r FB"
    presets = {
        "native": {
            "epochs": 10,
            "lr": 0.01,
            "schedule": "constant",
            "momentum": 0.0,
            "weight_decay": 0.0,
        },
        "coun": {},
        "laptop": {"epochs": 5, "batch": 64, "lr": 0.03},
    }
    search = {"lr": (0.01, 0.03, 0.05, 0.1), "beta": (0.95, 0.99)}
    trials = {"cap": {"cap": 0.01}}

    beta: float = 0.95
    """Weight of the retain loss, in [0, 1]; tuned in [0.95, 0.9999]. 1 is FT, 0 ascends alone."""
    cap: float = 10.0
    """Largest mean forget loss of an epoch, > 0, in nats; one beyond it is taken back and the run
    stops. Acts if beta is below 1."""

    def ranges(self) -> Ranges:
        yield from super().ranges()
        yield 0 <= self.beta <= 1, "beta", "in [0, 1]"
        yield self.cap > 0, "cap", "a positive number"

    def check(self, task: Task) -> list[UserError]:
        return nothing_to_forget(self.name, task) if self.beta < 1 else []

    def prepare(self, run: Run) -> State:
        # a row an epoch, so that a resumed run, which replays its passes, reads what it read
        return {"forget": torch.zeros(self.epochs, 2, device=run.device)}

    def passes(self, run: Run, state: State) -> Passes:
        streams = self.streams if self.beta < 1 else ("retain",)
        for epoch in range(self.epochs):
            run.keep("before")
            yield Pass(streams, "retain", epoch)
            total, steps = state["forget"][epoch].tolist()
            if take_back(run, self.cap, total / max(steps, 1), epoch):
                return

    def loss(self, step: Step, state: State) -> Tensor:
        total = torch.zeros((), device=step.retain.y.device)
        if self.beta > 0:
            total = self.beta * cross_entropy(step.retain.out().logits, step.retain.y)
        if self.beta < 1:
            forget = cross_entropy(step.forget.out().logits, step.forget.y)
            step.memo["forget"] = forget.detach()
            total = total - (1 - self.beta) * forget
        return total

    def after_step(self, step: Step, state: State) -> None:
        if "forget" in step.memo:
            state["forget"][step.epoch, 0] += step.memo["forget"]
            state["forget"][step.epoch, 1] += 1
