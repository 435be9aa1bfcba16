"""Tables for programs: a grid as tab-separated values, and every run with all of its values."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from untrain.bench.job import Result
from untrain.bench.tables.grid import Grid

PLACE = ("data", "model", "forget", "row", "split_seed", "train_seed", "unlearn_seed", "epoch")
KNOWN_BY = ("address", "commit", "device", "precision", "threads")


def tsv(grids: Sequence[Grid]) -> str:
    """Header and rows, without notes; a cell keeps no tab or line break. Several tables stand below
    each other, the first column their title."""
    lines = [line for table in _tables(grids) for line in table]
    return "\n".join("\t".join(" ".join(cell.split()) for cell in line) for line in lines)


def comma(grids: Sequence[Grid]) -> str:
    """The same as CSV."""
    told = io.StringIO()
    csv.writer(told, lineterminator="\n").writerows(x for table in _tables(grids) for x in table)
    return told.getvalue().rstrip("\n")


def _tables(grids: Sequence[Grid]) -> Iterator[list[list[str]]]:
    for grid in grids:
        title = [grid.title] if len(grids) > 1 else []
        head = ["table"] if len(grids) > 1 else []
        yield [[*head, *grid.head], *([*title, *row] for row in grid.rows)]


def long(runs: Sequence[Result]) -> str:
    """CSV with a line for each run: its place, all its values and costs in full precision, empty
    where one was not measured, and where it was made."""
    values = sorted({name for run in runs for name in run.values})
    costs = sorted({name for run in runs for name in run.cost})
    settings = sorted({name for run in runs for name in run.cell.settings})
    told = io.StringIO()
    write = csv.writer(told, lineterminator="\n")
    write.writerow([*PLACE, *settings, *values, *(f"cost_{name}" for name in costs), *KNOWN_BY])
    for run in sorted(runs, key=lambda one: (*_place(one), one.address)):
        environment = run.about.get("environment", {})
        write.writerow(
            [
                *_place(run),
                *(run.cell.settings.get(name, "") for name in settings),
                *_numbers(run.values.get(name) for name in values),
                *_numbers(run.cost.get(name) for name in costs),
                run.address,
                *(environment.get(name, "") for name in KNOWN_BY[1:]),
            ]
        )
    return told.getvalue().rstrip("\n")


def _place(run: Result) -> tuple[Any, ...]:
    cell = run.cell
    block = (cell.block.data, cell.block.model, cell.block.forget)
    seeds = (cell.split_seed, cell.train_seed, cell.unlearn_seed)
    chosen = {"none": "last"}.get(cell.job.select, cell.job.select)
    return (*block, cell.row, *seeds, chosen)


def _numbers(values: Iterable[float | None]) -> list[Any]:
    return ["" if value is None or not math.isfinite(value) else value for value in values]
