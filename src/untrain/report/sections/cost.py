"""What it costs to come near Retrain: gap against FLOPs, seconds or images."""

from __future__ import annotations

import math

from untrain.bench.numbers.mixing import mixed
from untrain.bench.numbers.statistics import Row, Table
from untrain.bench.tables.costs import costs
from untrain.bench.tables.grid import Grid
from untrain.report.charts.cost import Spent, front, tradeoff
from untrain.report.charts.palette import scales
from untrain.report.content import Answer, Control, Figure, Part, Section
from untrain.report.data import Report, listed, methods, shown
from untrain.report.sections.wording import nearest, proper, ranked, sheet_of

KINDS = {"flops": "FLOPs", "seconds": "seconds", "samples": "images seen"}
WITHIN = 0.5
"""Points of gap that still count as near the closest."""
APART = "seconds do not compare"


def answer(report: Report, table: Table) -> Answer:
    grid = proper(costs(table)[0], table)
    doubts = [
        note
        for note in mixed((run for row in table.rows for run in row.runs), shown)
        if APART in note
    ]
    grid.notes.extend(doubts)
    if not _known(table):
        there = bool(grid.rows) and any(run.cost for row in table.rows for run in row.runs)
        parts: list[Part] = [sheet_of(grid, "cost-table")] if there else []
        return Answer(sentence=_unknown(table), parts=parts)
    points = {kind: found for kind in KINDS if (found := spent(table, kind))}
    if doubts and len(points) > 1:
        points.pop("seconds", None)
    return Answer(sentence=sentence(table, bool(doubts)), parts=[_figure(table, points, grid)])


def _known(table: Table) -> bool:
    return any(len(spent(table, kind)) > 1 for kind in KINDS)


def _unknown(table: Table) -> str:
    if not methods(table):
        return "No method is finished here, so there is no cost to tell."
    if table.retrain is None:
        return (
            "Without a Retrain neither the gap nor the share of its cost is known; the table has "
            "what each model took."
        )
    return "No row has both a gap and a cost; the table has what is known."


def spent(table: Table, kind: str) -> list[Spent]:
    """Methods by cost over Retrain's, and Retrain at 1; [] where Retrain's is not known."""
    theirs = table.retrain.mean(kind) if table.retrain else math.nan
    if not theirs > 0:
        return []
    found = [one for row in methods(table) if (one := _spent(row, kind, theirs))]
    return [Spent("retrain", 1.0, 0.0), *found] if found else []


def _spent(row: Row, kind: str, theirs: float) -> Spent | None:
    gap, cost = row.gap, row.mean(kind) / theirs
    if gap is None or not math.isfinite(gap.average) or not cost > 0:
        return None  # what costs nothing has no place on a logarithmic axis
    pairs = list(gap.pairs)
    own = [float(one) / theirs for one in row.values(kind, pairs)] if pairs else []
    runs = [
        (one, gap.pairs[pair])
        for one, pair in zip(own, pairs, strict=True)
        if one > 0 and math.isfinite(gap.pairs[pair])
    ]
    return Spent(row.label, cost, gap.average, gap.low, gap.high, runs if len(runs) > 1 else ())


def sentence(table: Table, mixed_machines: bool) -> str:
    """The closest with its cost, the cheapest as near as it, and the cheapest of all."""
    kind = next(kind for kind in KINDS if len(spent(table, kind)) > 1)
    points = {one.model: one for one in spent(table, kind)[1:]}
    close = [points[row.label] for row in nearest(table) if row.label in points]
    close = close or [points[row.label] for row in ranked(table) if row.label in points][:1]
    near = min(close, key=lambda one: one.cost)
    count = len(nearest(table))
    free = [shown(row.label) for row in nearest(table) if row.mean(kind) == 0]
    others = "other " if free else ""
    who = (
        f"{shown(near.model)}, the {others}nearest, takes"
        if len(close) == 1
        else f"{shown(near.model)}, the cheapest of the {others}{len(close)} nearest, takes"
    )
    told = f"Of the {count} nearest {listed(free)} trained nothing. " if free else ""
    told += f"{who} {_cost(table, near.model, not mixed_machines)}."
    as_near = [one for one in points.values() if one.gap <= near.gap + WITHIN]
    cheap = min(as_near, key=lambda one: one.cost)
    if cheap.model != near.model:
        share = _cost(table, cheap.model, not mixed_machines)
        told += (
            f" The cheapest that comes within {WITHIN} points of it is {shown(cheap.model)}: "
            f"{share}, gap {cheap.gap:.2f}."
        )
    elif len(points) > len(close):
        told += " Nothing cheaper comes as near."
    least = min(points.values(), key=lambda one: one.cost)
    cheaper = _percent(least.cost) != _percent(near.cost)
    if cheaper and least.model not in (near.model, cheap.model):
        told += (
            f" The cheapest of all, {shown(least.model)} ({_percent(least.cost)}), lies "
            f"{least.gap:.2f} points away."
        )
    return told + (
        " Seconds do not compare here: the runs do not share a machine." * mixed_machines
    )


def _percent(share: float) -> str:
    """`50 %` of Retrain's; what costs more as a multiple of it."""
    return f"{share:.2g} times" if share >= 2 else f"{100 * share:.2g} %"


def _cost(table: Table, label: str, seconds: bool) -> str:
    """`50 % of Retrain's FLOPs and 32 % of its seconds`; seconds only where they compare."""
    row, retrain = table.row(label), table.retrain
    assert row is not None
    assert retrain is not None
    known = {
        kind: row.mean(kind) / retrain.mean(kind)
        for kind in KINDS
        if retrain.mean(kind) > 0 and math.isfinite(row.mean(kind))
    }
    wanted = [
        kind for kind in ("flops", "seconds") if kind in known and (seconds or kind == "flops")
    ]
    shares = {KINDS[kind]: known[kind] for kind in wanted or list(known)[:1]}
    told = [
        f"{_percent(share)}{' of' * (share < 2)} {whose} {name}"
        for whose, (name, share) in zip(("Retrain's", "its"), shares.items(), strict=False)
    ]
    return " and ".join(told)


def _figure(table: Table, points: dict[str, list[Spent]], grid: Grid) -> Figure:
    shown_kind = next(iter(points))
    best = [shown(one.model) for one in front(points[shown_kind]) if one.model != "retrain"]
    drawn = {one.model for kind in points.values() for one in kind}
    left = [shown(row.label) for row in methods(table) if row.label not in drawn]
    if left:
        why = "as their gap or cost is not known, or the cost is 0"
        grid.notes.append(f"Not drawn: {listed(left)}, {why}.")
    floors = [row.gap.floor for row in methods(table) if row.gap and math.isfinite(row.gap.floor)]
    return Figure(
        key="cost-gap",
        title="Average gap against cost",
        description=(
            f"A point for each method: its {KINDS[shown_kind]} as a share of Retrain's, on a "
            "logarithmic axis, against its average gap to Retrain in points. "
            f"None is both cheaper and nearer than {listed(best)}."
        ),
        specs=[tradeoff(dict(points), max(floors, default=math.nan), scales(table))],
        table=grid,
        controls=[Control("cost", "Cost in", {kind: KINDS[kind] for kind in points})]
        if len(points) > 1
        else [],
        static=True,
    )


SECTION = Section(
    key="cost",
    question="What does it cost?",
    reading=(
        "Left is cheap, down is near; the line joins what nothing else beats, and shaded is what "
        "Retrains differ by. What costs as much as Retrain is of no use, however near it comes. "
        "Costs are of training: choosing settings is not counted, nor is the Original."
    ),
    answer=answer,
)
