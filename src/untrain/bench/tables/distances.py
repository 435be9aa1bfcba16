"""How far forgotten images lie from the centre of each retained class: table 4 of CoUn.

L1: sum over retained classes of |difference to Retrain's row|.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from untrain.bench.job import Result
from untrain.bench.numbers.statistics import Row, Table
from untrain.bench.tables.grid import Grid, over_seeds
from untrain.bench.tables.pairing import Vector, apart, audited, by_pair, leading, seeds
from untrain.bench.tables.printed_classes import printed, remark, with_printed

AUDIT = "centroids"
FEW = 3
"""Forgotten classes that have a table each where none is asked for by name."""
SHOWN = 10
"""Retained classes that have a column: those nearest to Retrain's images."""
KINDS = {
    "row_max": "divided by the largest of the row, which fits the printed values",
    "within": "in root mean square radii of the retained class",
    "row_sum": "divided by the sum of the row",
    "minmax": "from 0 at the nearest class to 1 at the farthest",
    "none": "as they are",
}


def distances(
    table: Table, classes: Sequence[str] = (), paper: str = "", kind: str = "row_max"
) -> list[Grid]:
    """A grid for each class by name; if none of these is forgotten, for those that are gone or few.

    Of requests of retained classes also one of what lies near its own class.
    paper: whose printed rows stand below ours. kind: one of KINDS. Raises ValueError for another.
    """
    if kind not in KINDS:
        raise ValueError(f"kind is one of {', '.join(KINDS)}, not {kind}")
    rows = [row for row in table.rows if any(audited(run, AUDIT) for run in row.runs)]
    found = next(audited(run, AUDIT) for row in rows for run in row.runs if audited(run, AUDIT))
    names, present = found["classes"], sorted(map(int, found["forget"]))
    gone = [k for k in present if k not in found["retained"]]
    chosen = [k for k in present if names[k] in classes]
    chosen = chosen or gone or (present if len(present) <= FEW else [])
    grids = [_of_class(table, rows, label, kind, paper) for label in chosen[:FEW]]
    return grids + ([] if len(gone) == len(present) else [_own(table, rows, present, kind)])


def profile(label: int, kind: str) -> Vector:
    """Normalised distances of a class to each retained one, (R,)."""

    def of(run: Result) -> np.ndarray | None:
        from untrain.metrics.distance.centroids import normalised
        from untrain.metrics.embeddings import Classes

        found = audited(run, AUDIT)
        row = found.get("forget", {}).get(str(label))
        if not row:
            return None
        radius = np.array(found["radius"], np.float64)
        centres = Classes(np.zeros((len(radius), 1)), np.ones(len(radius), np.int64), radius)
        return normalised(np.array(row, np.float64), centres, kind)

    return of


def far(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).sum())


def _of_class(table: Table, rows: list[Row], label: int, kind: str, paper: str) -> Grid:
    found = next(audited(run, AUDIT) for row in rows for run in row.runs if audited(run, AUDIT))
    names = found["classes"]
    mine = profile(label, kind)
    drawn = {row.label: by_pair(row, mine) for row in rows}
    columns = [int(place) for place in np.argsort(leading(drawn), kind="stable")[:SHOWN]]
    lines = []
    for row in rows:
        values = drawn[row.label]
        cells = [over_seeds(values[:, place], 3) if len(values) else "-" for place in columns]
        lines.append([seeds(row), *cells, over_seeds(apart(row, table.retrain, mine, far), 3)])
    head = [names[found["retained"][place]] for place in columns]
    theirs = printed(paper, AUDIT, table.block, names[label]) if kind == "row_max" else {}
    lines = with_printed(lines, [row.label for row in rows], head, theirs)
    title = f"{table.block}: distance of forgotten {names[label]} images to class centres"
    notes = [_tells(kind), *remark(paper, AUDIT, theirs)]
    return Grid(title, ["model", *head, "L1"], lines, notes)


def _own(table: Table, rows: list[Row], present: list[int], kind: str) -> Grid:
    """Memorisation: the own class's centre, forgotten less unseen images; and L1 over classes."""

    def value(run: Result) -> np.ndarray | None:
        own = audited(run, AUDIT).get("own_class", {}).get("value")
        return None if own is None else np.array(own)

    lines = []
    for row in rows:
        each = [apart(row, table.retrain, profile(k, kind), far) for k in present]
        known = [values for values in each if len(values)]
        own = over_seeds(by_pair(row, value), 4)
        lines.append([seeds(row), own, over_seeds(np.mean(known, axis=0) if known else [], 3)])
    title = f"{table.block}: distance of forgotten images to class centres"
    note = (
        "own class: distance to the own class's centre, forgotten less unseen images, in radii of "
        "the class; below 0: memorised. L1 here is the mean over forgotten classes."
    )
    return Grid(title, ["model", "own class", "L1"], lines, [note, _tells(kind)])


def _tells(kind: str) -> str:
    return (
        f"Distances are {KINDS[kind]} ({kind}). L1: sum of differences to Retrain's row, mean over "
        "the Retrains of the same split; in Retrain's row, between Retrains: the floor."
    )
