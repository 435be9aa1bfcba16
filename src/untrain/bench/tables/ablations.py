"""One setting at a time: a row for each of its values, Fig. 7 to 10 of CoUn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from untrain.bench.numbers.statistics import Row, Table
from untrain.bench.tables.costs import gap
from untrain.bench.tables.grid import Grid, number, over_seeds
from untrain.bench.tables.pairing import seeds

MEASURES = {
    "retain_accuracy": "RA",
    "unlearn_accuracy": "UA",
    "test_accuracy": "TA",
    "mia_efficacy": "MIA",
}


def ablations(table: Table) -> list[Grid]:
    """A grid for each method of which several settings were asked for."""
    return [_grid(table, label, rows) for label, rows in families(table).items() if len(rows) > 1]


def families(table: Table) -> dict[str, list[Row]]:
    """The rows of each label but Original and Retrain, by the values of their settings."""
    found: dict[str, list[Row]] = {}
    for row in table.rows:
        label = row.runs[0].cell.label if row.runs else ""
        if label not in ("", "original", "retrain"):
            found.setdefault(label, []).append(row)
    return {label: sorted(rows, key=_place) for label, rows in found.items()}


def settings(row: Row) -> Mapping[str, Any]:
    return row.runs[0].cell.settings


def _place(row: Row) -> list[tuple[str, float, str]]:
    """Numbers by size, words by name."""
    return [
        (name, float(value), "") if isinstance(value, int | float) else (name, 0.0, str(value))
        for name, value in settings(row).items()
    ]


def _grid(table: Table, label: str, rows: list[Row]) -> Grid:
    names = list(dict.fromkeys(name for row in rows for name in settings(row)))
    first = [row for row in table.rows if row.label == "retrain"]
    lines = []
    for row in first + rows:
        own = {} if row in first else settings(row)
        told = [str(own.get(name, "-")) for name in names]
        cells = [over_seeds(row.values(measure)) for measure in MEASURES]
        floor = number(row.gap.floor if row.gap else None)
        cost = number(row.relative.get("flops"), 3, "x")
        name = seeds(row) if row in first else f"{label} (n={len(row.pairs)})"
        lines.append([name, *told, *cells, gap(row), floor, cost])
    head = ["model", *names, *MEASURES.values(), "gap", "floor", "FLOPs"]
    note = (
        "In the order of the values, which is no ranking: gaps that differ by less than their "
        "intervals, or lie under the floor, are not told apart."
    )
    title = f"{table.block}: {label} by {', '.join(names)}"
    return Grid(title, head, lines, [note])
