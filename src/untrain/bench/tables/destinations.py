"""Where forgotten images of a class are predicted: tables 1, 5 and 6 of CoUn, with distances.

TV: total variation of two rows of shares, half the sum of |difference|, 0 to 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from untrain.bench.job import Result
from untrain.bench.numbers.statistics import Row, Table
from untrain.bench.tables.grid import Grid, over_seeds
from untrain.bench.tables.pairing import Vector, apart, audited, by_pair, leading, seeds
from untrain.bench.tables.printed_classes import printed, remark, with_printed

AUDIT = "destination"
SHOWN = 8
"""Predicted classes that have a column: those that most of Retrain's images go to."""
FEW = 3
"""Forgotten classes that have a table each where none is asked for by name."""
TELLS = (
    "TV: total variation between a row and Retrain's, 0 to 1, mean over the Retrains of the same "
    "split; in Retrain's row, between Retrains: the floor. TV unseen: between forgotten and unseen "
    "images under the same model."
)


def destinations(table: Table, classes: Sequence[str] = (), paper: str = "") -> list[Grid]:
    """A grid for each class by name; if none of these is forgotten, for those that are gone or few.

    Of requests of many classes also one of what stays in each class. paper: whose printed rows
    stand below ours.
    """
    rows = [row for row in table.rows if any(audited(run, AUDIT) for run in row.runs)]
    found = next(audited(run, AUDIT) for row in rows for run in row.runs if audited(run, AUDIT))
    names, present = found["classes"], sorted(map(int, found["forget"]))
    chosen = [k for k in present if names[k] in classes]
    chosen = chosen or found["gone"] or (present if len(present) <= FEW else [])
    grids = [_of_class(table, rows, label, names, paper) for label in chosen[:FEW]]
    return grids + ([] if len(present) <= FEW else [_in_all(table, rows, present, names)])


def shares(label: int, classes: int, part: str = "forget") -> Vector:
    """Percent of a class's images by predicted class, (classes,)."""

    def of(run: Result) -> np.ndarray | None:
        counts = audited(run, AUDIT).get(part, {}).get(str(label))
        if not counts:
            return None
        row = np.zeros(classes)
        row[[int(k) for k in counts]] = list(counts.values())
        return np.asarray(100 * row / row.sum())

    return of


def variation(one: np.ndarray, other: np.ndarray) -> float:
    """Of shares in percent."""
    return float(np.abs(one - other).sum() / 200)


def _of_class(table: Table, rows: list[Row], label: int, names: list[str], paper: str) -> Grid:
    mine = shares(label, len(names))
    drawn = {row.label: by_pair(row, mine) for row in rows}
    theirs = leading(drawn)
    order = [int(k) for k in np.argsort(-theirs, kind="stable")]
    columns = order[:SHOWN]
    if theirs[label] == 0:  # the class itself is shown all the same
        columns = [label, *(k for k in order if k != label)][:SHOWN]
    rest = np.setdiff1d(np.arange(len(names)), columns)
    lines = []
    for row in rows:
        values = drawn[row.label]
        cells = [over_seeds(values[:, k]) if len(values) else "-" for k in columns]
        if len(rest):
            cells.append(over_seeds(values[:, rest].sum(1)) if len(values) else "-")
        tv = apart(row, table.retrain, mine, variation)
        own = _unseen(row, [label], len(names))
        lines.append([seeds(row), *cells, over_seeds(tv, 3), over_seeds(own, 3)])
    head = [names[k] for k in columns] + ["others"] * bool(len(rest))
    title = f"{table.block}: where forgotten {names[label]} images go, %"
    told = printed(paper, AUDIT, table.block, names[label])
    lines = with_printed(lines, [row.label for row in rows], head, told)
    notes = [TELLS, *remark(paper, AUDIT, told)]
    return Grid(title, ["model", *head, "TV", "TV unseen"], lines, notes)


def _in_all(table: Table, rows: list[Row], present: list[int], names: list[str]) -> Grid:
    """What stays in each class, and the distances over all classes."""
    columns = present if len(present) <= 12 else []

    def stays(run: Result) -> np.ndarray | None:
        found = [shares(k, len(names))(run) for k in columns]
        nothing = np.full(len(names), np.nan)
        kept = [
            nothing[k] if row is None else row[k] for k, row in zip(columns, found, strict=True)
        ]
        return np.array(kept) if audited(run, AUDIT) else None

    lines = []
    for row in rows:
        values = by_pair(row, stays)
        cells = [over_seeds(values[:, place]) for place in range(len(columns))]
        tv = _weighted(row, table.retrain, present, len(names))
        own = _unseen(row, present, len(names))
        lines.append([seeds(row), *cells, over_seeds(tv, 3), over_seeds(own, 3)])
    title = f"{table.block}: forgotten images predicted as their own class, %"
    note = "Over all classes, TV is weighted by forgotten images."
    head = ["model", *(names[k] for k in columns), "TV", "TV unseen"]
    return Grid(title, head, lines, [TELLS, note])


def _sizes(run: Result, label: int) -> int:
    return sum(audited(run, AUDIT).get("forget", {}).get(str(label), {}).values())


def _weighted(row: Row, retrain: Row | None, present: list[int], classes: int) -> np.ndarray:
    """Mean TV to Retrain over classes, by forgotten images."""
    weights = np.array([_sizes(row.runs[0], k) for k in present], np.float64)

    def table(run: Result) -> np.ndarray | None:
        found = [shares(k, classes)(run) for k in present]
        if not audited(run, AUDIT):
            return None
        return np.array([np.full(classes, np.nan) if one is None else one for one in found])

    def distance(one: np.ndarray, other: np.ndarray) -> float:
        each = np.abs(one - other).sum(1) / 200
        known = np.isfinite(each) & (weights > 0)
        return float(np.average(each[known], weights=weights[known])) if known.any() else np.nan

    return apart(row, retrain, table, distance)


def _unseen(row: Row, labels: Sequence[int], classes: int) -> np.ndarray:
    """Mean TV between forgotten and unseen images of the same model, by forgotten images."""

    def of(run: Result) -> np.ndarray | None:
        pairs = [(shares(k, classes)(run), shares(k, classes, "unseen")(run)) for k in labels]
        sizes = [_sizes(run, k) for k in labels]
        known = [
            (variation(a, b), size)
            for (a, b), size in zip(pairs, sizes, strict=True)
            if a is not None and b is not None
        ]
        if not known:
            return None
        values, weights = zip(*known, strict=True)
        return np.array(np.average(values, weights=weights))

    return by_pair(row, of)
