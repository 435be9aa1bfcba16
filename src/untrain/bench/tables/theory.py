"""CoUn's Lemma 1 and Theorem 1, row by row.

R[eps]: share of images whose two views lie further than eps apart in feature space. Lemma 1 says
that R of retained images is at most R of forgotten ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from untrain.bench.job import Result
from untrain.bench.numbers.statistics import Row, Table
from untrain.bench.tables.grid import Grid, number, over_seeds
from untrain.bench.tables.pairing import audited, by_pair, seeds

AUDIT = "lemma"
SHOWN = (0.1, 0.3, 0.5, 0.8)
"""Points of the grid of eps that have a column."""


def theory(table: Table) -> list[Grid]:
    """A grid of R[eps] for each augmentation that was looked at, and one of Theorem 1."""
    rows = [row for row in table.rows if any(audited(run, AUDIT) for run in row.runs)]
    found = next(audited(run, AUDIT) for row in rows for run in row.runs if audited(run, AUDIT))
    grids = [_lemma(table, rows, augment) for augment in found["curves"]]
    return [*grids, _theorem(table, rows)]


def points(run: Result, augment: str) -> dict[str, np.ndarray]:
    """eps, and share, low and high of retained and forgotten images; {} where not measured."""
    found = audited(run, AUDIT)
    curves = found.get("curves", {}).get(augment, {})
    if not {"retain", "forget"} <= curves.keys():
        return {}
    parts = {
        f"{name}_{part}": np.array(curves[name][part], np.float64)
        for name in ("retain", "forget")
        for part in ("share", "low", "high")
    }
    return {"eps": np.array(found["eps"]), **parts}


def _lemma(table: Table, rows: list[Row], augment: str) -> Grid:
    lines = []
    for row in rows:
        known = [one for run in row.runs if (one := points(run, augment))]
        cells = [_beside(row, augment, eps) for eps in SHOWN]
        lines.append([seeds(row), *cells, *_counts(known)])
    title = f"{table.block}: Lemma 1, R[eps] of retained / forgotten images, % (views: {augment})"
    head = ["model", *(f"eps {eps:g}" for eps in SHOWN), "holds", "clearly", "against"]
    note = (
        "holds: points of the whole grid of eps and all seeds at which R of retained images is at "
        "most that of forgotten ones. clearly, against: points at which the 95 % intervals are "
        "apart, for and against it."
    )
    return Grid(title, head, lines, [note])


def _beside(row: Row, augment: str, eps: float) -> str:
    """R of retained and of forgotten images at one eps."""

    def both(run: Result) -> np.ndarray | None:
        found = points(run, augment)
        if not found or not np.isclose(found["eps"], eps).any():
            return None
        at = int(np.isclose(found["eps"], eps).argmax())
        return 100 * np.array([found[f"{name}_share"][at] for name in ("retain", "forget")])

    values = by_pair(row, both)
    return " / ".join(over_seeds(values[:, k], 1) for k in (0, 1)) if len(values) else "-"


def _counts(known: list[dict[str, np.ndarray]]) -> list[str]:
    """At how many points it holds, does so clearly, and clearly does not."""
    if not known:
        return ["-"] * 3
    whole = sum(len(one["eps"]) for one in known)
    compared = [
        [one["retain_share"] <= one["forget_share"] for one in known],
        [one["retain_high"] < one["forget_low"] for one in known],
        [one["retain_low"] > one["forget_high"] for one in known],
    ]
    return [f"{sum(int(hits.sum()) for hits in each)} of {whole}" for each in compared]


def _theorem(table: Table, rows: list[Row]) -> Grid:
    lines = []
    for row in rows:
        found: list[dict[str, Any]] = [
            one for run in row.runs if (one := audited(run, AUDIT).get("theorem"))
        ]
        cells = [
            over_seeds([one[name] for one in found], digits)
            for name, digits in (("sigma", 2), ("rho_max", 2), ("bound", 2), ("error", 4))
        ]
        pairs = number(100 * float(np.mean([one["pairs"] for one in found])) if found else None, 0)
        empty = sum(one["vacuous"] for one in found)
        told = f"{empty} of {len(found)}" if found else "-"
        lines.append([seeds(row), *cells[:2], pairs, *cells[2:], told])
    head = ["model", "sigma", "rho_max", "pairs %", "bound", "head error", "vacuous"]
    note = (
        "At the delta and eps of the smallest rho_max. pairs: pairs of classes that meet the "
        "condition. bound: on the share of wrong test images, if all pairs do; head error: the "
        "share that the head gets wrong. vacuous: the bound is 1 or more, or a pair fails."
    )
    return Grid(f"{table.block}: Theorem 1", head, lines, [note])
