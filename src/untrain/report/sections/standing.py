"""All rows beside Retrain as CoUn prints them: `mean±std (gap)`, the average gap, the cost."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from untrain.bench.job import Result
from untrain.bench.numbers.intervals import ENOUGH
from untrain.bench.numbers.statistics import Gap, Row, Table, pair_of
from untrain.bench.numbers.ties import UNRANKED, tied
from untrain.bench.tables.costs import unit_of
from untrain.bench.tables.grid import number
from untrain.bench.tables.main import NOISE, TIE, shown_metrics, valued
from untrain.report.content import Mark, Sheet
from untrain.report.data import shown
from untrain.report.sections.wording import average, interval, measures, named, ranked, seeds

if TYPE_CHECKING:
    from untrain.metrics.audit import Metric

FAR = 5.0
"""Points from which on a distance may be shaded darkest; a hundredth of it for shares."""
SHARES = 3
"""Digits from which on a measure is a share and not a percentage."""
NONE = Mark("-", style="muted", hint="Not measured.")


@dataclass(frozen=True)
class Column:
    """head, hint: what it is called, and is. cell: of a row. single: of one of its runs."""

    head: str
    hint: str
    cell: Callable[[Row], Mark]
    single: Callable[[Row, Result], Mark]


def sheet(table: Table, notes: Sequence[str]) -> Sheet:
    """Original and Retrain on top, then the methods in the order of the study."""
    measured = [_measure(metric, table) for metric in shown_metrics(table)]
    gaps, costs = _gaps(table), _costs(table)
    near = costs[: bool(gaps)]  # what it costs stands beside the gap
    columns = [*gaps[:1], *near, *measured, *gaps[1:], *costs[len(near) :]]
    counts = {len(row.pairs) for row in table.rows}
    rows = [
        [_name(row, len(counts) > 1), *(column.cell(row) for column in columns)]
        for row in table.rows
    ]
    opened = {
        place: [
            [Mark(named(run), hint=run.address), *(one.single(row, run) for one in columns)]
            for run in row.runs
        ]
        for place, row in enumerate(table.rows)
    }
    return Sheet(
        key="closest-table",
        title=f"Every model beside Retrain{_each(counts)}",
        head=["model", *(column.head for column in columns)],
        hints=["Each row opens to its single runs.", *(column.hint for column in columns)],
        rows=rows,
        first=sum(row.label in UNRANKED for row in table.rows),
        opened=opened,
        notes=notes,
    )


def second(table: Table) -> str:
    """The row with the next smallest gap, where seeds tell it from all others; else ""."""
    if not any(row.best for row in table.rows):
        return ""
    rest = [row for row in ranked(table) if not row.best]
    gaps = [row.gap for row in rest if row.gap and len(row.gap.pairs) >= ENOUGH]
    if not gaps or rest[0].gap is not gaps[0] or rest[0].noise:
        return ""
    return "" if any(tied(one, gaps[0]) for one in gaps[1:]) else rest[0].label


def _name(row: Row, counted: bool) -> Mark:
    """counted: whether rows differ in how many seeds they have."""
    name = shown(row.label)
    return Mark(f"{name} (n={len(row.pairs)})" if counted else name, sort=name)


def _each(counts: set[int]) -> str:
    """`, 3 seeds each`, where that is so."""
    return f", {seeds(max(counts))} each" if len(counts) == 1 else ""


def _measure(metric: Metric, table: Table) -> Column:
    goal, digits, name = table.retrain, metric.digits, metric.name
    aims = goal is not None and metric.goal == "Retrain's"

    def apart(row: Row) -> float:
        return row.mean(name) - goal.mean(name) if aims and goal and row is not goal else math.nan

    most = _darkest([apart(row) for row in table.rows if row.label != "original"], digits)

    def cell(row: Row) -> Mark:
        mean, distance = row.mean(name), apart(row)
        if not math.isfinite(mean):
            some = any(name in run.values for run in row.runs)
            return Mark("-", style="muted", hint="Not measured of all its runs.") if some else NONE
        text = valued(mean, row.std(name), distance, digits)
        hint = f"{_side(distance, digits)}{seeds(len(row.pairs))}."
        return Mark(text, sort=mean, shade=_shade(distance, most), hint=hint)

    def single(row: Row, run: Result) -> Mark:
        value, pair = float(run.values.get(name, math.nan)), pair_of(run)
        known = aims and goal and row is not goal and pair in goal.pairs
        beside = goal.values(name, [pair])[0] if known and goal else math.nan
        text = valued(value, math.nan, value - beside, digits)
        return Mark(text, sort=value, hint=_side(value - beside, digits)) if text != "-" else NONE

    return Column(metric.short, f"{metric.definition}. Goal: {metric.goal}.", cell, single)


def _side(distance: float, digits: int) -> str:
    """On which side of Retrain a value lies."""
    if not math.isfinite(distance):
        return ""
    if round(distance, digits) == 0:
        return "As Retrain; "
    return f"{abs(distance):.{digits}f} {'above' if distance > 0 else 'below'} Retrain; "


def _gaps(table: Table) -> list[Column]:
    if not any(row.gap for row in table.rows):
        return []
    most = _darkest([average(row) for row in table.rows if row.label != "original"])
    next_best, over = second(table), measures(table)

    def cell(row: Row) -> Mark:
        if row.gap is None or average(row) is None:
            return _floor(table, "floor") if row is table.retrain else NONE
        marks = TIE * row.tie + NOISE * row.noise
        text = f"{row.gap.average:.2f}{interval(row.gap.low, row.gap.high)}"
        return Mark(
            f"{text} {marks}" if marks else text,
            sort=row.gap.average,
            style="best" if row.best else "second" if row.label == next_best else "",
            shade=_shade(row.gap.average, most),
            hint=f"Floor {number(row.gap.floor)}; {seeds(len(row.pairs))}.",
        )

    def paired(row: Row) -> Mark:
        if row.gap is None or not math.isfinite(row.gap.paired):
            return _floor(table, "paired_floor") if row is table.retrain else NONE
        spread = f"±{row.gap.half:.2f}" if math.isfinite(row.gap.half) else ""
        hint = f"Floor {number(row.gap.paired_floor)}; {seeds(len(row.gap.pairs))} with a Retrain."
        return Mark(f"{row.gap.paired:.2f}{spread}", sort=row.gap.paired, hint=hint)

    def one(row: Row, run: Result) -> Mark:
        value = row.gap.pairs.get(pair_of(run)) if row.gap else None
        return NONE if value is None else Mark(number(value), sort=value)

    gap = (
        f"|mean - Retrain's mean|, averaged over {over}, in points, with a 95 % bootstrap interval "
        "over seeds. Goal: the floor, by which two groups of Retrains differ."
    )
    pair = (
        "Mean over seeds of the gap to the Retrain of the same seed, ± half its 95 % Student "
        "interval; never below the gap of means. In single runs: the gap of this seed."
    )
    found = [
        Column("gap", gap, cell, lambda row, run: Mark("-", style="muted")),
        Column("paired gap", pair, paired, one),
    ]
    return found + [_oracle()] * any(row.oracle_gap for row in table.rows)


def _oracle() -> Column:
    """The gap that somebody who had Retrain could have chosen."""

    def cell(row: Row) -> Mark:
        gap = row.oracle_gap
        if gap is None or not math.isfinite(gap.average):
            return NONE
        return Mark(f"{gap.average:.2f}{interval(gap.low, gap.high)}", sort=gap.average)

    hint = "Of the epoch that lies closest to Retrain, which nobody without Retrain could choose."
    return Column("gap (oracle epoch)", hint, cell, lambda row, run: Mark("-", style="muted"))


def _floor(table: Table, name: str) -> Mark:
    """What Retrains differ by among themselves, in the row of Retrain."""
    gaps: list[Gap] = [row.gap for row in table.rows if row.gap]
    known = [float(getattr(gap, name)) for gap in gaps]
    known = [value for value in known if math.isfinite(value)]
    if not known:
        return Mark("-", style="muted", hint="One Retrain alone has no floor.")
    low, high = number(min(known)), number(max(known))
    return Mark(
        f"floor {low}" if low == high else f"floor {low} to {high}",
        style="muted",
        hint="What Retrains differ by among themselves; it depends on the number of seeds.",
    )


def _costs(table: Table) -> list[Column]:
    """Relative to Retrain's, or as they are where there is none."""
    flops = unit_of([row.mean("flops") for row in table.rows])
    known = (("flops", "FLOPs", *flops), ("seconds", "seconds", 1.0, "s"))
    return [_cost(table, *one) for one in known if any(one[0] in run.cost for run in _runs(table))]


