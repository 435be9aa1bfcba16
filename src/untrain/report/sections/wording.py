"""Words and choices that several sections share: who is nearest, in how many points, and who lacks
a number."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping, Sequence

from untrain.bench.job import Result
from untrain.bench.numbers.intervals import ENOUGH
from untrain.bench.numbers.statistics import Gap, Row, Table
from untrain.bench.tables.grid import Grid
from untrain.bench.tables.remarks import paired
from untrain.data.sets.hidden import hidden
from untrain.report.content import Mark, Missing, Sheet
from untrain.report.data import Report, listed, methods, shown


def ranked(table: Table) -> list[Row]:
    """Methods whose gap is known, the smallest first; the order of the table where they are equal.

    The order alone is no ranking: see the marks of each row.
    """
    known = [row for row in methods(table) if average(row) is not None]
    return sorted(known, key=lambda row: average(row) or 0.0)


def nearest(table: Table) -> list[Row]:
    """The method with the smallest gap, and those that cannot be told from it: by seeds where
    there are enough of them, else those of the same gap as it is shown."""
    rows = ranked(table)
    if not rows or rows[0].best:
        return rows[:1]
    if rows[0].tie:
        return [row for row in rows if row is rows[0] or row.tie]
    return [row for row in rows if f"{average(row):.2f}" == f"{average(rows[0]):.2f}"]


def unranked(table: Table) -> list[str]:
    """Methods without a gap, though there is a Retrain."""
    return (
        [shown(row.label) for row in methods(table) if average(row) is None]
        if table.retrain
        else []
    )


def average(row: Row) -> float | None:
    """The gap of means; None where it is not known."""
    return row.gap.average if row.gap and math.isfinite(row.gap.average) else None


def told(gap: Gap) -> str:
    """`3.05 points [2.96, 3.22]`; no interval where there are too few seeds for one."""
    return f"{gap.average:.2f} points{interval(gap.low, gap.high)}"


def interval(low: float, high: float) -> str:
    return f" [{low:.2f}, {high:.2f}]" if math.isfinite(low + high) else ""


def measures(table: Table) -> str:
    """The measures of the average gap: RA, UA, TA and MIA."""
    from untrain.metrics.audit import METRICS

    short = {metric.name: metric.short for metric in METRICS}
    return listed([short.get(name, name) for name in table.over])


def seeds(count: int) -> str:
    return f"{count} seed{'s' * (count != 1)}"


def few(table: Table) -> bool:
    """Whether no row has as many seeds as a spread takes."""
    return all(len(row.pairs) < ENOUGH for row in table.rows)


def named(run: Result) -> str:
    """A run by its seeds: `seed 0`; those that are 0 everywhere else are left out."""
    cell = run.cell
    parts = [f"seed {cell.train_seed}"]
    parts += [f"split {cell.split_seed}"] if cell.split_seed else []
    apart = cell.unlearn_seed not in (0, cell.train_seed)
    return ", ".join(parts + ([f"unlearning seed {cell.unlearn_seed}"] if apart else []))


def no_retrain(report: Report, table: Table) -> Missing:
    """That there is nothing to compare with, or not for all seeds; and what changes it."""
    if report.make.startswith("untrain bench run"):
        command = f"{report.make} --only retrain"
    else:
        command = _trained([run for row in table.rows for run in row.runs])
    why = (
        "How close a method comes is told by its distance to a model that was trained without the "
        "forgotten images. Train it with the settings of the Original, on the same split."
    )
    what = "Retrain"
    if table.retrain:
        what = f"Retrain for {paired(sorted({pair for _, pair in table.unpaired}))}"
        why = f"Methods of the same seed have no paired gap without it. {why}"
    return Missing(what, why, command)


def _trained(runs: Sequence[Result]) -> str:
    """How a Retrain for these runs is trained; paths and persons are left to the reader."""
    rules = max((run.cell.rules for run in runs), key=len, default=())
    asked = [shlex.quote(rule) if hidden(rule) == rule else "RULE" for rule in rules] or ["RULE"]
    kind, colon, _ = (runs[0].cell.job.data.data if runs else "DATA").partition(":")
    words = ["untrain", "train", "--data", f"{kind}:PATH" if colon else kind]
    return " ".join([*words, *(word for rule in asked for word in ("--forget", rule))])


def proper(grid: Grid, table: Table, counts: Mapping[str, int] | None = None) -> Grid:
    """The table of a study as a page tells it: rows by their proper names, no block in its title.

    counts: how many values a row's numbers are of, where that is not its number of seeds.
    """
    names = {}
    for row in table.rows:
        count = len(row.pairs)
        known = (counts or {}).get(row.label, count)
        names[f"{row.label} (n={count})"] = f"{shown(row.label)} (n={known})"
    lines = [[names.get(line[0], shown(line[0])), *line[1:]] for line in grid.rows]
    told = grid.title.removeprefix(f"{table.block}: ")
    return Grid(told[:1].upper() + told[1:], grid.head, lines, list(grid.notes))


def sheet_of(grid: Grid, key: str, first: int = 0, hints: Sequence[str] = ()) -> Sheet:
    """A table of text as content of the page; cells that are numbers are sorted as such."""
    rows = [[Mark(cell, sort=_number(cell)) for cell in row] for row in grid.rows]
    return Sheet(
        key=key,
        title=grid.title,
        head=grid.head,
        rows=rows,
        hints=hints,
        first=first,
        notes=grid.notes,
    )


def _number(cell: str) -> float | str:
    first = cell.replace("±", " ").replace("x", " ").split(" ")[0]
    try:
        return float(first)
    except ValueError:
        return cell
