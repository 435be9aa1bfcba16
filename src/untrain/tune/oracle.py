"""The oracle: the checkpoint with the smallest average gap to Retrain, which users do not have.

The gap is that of the table, measured on the tune half, val and a sample of retain: never on test,
never on unseen images. What it chooses is named "(oracle)" in every output.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import nn

from untrain.metrics.audit import GAP, measure
from untrain.metrics.evidence import View
from untrain.task import Task
from untrain.tune.chooser import Chooser
from untrain.tune.halves import Halves
from untrain.verdict.healing import answers


class Oracle(Chooser):
    """Takes the checkpoint that is nearest to Retrain; never stops before the end."""

    by = "oracle"

    def __init__(self, task: Task, halves: Halves, length: int, retrain: nn.Module) -> None:
        super().__init__(task, halves, length)
        self.converged = True
        with self.cost.metered():
            self.goal = averaged(retrain, task, halves)

    def measure(self, model: nn.Module) -> dict[str, Any]:
        return gap(averaged(model, self.task, self.halves), self.goal)

    def better(self, row: dict[str, Any], best: dict[str, Any]) -> bool:
        return bool(row["objective"] < best["objective"])


def averaged(model: nn.Module, task: Task, halves: Halves) -> dict[str, float]:
    """RA, UA, TA and MIA of a model that is `ready`, in percent, on what choices may see."""
    retain, forget, val = (
        answers(model, task, at) for at in (halves.retain, halves.forget, halves.val)
    )
    gone = np.setdiff1d(forget.labels, retain.labels)
    values = measure(View(retain, forget, val, val, gone), ())
    return {name: values[name] for name in GAP}


def gap(values: dict[str, float], goal: dict[str, float]) -> dict[str, Any]:
    """The average gap as the objective, and what it is the average of."""
    distance = float(np.mean([abs(values[name] - goal[name]) for name in GAP]))
    told = {name.replace("test", "val"): value for name, value in values.items()}
    return {"objective": distance, **told}
