"""What looks at a run about twenty times, keeps what may be chosen, and says which it is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict
from math import floor
from typing import Any

from torch import nn

from untrain.engine.context import Context
from untrain.engine.cost import Cost
from untrain.engine.loop import Loop
from untrain.models.checkpoint import put_weights
from untrain.models.given import copied, weights_of
from untrain.task import Task
from untrain.tune.halves import Halves

LOOKS = 20
"""How often a run is looked at, at most."""
BEST = "choice/best"
"""Under which name the weights that would be chosen now are kept."""


class Chooser(ABC):
    """A `Watch` that keeps a trace of what it has seen, and the weights that may be chosen.

    trace: a row for each look, and one for the Original at 0 passes, which cannot be chosen.
    chosen: the row that is. Both are plain values, saved with the run.
    """

    by = ""

    def __init__(self, task: Task, halves: Halves, length: int) -> None:
        self.task, self.halves, self.length = task, halves, length
        self.trace: list[dict[str, Any]] = []
        self.best: int | None = None
        self.cost = Cost()
        self.probes = 0
        self.converged = False
        self.chosen: dict[str, Any] = {}

    @abstractmethod
    def measure(self, model: nn.Module) -> dict[str, Any]:
        """A row of the trace, with its `objective`, of a model that is `ready`."""

    @abstractmethod
    def better(self, row: dict[str, Any], best: dict[str, Any]) -> bool:
        """Whether to rather end at this row."""

    def judge(self, loop: Loop, model: nn.Module) -> bool:
        """Whether the run ends after the last row."""
        return False

    def begin(self, loop: Loop) -> None:
        if not self.trace:
            self.add(copied(loop.original).to(loop.device), 0.0)

    def due(self, at: float) -> bool:
        last = self.trace[-1]["at"]
        return bool(at > last and place(at, self.length) > place(last, self.length))

    def look(self, loop: Loop, model: nn.Module, at: float) -> bool:
        row = self.add(model, at)
        if self.best is None or self.better(row, self.trace[self.best]):
            self.best = len(self.trace) - 1
            keep(loop, BEST, loop.model)
        return self.judge(loop, model)

    def add(self, model: nn.Module, at: float) -> dict[str, Any]:
        with self.cost.metered():
            row = {"at": at, **self.measure(model)}
        self.trace.append(row)
        return row

    def settle(self, loop: Loop) -> None:
        if self.best is not None:
            put_weights(loop.model, loop.kept[BEST])
            self.chosen = self.trace[self.best]
        self.tell(loop)

    def tell(self, loop: Loop) -> None:
        """Say what was chosen."""
        at = self.chosen.get("at", self.length)
        loop.note(f"Chosen ({self.by}): the model after {at:.3g} of {self.length} passes.")

    def saved(self) -> dict[str, Any]:
        return {
            "trace": self.trace,
            "best": self.best,
            "probes": self.probes,
            "cost": asdict(self.cost),
        }

    def load(self, saved: dict[str, Any]) -> None:
        self.trace, self.best, self.probes = saved["trace"], saved["best"], saved["probes"]
        self.cost = Cost(**saved["cost"])

    def choice(self) -> dict[str, Any]:
        """What was chosen, for run.json. cost: of looking and probing, beside the training's."""
        looks = len(self.trace)
        return {
            "by": self.by,
            "seen": self.halves.seen,
            "looked": "half",
            "candidates": looks - 1,
            "checkpoint": self.chosen.get("at", self.length),
            "converged": self.converged,
            "cost": {
                "seconds": self.cost.seconds,
                "flops": self.cost.flops,
                "evaluations": looks,
                "probes": self.probes,
            },
            "trace": self.trace,
        }


def place(at: float, length: int) -> int:
    """In which of the LOOKS parts of a run of so many passes it is."""
    return floor(LOOKS * at / length + 1e-9)


def keep(loop: Context, name: str, model: nn.Module) -> None:
    """Remember weights outside of the method's journal."""
    loop.kept[name] = {n: tensor.detach().clone() for n, tensor in weights_of(model).items()}
