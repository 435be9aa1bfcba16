"""Stopping early: at the first of two checkpoints in a row that treat forgotten images as unseen.

A checkpoint is inside if the 90 % interval of its AUC lies within the margin of 1/2 and it has not
over-forgotten (of whole classes: accuracy at most chance), and if it has not lost too much val
accuracy: a model that knows nothing any more treats all images alike. The run ends at the second
one in a row and goes back to the first, if the probe accepts that; else two new ones are needed.
Where this never happens, the checkpoint of smallest J is taken and the run is said not to have
converged; where all have lost too much, the one that has lost least.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from untrain.engine.loop import Loop
from untrain.models.checkpoint import put_weights
from untrain.models.given import copied
from untrain.task import Task
from untrain.tune.chooser import BEST, Chooser, keep
from untrain.tune.halves import Halves
from untrain.tune.objective import Standing, standing
from untrain.tune.probe import Probe
from untrain.verdict.healing import answers

FIRST, RETURNED = "choice/first", "choice/returned"
"""Weights of the first checkpoint inside: those to go back to, and as they would be returned."""
HEALS = "healing brings the forgotten images back"
"""Why the probe refuses a model."""


class Early(Chooser):
    """Stops at two checkpoints in a row inside the margin that survive the probe."""

    by = "early"

    def __init__(
        self, task: Task, halves: Halves, length: int, probe: Probe, margin: float, loss: float
    ) -> None:
        super().__init__(task, halves, length)
        self.probe, self.margin, self.loss = probe, margin, loss
        self.first: int | None = None

    def measure(self, model: nn.Module) -> dict[str, Any]:
        seen = stand(model, self.task, self.halves)
        before = self.trace[0]["val_accuracy"] if self.trace else 0.0
        judged = refusal(seen, before, self.loss)
        inside = seen.inside(self.margin) and not judged["why"]
        return seen.values() | judged | {"inside": inside}

    def better(self, row: dict[str, Any], best: dict[str, Any]) -> bool:
        return rank(row) < rank(best)

    def judge(self, loop: Loop, model: nn.Module) -> bool:
        last = len(self.trace) - 1
        if not self.trace[last]["inside"]:
            self.first = None
            return False
        if self.first is None:
            self.first = last
            keep(loop, FIRST, loop.model)
            keep(loop, RETURNED, model)
            return False
        if self.heals(loop, model, self.first):
            self.best, self.converged = self.first, True
            loop.kept[BEST] = loop.kept[FIRST]
            return True
        if self.best == self.first:
            self.best = last
            keep(loop, BEST, loop.model)
        self.first = None
        return False

    def heals(self, loop: Loop, model: nn.Module, first: int) -> bool:
        """Whether the probe accepts the first of the two checkpoints."""
        twin = copied(model)
        put_weights(twin, loop.kept[RETURNED])
        with self.cost.metered():
            found = self.trace[first]["probe"] = self.probe(twin)
        self.probes += 1
        if not found["accepted"]:
            self.trace[first]["why"] = HEALS
        return bool(found["accepted"])

    def tell(self, loop: Loop) -> None:
        super().tell(loop)
        for sentence in self.limits():
            loop.note(sentence)
        if self.converged:
            return
        refused = sum("probe" in row for row in self.trace)
        why = (
            f"the probe has refused {refused}, as healing on retained images brought the forgotten "
            "ones back"
            if refused
            else "no two checkpoints in a row were inside the margin"
        )
        loop.note(f"Not converged: {why}. The checkpoint of smallest J was taken.")

    def limits(self) -> list[str]:
        """Why these images could not have shown more."""
        told: list[str] = []
        if self.halves.whole_classes:
            return told
        wide = min((row["interval"][1] - row["interval"][0]) / 2 for row in self.trace)
        if not wide < self.margin:
            told.append(
                f"The tune half has {len(self.halves.forget)} images, and the AUC's interval is "
                f"±{wide:.3f} at best: too wide for --margin {self.margin:g}."
            )
        if self.trace[0]["inside"]:
            told.append(
                "The Original's own AUC lies within the margin: nothing that this choice measures "
                "can show that anything was removed."
            )
        return told

    def saved(self) -> dict[str, Any]:
        return super().saved() | {"first": self.first}

    def load(self, saved: dict[str, Any]) -> None:
        super().load(saved)
        self.first = saved["first"]


def stand(model: nn.Module, task: Task, halves: Halves) -> Standing:
    """Where a model that is `ready` stands on the tune halves."""
    return standing(
        answers(model, task, halves.forget),
        answers(model, task, halves.val),
        gone=halves.gone,
        whole_classes=halves.whole_classes,
        chance=halves.chance,
    )


def rank(row: Mapping[str, Any]) -> tuple[float, bool, float]:
    """Smaller is better: what has lost too much comes last, and before it what is refused."""
    return row.get("lost", 0.0), bool(row["why"]), row["objective"]


def refusal(seen: Standing, before: float, loss: float) -> dict[str, Any]:
    """`why` a model cannot be taken, "" if it can, and the val accuracy that it has `lost` beyond
    what it may.

    before: val accuracy of the model that it was made from, in [0, 1]; loss: points of it that may
    be lost.
    """
    floor = before - loss / 100
    why = "it forgets more than images that were never seen" if seen.over_forgotten else ""
    if seen.val < floor:
        why = f"val accuracy is below {100 * floor:.1f} %"
    return {"why": why, "lost": max(0.0, floor - seen.val)}
