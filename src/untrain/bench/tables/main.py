"""The main table: each row beside Retrain, as cells of text that every form is made of."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from untrain.bench.numbers.counterparts import beside
from untrain.bench.numbers.paper import Paper, Printed
from untrain.bench.numbers.statistics import Gap, Row, Table
from untrain.bench.numbers.ties import UNRANKED
from untrain.bench.tables.grid import Grid, number
from untrain.bench.tables.remarks import notes, title

if TYPE_CHECKING:
    from untrain.metrics.audit import Metric

TIE, NOISE, BEST, WRONG = "†", "‡", "*", "§"


@dataclass(frozen=True, kw_only=True)
class Look:
    """How a table is told. study: its name, for commands. spread: behind a mean the standard
    deviation or half the 95 % interval. preset: what settings are told over. paper: whose printed
    rows stand below ours, of these tables. only: rows that are shown; () is all.
    command: what makes the table. notes: sentences that stand before all others."""

    study: str = "STUDY"
    spread: Literal["std", "interval"] = "std"
    preset: str = ""
    paper: Paper | None = None
    tables: tuple[int, ...] = ()
    only: tuple[str, ...] = ()
    command: str = ""
    notes: tuple[str, ...] = ()

    def shows(self, row: str) -> bool:
        """Original and Retrain always stand in the table."""
        return not self.only or row in (*self.only, *UNRANKED)


@dataclass(frozen=True)
class Column:
    """head, goal: what it is called, and what a good value is. cell: of a row. printed: of a
    paper's row."""

    head: str
    goal: str
    cell: Callable[[Row], str]
    printed: Callable[[Printed], str] = field(default=lambda row: "-")


def grid(table: Table, look: Look | None = None) -> Grid:
    """The table as cells, with its title and the sentences below it."""
    look = look or Look()
    if not table.rows:
        return Grid(title(table), ["model"], [], notes(table, look, {}))
    found = columns(table, look)
    printed = beside(table, look.paper, look.tables) if look.paper else {}
    rows = [["(goal)", *(column.goal for column in found)]]
    for row in table.rows:
        if not look.shows(row.label):
            continue
        rows.append([f"{row.label} (n={len(row.pairs)})", *(one.cell(row) for one in found)])
        if row.label in printed:
            theirs = printed[row.label]
            told = f"  printed, table {theirs.table}"
            rows.append([told, *(column.printed(theirs) for column in found)])
    head = ["model", *(column.head for column in found)]
    return Grid(title(table), head, rows, notes(table, look, printed))


def shown_metrics(table: Table) -> list[Metric]:
    """The measures that any run of the table has, those of single requests last."""
    from untrain.metrics.audit import GONE, METRICS, of_request

    names = {name for row in table.rows for run in row.runs for name in run.values}
    prefix = "unlearn_accuracy_"
    numbers = sorted(int(n.removeprefix(prefix)) for n in names if n.startswith(prefix))
    return [
        metric for metric in (*METRICS, GONE, *map(of_request, numbers)) if metric.name in names
    ]


def columns(table: Table, look: Look) -> list[Column]:
    """Measures, then gaps, then cost."""
    found = [_measure(metric, table, look) for metric in shown_metrics(table)]
    gaps = [row.gap for row in table.rows if row.gap is not None]
    if gaps:
        found.append(Column("gap", "0", _average, lambda row: _theirs(row, look.paper)))
        found.append(Column("floor", "", lambda row: _of(row.gap, lambda gap: number(gap.floor))))
        found.append(Column("paired gap", "0", lambda row: _of(row.gap, _paired)))
        found.append(
            Column(
                "paired floor", "", lambda row: _of(row.gap, lambda gap: number(gap.paired_floor))
            )
        )
    if any(row.oracle_gap for row in table.rows):
        head = "gap (oracle epoch)"
        found.append(Column(head, "0", lambda row: _of(row.oracle_gap, _interval)))
    for name, head in (("flops", "FLOPs"), ("seconds", "seconds")):
        if any(name in row.relative for row in table.rows):
            found.append(_cost(name, head, look.paper))
    return found


def _measure(metric: Metric, table: Table, look: Look) -> Column:
    goal, digits, paper = table.retrain, metric.digits, look.paper

    def cell(row: Row) -> str:
        spread = row.std(metric.name) if look.spread == "std" else row.half(metric.name)
        apart = row.mean(metric.name) - goal.mean(metric.name) if goal else float("nan")
        beside = math.nan if row is goal or metric.goal != "Retrain's" else apart
        return valued(row.mean(metric.name), spread, beside, digits)

    def printed(row: Printed) -> str:
        if paper is None or metric.name not in row.mean:
            return "-"
        theirs = paper.retrains[row.block]
        apart = row.mean[metric.name] - theirs.mean[metric.name]
        beside = math.nan if row.method == "retrain" else apart
        return valued(row.mean[metric.name], row.std[metric.name], beside, digits)

    return Column(metric.short, metric.goal, cell, printed)


def valued(mean: float, spread: float, apart: float, digits: int) -> str:
    """`99.90±0.01 (-0.08)`: mean, spread, and the signed distance to Retrain."""
    text = number(mean, digits)
    text += f"±{spread:.{digits}f}" if math.isfinite(spread) and text != "-" else ""
    return text + (f" ({signed(apart, digits)})" if math.isfinite(apart) else "")


def signed(value: float, digits: int = 2) -> str:
    """With its sign; what rounds to 0 has none of its own."""
    if not math.isfinite(value):
        return "-"
    text = f"{value:+.{digits}f}"
    return text.replace("-", "+") if float(text) == 0 else text


def _average(row: Row) -> str:
    marks = TIE * row.tie + NOISE * row.noise + BEST * row.best
    told = _of(row.gap, _interval)
    return f"{told} {marks}" if marks else told


def _interval(gap: Gap) -> str:
    spread = f" [{gap.low:.2f}, {gap.high:.2f}]" if math.isfinite(gap.low + gap.high) else ""
    return number(gap.average) + spread


def _paired(gap: Gap) -> str:
    spread = f"±{gap.half:.2f}" if math.isfinite(gap.half) else ""
    return number(gap.paired) + spread


def _theirs(row: Printed, paper: Paper | None) -> str:
    if paper is None or row.method == "retrain":
        return "-"
    return number(paper.recomputed(row)) + ("" if paper.adds_up(row) else f" {WRONG}")


def _cost(name: str, head: str, paper: Paper | None) -> Column:
    def cell(row: Row) -> str:
        return number(row.relative.get(name, math.nan), 2, "x")

    def printed(row: Printed) -> str:
        return number(paper.cost(row), 2, "x") if paper and name == "flops" else "-"

    return Column(head, "low", cell, printed)


def _of(gap: Gap | None, told: Callable[[Gap], str]) -> str:
    return "-" if gap is None else told(gap)


def grids(tables: Sequence[Table], look: Look) -> list[Grid]:
    return [grid(table, look) for table in tables]
