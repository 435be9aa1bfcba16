"""What each row has cost until it stopped, beside its gap: table 8 of CoUn asks for both."""

from __future__ import annotations

import math
from collections.abc import Sequence

from untrain.bench.numbers.statistics import Row, Table
from untrain.bench.tables.grid import Grid, number, over_seeds
from untrain.bench.tables.pairing import seeds

UNITS = ((1e15, "PFLOPs"), (1e12, "TFLOPs"), (1e9, "GFLOPs"), (1e6, "MFLOPs"))


def costs(table: Table) -> list[Grid]:
    """Training alone: measuring, files and tuning are not counted."""
    scale, unit = unit_of([row.mean("flops") for row in table.rows])
    lines = [
        [
            seeds(row),
            gap(row),
            number(row.gap.floor if row.gap else None),
            over_seeds(row.values("flops") / scale, 3),
            number(row.relative.get("flops"), 3, "x"),
            over_seeds(row.values("seconds"), 1),
            number(row.relative.get("seconds"), 3, "x"),
            over_seeds(row.values("samples"), 0),
            over_seeds(row.values("steps"), 0),
        ]
        for row in table.rows
    ]
    head = ["model", "gap", "floor", unit, "of Retrain", "seconds", "of Retrain", "images", "steps"]
    note = (
        "gap: |mean - Retrain's mean| averaged over RA, UA, TA and MIA, in points, with its 95 % "
        "interval. floor: what two groups of Retrains differ by. images: drawn, each counted once "
        "however many views it has. Costs are of training alone."
    )
    return [Grid(f"{table.block}: cost until each method stopped", head, lines, [note])]


def unit_of(flops: Sequence[float]) -> tuple[float, str]:
    """The unit in which the largest of these is at least 1, and its name."""
    most = max((one for one in flops if math.isfinite(one)), default=0)
    return next((one for one in UNITS if most >= one[0]), UNITS[-1])


def gap(row: Row) -> str:
    """The average gap with its interval, where there are enough seeds."""
    if row.gap is None:
        return "-"
    low, high = row.gap.low, row.gap.high
    spread = f" [{low:.2f}, {high:.2f}]" if math.isfinite(low + high) else ""
    return number(row.gap.average) + spread
