"""Average gap against cost: all points, and the best one of each method, Fig. 5 of CoUn."""

from __future__ import annotations

import math
from collections.abc import Sequence

from untrain.bench.numbers.statistics import Row, Table
from untrain.bench.tables.ablations import families
from untrain.bench.tables.costs import gap
from untrain.bench.tables.grid import Grid, number, over_seeds
from untrain.bench.tables.pairing import seeds

SLACK = 1.005
"""How much over the budget still counts as equal compute: images do not divide evenly."""


def frontier(table: Table) -> list[Grid]:
    """A grid of all points, one of each method's best, and one of the cost to come as near to
    Retrain as another Retrain is; none without a Retrain."""
    points = {
        label: [row for row in rows if row.gap and "flops" in row.relative]
        for label, rows in families(table).items()
    }
    points = {label: rows for label, rows in points.items() if rows}
    if not points:
        return []
    return [_all(table, points), _best(table, points), *_reach(table, points)]


def budget(points: dict[str, list[Row]]) -> float:
    """FLOPs, relative to Retrain's, that every method has a run under: the smallest of the
    methods' largest costs."""
    return min(max(row.relative["flops"] for row in rows) for rows in points.values())


def _all(table: Table, points: dict[str, list[Row]]) -> Grid:
    lines = [
        [
            seeds(row),
            number(row.relative["flops"], 3, "x"),
            over_seeds(row.values("seconds"), 1),
            gap(row),
            paired(row),
        ]
        for rows in points.values()
        for row in sorted(rows, key=lambda one: one.relative["flops"])
    ]
    head = ["model", "FLOPs", "seconds", "gap", "paired gap"]
    note = (
        "FLOPs: of Retrain's. gap: of means, with its 95 % interval. paired gap: the mean over "
        "seeds, ± half its 95 % Student interval."
    )
    return Grid(f"{table.block}: average gap against cost", head, lines, [note])


def paired(row: Row) -> str:
    """The mean of paired gaps, ± half its interval where there are enough."""
    if row.gap is None:
        return "-"
    half = f"±{row.gap.half:.2f}" if math.isfinite(row.gap.half) else ""
    return number(row.gap.paired) + half


def _best(table: Table, points: dict[str, list[Row]]) -> Grid:
    most = budget(points)
    lines = []
    for label, rows in points.items():
        under = [row for row in rows if row.relative["flops"] <= SLACK * most]
        lines.append([label, *_told(rows, label), *_told(under, label)])
    head = ["model", "best", "gap", "FLOPs", f"best under {most:.3f}x", "gap ", "FLOPs "]
    notes = [
        "The best point has the smallest gap to Retrain among those that were run: it is chosen by "
        "what it is judged by (oracle), and a method with more points has more chances.",
        f"Equal compute: at most {most:.3f} of Retrain's FLOPs, the most that all methods were run "
        "for.",
    ]
    return Grid(f"{table.block}: best point of each method", head, lines, notes)


def _reach(table: Table, points: dict[str, list[Row]]) -> list[Grid]:
    """The cheapest point whose gap is no larger than that of Retrains; it takes two of them."""
    lines = []
    for label, rows in points.items():
        within = [row for row in rows if row.gap and row.gap.average <= row.gap.floor]
        cheapest = sorted(within, key=lambda row: row.relative["flops"])[:1]
        told = [over_seeds(row.values("seconds"), 1) for row in cheapest] or ["-"]
        floor = next((number(row.gap.floor) for row in cheapest if row.gap), "-")
        lines.append([label, *_told(cheapest, label), floor, *told])
    if not any(math.isfinite(row.gap.floor) for rows in points.values() for row in rows if row.gap):
        return []
    note = (
        "The cheapest setting with a gap at most the floor, which is what two groups of Retrains "
        "of these sizes differ by; - where no setting that was run comes as near."
    )
    head = ["model", "reached by", "gap", "FLOPs", "floor", "seconds"]
    return [Grid(f"{table.block}: cost to reach the gap of Retrains", head, lines, [note])]


def _told(rows: Sequence[Row], label: str) -> list[str]:
    known = [row for row in rows if row.gap and math.isfinite(row.gap.average)]
    if not known:
        return ["-"] * 3
    best = min(known, key=lambda row: row.gap.average if row.gap else math.inf)
    setting = best.label.removeprefix(label).strip(" ()") or "-"
    return [setting, gap(best), number(best.relative["flops"], 3, "x")]