def _cost(table: Table, name: str, head: str, scale: float, unit: str) -> Column:
    theirs = table.retrain.mean(name) if table.retrain else math.nan
    relative = theirs > 0

    def mark(value: float, who: str) -> Mark:
        if not math.isfinite(value):
            return NONE
        plain = f"{value / scale:.3g} {unit}"
        text = f"{value / theirs:.2f}x" if relative else plain
        hint = f"{plain}; no part of the cost of unlearning." if who == "original" else plain
        return Mark(text, sort=value, hint=hint, style="muted" if who == "original" else "")

    told = "relative to Retrain's" if relative else "in all"
    hint = f"{head} of making the model, training alone, {told}. Goal: low."
    return Column(
        head,
        hint,
        lambda row: mark(row.mean(name), row.label),
        lambda row, run: mark(float(run.cost.get(name, math.nan)), row.label),
    )


def _runs(table: Table) -> list[Result]:
    return [run for row in table.rows for run in row.runs]


def _darkest(distances: Sequence[float | None], digits: int = 2) -> float:
    """The distance that is shaded most: the largest of the methods, but no small one."""
    known = [abs(one) for one in distances if one is not None and math.isfinite(one)]
    return max(FAR if digits < SHARES else FAR / 100, *known, 0.0)


def _shade(distance: float, most: float) -> float | None:
    return round(min(1.0, abs(distance) / most), 3) if math.isfinite(distance) else None
