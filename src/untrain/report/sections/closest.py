"""Which method is closest to Retrain: CoUn's table, and the average gap of each row."""

from __future__ import annotations

import math

from untrain.bench.numbers.statistics import Row, Table
from untrain.bench.tables.grid import Grid, number
from untrain.bench.tables.remarks import protocol, surprising, unfinished
from untrain.bench.tables.remarks import seeds as of_seeds
from untrain.report.charts.closest import GapDot, gaps
from untrain.report.charts.palette import scales
from untrain.report.content import Answer, Figure, Part, Section
from untrain.report.data import Report, listed, methods, shown
from untrain.report.sections.standing import sheet
from untrain.report.sections.wording import (
    average,
    few,
    interval,
    measures,
    no_retrain,
    ranked,
    seeds,
    told,
    unranked,
)


def answer(report: Report, table: Table) -> Answer:
    parts: list[Part] = [sheet(table, notes(table))] if table.rows else []
    if table.unpaired or table.retrain is None:
        parts.append(no_retrain(report, table))
    figure = drawn(table)
    return Answer(sentence=sentence(table), parts=[*parts, *([figure] if figure else [])])


def sentence(table: Table) -> str:
    """Who is closest, by how much, and whether the seeds can tell."""
    if not methods(table):
        there = listed([shown(row.label) for row in table.rows])
        return f"Nothing to rank: {f'only {there}' if there else 'no run'} is finished here."
    if table.retrain is None:
        return (
            f"Not known: there is no Retrain. How far {_counted(table)} from it cannot be computed."
        )
    rows = ranked(table)
    if not rows:
        return f"Not known: none of {measures(table)} was measured of all that it takes."
    first, gap = rows[0], rows[0].gap
    assert gap is not None
    name, far = shown(first.label), told(gap)
    if len(rows) == 1:
        said = f"{name} lies {far} from Retrain"
    elif first.best:
        said = f"{name} is closest to Retrain: {far} apart"
    else:
        equal = [
            shown(row.label) for row in rows if f"{average(row):.2f}" == f"{average(first):.2f}"
        ]
        who = f"{_some(equal)} have" if len(equal) > 1 and not first.tie else f"{name} has"
        said = f"{who} the smallest gap to Retrain, {far}{_doubt(first, rows)}"
    floor = (
        f"; two groups of Retrains differ by {gap.floor:.2f} (floor)"
        if math.isfinite(gap.floor)
        else ""
    )
    said += f". That is the average over {measures(table)}{floor}."
    if first.noise:
        said += f" {name} is as near as another Retrain would be."
    if first.best:
        said += f" Next comes {shown(rows[1].label)} with {average(rows[1]):.2f}."
    lacking = unranked(table)
    rest = f" Without a gap, as something was not measured: {listed(lacking)}." if lacking else ""
    return said + _doing_nothing(table) + rest


def _counted(table: Table) -> str:
    count = len(methods(table))
    return "the one method is" if count == 1 else f"the {count} methods are"


def _doubt(first: Row, rows: list[Row]) -> str:
    """Why the row with the smallest gap is not said to be the closest."""
    tied = [shown(row.label) for row in rows[1:] if row.tie]
    count = len(first.pairs)
    if tied:
        return f", but {seeds(count)} cannot tell it from {_some(tied)}"
    return (
        f" in {seeds(count)}, which say no more"
        if count > 1
        else " in one seed, which says no more"
    )


def _some(names: list[str]) -> str:
    return listed(names) if len(names) <= 4 else listed([*names[:3], f"{len(names) - 3} more"])


def _doing_nothing(table: Table) -> str:
    original = table.row("original")
    far = average(original) if original else None
    return "" if far is None else f" The Original, which forgets nothing, lies {far:.2f} away."


def notes(table: Table) -> list[str]:
    """What is missing, what surprises, and what the marks mean."""
    found = [*unfinished(table), *of_seeds(table), *protocol(table), *surprising(table)]
    if table.retrain:
        found.append(
            "Shades show the distance to Retrain, whichever side: to forget more than Retrain does "
            "is no merit. Rows stand in the order of the study, which is no ranking."
        )
    if any(row.best for row in table.rows):
        found.append("Bold: the smallest gap, which the seeds tell from all others.")
    if any(row.tie for row in table.rows):
        found.append("†: a tie with the smallest gap, by the 95 % interval of the paired gaps.")
    if any(row.noise for row in table.rows):
        found.append("‡: not told from a gap between Retrains with so many seeds.")
    return found


def drawn(table: Table) -> Figure | None:
    """A dot for each gap, beside what Retrains differ by; None without gaps."""
    rows = [row for row in table.rows if average(row) is not None]
    if not rows:
        return None
    rows.sort(key=lambda row: average(row) or 0.0)
    dots = [_dot(row) for row in rows]
    lines = [
        [one.model, *map(number, (one.gap, one.low, one.high, one.floor)), str(one.seeds)]
        for one in dots
    ]
    spread = "" if few(table) else ", with its 95 % interval"
    floor = any(one.floor is not None for one in dots)
    band = " Shaded: what two groups of Retrains differ by." if floor else ""
    return Figure(
        key="closest-gaps",
        title="Average gap to Retrain, in points" + (", over the floor (shaded)" if floor else ""),
        description=f"The average gap of each model to Retrain{spread}, the smallest on top: "
        + "; ".join(f"{dot.model} {dot.gap:.2f}{interval(dot.low, dot.high)}" for dot in dots)
        + f".{band}",
        specs=[gaps(dots, scales(table))],
        table=Grid(
            "Average gap to Retrain",
            ["model", "gap", "95 % from", "to", "floor", "seeds"],
            lines,
            [f"Over {measures(table)}, in percentage points.{band}"],
        ),
        static=True,
    )


def _dot(row: Row) -> GapDot:
    gap = row.gap
    assert gap is not None
    floor = gap.floor if gap.floor == gap.floor else None
    return GapDot(shown(row.label), gap.average, gap.low, gap.high, floor, len(row.pairs))


SECTION = Section(
    key="closest",
    question="Which method is closest to Retrain?",
    reading=(
        "Retrain never saw the forgotten images, so it is the goal: the best value is Retrain's, "
        "not the largest. The gap is the mean distance to it over several measures, in points; "
        "beside the floor, which is what Retrains differ by among themselves, no gap says anything."
    ),
    answer=answer,
)
