"""A paper's own tables, its gaps recomputed from its printed means, and the lead of its method."""

from __future__ import annotations

from collections.abc import Sequence

from untrain.bench.numbers.paper import SHORT, TRIALS, Paper, Printed, lead
from untrain.bench.tables.grid import Grid
from untrain.bench.tables.main import WRONG, signed

OWN = "coun"
"""The method that the others' gaps are set beside."""


def printed(paper: Paper, tables: Sequence[int] = ()) -> list[Grid]:
    """A grid per table and block, in the paper's order; a block's Retrain stands first in each."""
    blocks: dict[tuple[int, tuple[str, str, str]], list[Printed]] = {}
    for row in paper.rows:
        if not tables or row.table in tables:
            blocks.setdefault((row.table, row.block), []).append(row)
    return [_grid(paper, table, rows) for (table, _), rows in blocks.items()]


def _grid(paper: Paper, table: int, rows: list[Printed]) -> Grid:
    retrain = paper.retrains[rows[0].block]
    own = paper.find(retrain.block, OWN)
    borrowed = [] if retrain in rows else [retrain]
    head = ["model", *(name.upper() for name in SHORT.values()), "gap", "printed gap", "FLOPs"]
    head += [f"gap less {own.name}'s [95 %]"] if own else []
    lines = [_line(paper, row, own) for row in (*borrowed, *rows)]
    notes = [
        f"gap: recomputed from the printed means. Means and deviations of {TRIALS[paper.name]} "
        "trials."
    ]
    if borrowed:
        notes.append(f"Retrain is that of table {retrain.table}: table {table} has none.")
    if own:
        notes.append(
            f"gap less {own.name}'s: its interval is simulated from the printed deviations, trials "
            "taken as independent; where it holds 0, the paper's numbers do not tell the two apart."
        )
    flags = [flag for row in rows if (flag := paper.flag(row))]
    notes += [f"{WRONG} {flag[0].upper()}{flag[1:]}" for flag in flags]
    return Grid(f"{paper.name}, table {table}: {' / '.join(retrain.block)}", head, lines, notes)


def _line(paper: Paper, row: Printed, own: Printed | None) -> list[str]:
    retrain = paper.retrains[row.block]
    cells = [row.name.replace("++", "+ +")]  # neggrad+ with the term
    for name in SHORT:
        apart = "" if row is retrain else f" ({signed(row.mean[name] - retrain.mean[name])})"
        cells.append(f"{row.mean[name]:.2f}±{row.std[name]:.2f}{apart}")
    if row is retrain:
        cells += ["-", "-"]
    else:
        wrong = "" if paper.adds_up(row) else f" {WRONG}"
        cells += [f"{paper.recomputed(row):.2f}", f"{row.gap:.2f}{wrong}"]
    cells.append(f"{paper.cost(row):.2f}x")
    if own:
        cells.append("-" if row in (retrain, own) else _lead(paper, row, own))
    return cells


def _lead(paper: Paper, row: Printed, own: Printed) -> str:
    low, high = lead(paper, row, own)
    apart = paper.recomputed(row) - paper.recomputed(own)
    return f"{signed(apart)} [{signed(low)}, {signed(high)}]"
