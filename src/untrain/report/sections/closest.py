"""Which method is closest to Retrain: CoUn's table, and the average gap of each row."""

from __future__ import annotations

import math

from untrain.bench.numbers.statistics import Row, Table
from untrain.bench.tables.grid import Grid, number
from untrain.bench.tables.remarks import protocol, unfinished
from untrain.bench.tables.remarks import seeds as of_seeds
from untrain.report.charts.closest import GapDot, gaps
from untrain.report.charts.palette import scales
from untrain.report.content import Answer, Figure, Part, Section
from untrain.report.data import Report, listed, methods, shown
from untrain.report.found.surprises import surprises
from untrain.report.sections.standing import second, sheet
from untrain.report.sections.wording import (
    average,
    few,
    interval,
    measures,
    nearest,
    no_retrain,
    ranked,
    seeds,
    told,
    unranked,
)

FEW = 3
"""Methods that a sentence names; more are counted."""


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
        verb = "are" if len(table.rows) > 1 else "is"
        return f"Nothing to rank: {f'only {there} {verb}' if there else 'no run is'} finished here."
    if table.retrain is None:
        return (
            f"Not known: there is no Retrain. How far {_counted(table)} from it cannot be computed."
        )
    rows = ranked(table)
    if not rows:
        return f"Not known: none of {measures(table)} was measured of all that it takes."
    first, gap = rows[0], rows[0].gap
    assert gap is not None
    floor = (
        f"; two groups of Retrains differ by {gap.floor:.2f} (the floor)"
        if math.isfinite(gap.floor)
        else ""
    )
    following = (
        f" Next comes {shown(rows[1].label)} with {average(rows[1]):.2f}." if first.best else ""
    )
    said = f"{_nearest(rows, nearest(table))}.{following}"
    said += f" The gap is the average over {measures(table)}{floor}."
    if first.noise:
        said += f" {shown(first.label)} is as near as another Retrain would be."
    lacking = unranked(table)
    rest = f" Without a gap, as something was not measured: {listed(lacking)}." if lacking else ""
    return said + _doing_nothing(table) + rest


def _nearest(rows: list[Row], near: list[Row]) -> str:
    """Who is closest, in a few words: one, several of the same gap, or a tie."""
    first, gap = rows[0], rows[0].gap
    assert gap is not None
    name, far, count = shown(first.label), told(gap), len(first.pairs)
    others = [shown(row.label) for row in near if row is not first]
    if len(rows) == 1:
        return f"{name} lies {far} from Retrain"
    if first.best:
        return f"{name} is closest to Retrain: {far} away"
    if first.tie and others:
        which = f"{len(others)} other methods" if len(others) > FEW else listed(others)
        doubt = f"but {seeds(count)} cannot tell it from {which}"
        return f"{name} has the smallest gap to Retrain, {far}, {doubt}"
    doubt = "one seed" if count == 1 else f"{seeds(count)}, too few to tell methods apart"
    if others:
        who = listed([name, *others]) if len(others) < FEW else f"{len(near)} methods"
        return f"{who} have the same gap to Retrain, {far} ({doubt})"
    return f"{name} has the smallest gap to Retrain, {far} ({doubt})"


def _counted(table: Table) -> str:
    count = len(methods(table))
    return "the one method is" if count == 1 else f"the {count} methods are"


def _doing_nothing(table: Table) -> str:
    original = table.row("original")
    far = average(original) if original else None
    return "" if far is None else f" The Original, which forgets nothing, lies {far:.2f} away."


def notes(table: Table) -> list[str]:
    """What is missing, what surprises, and what the marks mean."""
    found = [*unfinished(table, shown), *of_seeds(table, shown), *protocol(table)]
    found += surprises(table)
    if table.retrain:
        found.append(
            "Shades show the distance to Retrain, whichever side: to forget more than Retrain does "
            "is no merit. Rows stand in the order of the study, which is no ranking."
        )
    if any(row.best for row in table.rows):
        after = " Underlined: the next, told from the others as well." * bool(second(table))
        found.append(f"Bold: the smallest gap, which the seeds tell from all others.{after}")
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
        "not the largest. The gap is the mean distance to it over several measures, in points. A "
        "gap no larger than the floor, by which Retrains differ among themselves, says nothing."
    ),
    answer=answer,
)
