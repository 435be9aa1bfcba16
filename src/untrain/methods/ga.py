"""GA: gradient ascent on what is to be forgotten."""

from __future__ import annotations

from dataclasses import dataclass

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
class GA(Trained):
    """Ascend the loss of the forgotten images:  L = -CE(forget).

    It has no lower bound: an epoch beyond `cap` is taken back and ends the run.
    Paper: Golatkar, Achille, Soatto 2020, arXiv 1911.04933 (NegGrad); Thudi et al. 2022, arXiv
    2109.13398.
    Differences: the cap. Thudi's single-gradient formula is another method. The native preset is
    of the code base Unlearn-Sparse (5 epochs, rate 1e-4, constant).
    """

    paper = "Golatkar et al. 2020, arXiv 1911.04933"
    streams = ("forget",)
    cost = "n_f FB"
    presets = {
        "native": {"epochs": 5, "lr": 1e-4, "schedule": "constant"},
        "coun": {},
        "laptop": {"epochs": 5, "batch": 64, "lr": 3e-3, "schedule": "constant"},
    }
    trials = {"": {"batch": 4}, "cap": {"cap": 0.01}}

    lr: float = 1e-4
    """Highest learning rate, > 0; tuned in [1e-6, 0.01]. Higher ones destroy the model."""
    lr_min: float = 0.0
    """Learning rate at the end of a cosine or linear schedule, in [0, lr]."""
    cap: float = 10.0
    """Largest mean forget loss of an epoch, > 0, in nats; one beyond it is taken back and the run
    stops. Chance is the logarithm of the number of classes: 2.3 for 10, 4.6 for 100."""

    def ranges(self) -> Ranges:
        yield from super().ranges()
        yield self.cap > 0, "cap", "a positive number"

    def check(self, task: Task) -> list[UserError]:
        return nothing_to_forget(self.name, task)

    def prepare(self, run: Run) -> State:
        if len(run.task.gone_classes()) and self.bn == "train":
            run.note(
                "A whole class is forgotten, so batch norm takes its statistics from that class "
                "alone; --bn frozen, with a lower --lr, keeps those of all classes."
            )
        return {}

    def passes(self, run: Run, state: State) -> Passes:
        for epoch in range(self.epochs):
            run.keep("before")
            loss = yield Pass(("forget",), "forget", epoch)
            if take_back(run, self.cap, -loss, epoch):
                return

    def loss(self, step: Step, state: State) -> Tensor:
        return -cross_entropy(step.forget.out().logits, step.forget.y)
