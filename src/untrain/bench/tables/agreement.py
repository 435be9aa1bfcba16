"""How often models predict a forgotten image as Retrain does."""

from __future__ import annotations

import numpy as np

from untrain.bench.audits.packing import unpacked
from untrain.bench.job import Result
from untrain.bench.numbers.statistics import Table
from untrain.bench.tables.grid import Grid, over_seeds
from untrain.bench.tables.pairing import apart, audited, seeds

AUDIT = "predictions"


def agreement(table: Table) -> list[Grid]:
    """A row per model; runs that forgot other images than a Retrain are not compared with it."""
    rows = [row for row in table.rows if any(audited(run, AUDIT) for run in row.runs)]
    lines = [[seeds(row), over_seeds(apart(row, table.retrain, predicted, same))] for row in rows]
    note = (
        "Forgotten images whose prediction is Retrain's, %, mean over the Retrains of the same "
        "split; in Retrain's row, between Retrains: what two of them agree on."
    )
    return [Grid(f"{table.block}: agreement with Retrain", ["model", "agreement"], lines, [note])]


def predicted(run: Result) -> np.ndarray | None:
    """Predicted classes in the order of the keys."""
    found = audited(run, AUDIT)
    return unpacked(found["predicted"], found["images"]) if found else None


def same(one: np.ndarray, other: np.ndarray) -> float:
    return 100 * float((one == other).mean()) if len(one) == len(other) else float("nan")
