"""The healing test of several models: drawn, in full numbers, and in a sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from untrain.bench.numbers.statistics import Table
from untrain.bench.tables.grid import Grid, number
from untrain.report.charts import healing as charts
from untrain.report.charts.palette import scales
from untrain.report.charts.spec import rounded
from untrain.report.content import Control, Figure
from untrain.report.data import listed, nearest_first, shown
from untrain.report.found.judged import (
    MANY,
    Judged,
    Values,
    known,
    listed_of,
    mean_of,
    number_of,
    seed_of,
    state,
)


def figure(table: Table, found: Sequence[Judged]) -> Figure | None:
    """None where no curve was kept."""
    rows = [row for one in found for row in _curve(one)]
    if not rows:
        return None
    drawn = {row["who"] for row in rows}
    order = nearest_first([one.row for one in found if one.label in drawn])
    own = [shown(row.label) for row in order if row.label != "retrain"]
    lrs = sorted({float(row["rate"]) for row in rows}, reverse=True)
    rates = {f"{lr:g}": _rate(lr, lrs) for lr in lrs}
    limits = [number_of(value, "margin") for one in found for value in one.of("healing")]
    limit = 100 * min([one for one in limits if math.isfinite(one)], default=0.0)
    limit = min(limit, charts.MOST)
    specs = [charts.curves(rows, scales(table), limit, list(rates), own[0] if own else "")]
    return Figure(
        key="healing",
        title="Healing: accuracy on forgotten minus unseen images, by passes",
        description=(
            f"Curves of {listed([one.label for one in found])} over passes on retained images, at "
            f"a high and a low rate. {told(found)}"
        ),
        specs=specs,
        controls=[
            *([Control("rate", "Learning rate", rates)] if len(rates) > 1 else []),
            Control("who", "Highlight", {one: one for one in own} | {"": "All"}, kind="list"),
        ],
        table=_healing_grid(found),
    )


def _rate(lr: float, lrs: Sequence[float]) -> str:
    return f"{lr:g}{' (as the Original)' if len(lrs) > 1 and lr == max(lrs) else ''}"


def _curve(one: Judged) -> list[dict[str, Any]]:
    """The means over seeds of each point, in percent, with the start at 0 passes."""
    points: dict[tuple[float, float], list[Values]] = {}
    for value in one.of("healing"):
        for point in _points(value):
            points.setdefault((number_of(point, "lr"), number_of(point, "epoch")), []).append(point)
    rows = []
    for (lr, epoch), several in sorted(points.items()):
        means = {
            name: rounded(100 * mean_of(number_of(point, name) for point in several))
            for name in ("level", "forget", "unseen")
        }
        if math.isfinite(lr + epoch) and means["level"] is not None:
            rows.append({"who": one.label, "rate": f"{lr:g}", "epoch": int(epoch), **means})
    return rows


def _points(value: Values) -> list[Values]:
    """The points of a curve, and that before the first pass, which all rates share.

    Levels are told as the test judges them: less what models that never saw the images give, where
    the audit had such models. That is the same at each point, so the last one tells it.
    """
    more = value.get("more") or {}
    points = listed_of(more, "curve")
    rates = sorted({number_of(point, "lr") for point in points})
    judged = more.get("levels") or []
    found: list[Values] = []
    for place, lr in enumerate(rates):
        own = sorted(
            (point for point in points if number_of(point, "lr") == lr),
            key=lambda point: number_of(point, "epoch"),
        )
        known = len(judged) == len(rates) and isinstance(judged[place], int | float)
        goal = number_of(own[-1], "level") - judged[place] if known else 0.0
        before = {"lr": lr, "epoch": 0, "level": number_of(more, "before")}
        found += [before] * math.isfinite(before["level"])
        found += [{**point, "level": number_of(point, "level") - goal} for point in own]
    return found


def _healing_grid(found: Sequence[Judged]) -> Grid:
    head = ["model", "seed", "rate", "passes", "forgotten, %", "unseen, %", "points", "AUC"]
    rows = []
    for one in found:
        for run, values in one.runs:
            for value in Judged(one.row, ((run, values),)).of("healing"):
                limit = 100 * number_of(value, "margin")
                for point in _points(value):
                    rows.append([one.label, seed_of(run), *_cells(point), number(limit, 1)])
    notes = [
        "points: forgotten minus unseen images of the same classes, less what models that never "
        "saw them give where there are such; 0 passes: as it is."
    ]
    if any(row[-1] not in ("-", "") and float(row[-1]) >= charts.MOST for row in rows):
        notes.append("A limit of 100 points or more: with so few images nothing could have failed.")
    return Grid("Healing", [*head, "limit, points"], rows, notes)


def _cells(point: Values) -> list[str]:
    shares = [number(100 * number_of(point, name), 1) for name in ("forget", "unseen", "level")]
    rate, passes = number_of(point, "lr"), number_of(point, "epoch")
    return [f"{rate:g}", number(passes, 0), *shares, number(number_of(point, "auc"), 3)]


def told(found: Sequence[Judged]) -> str:
    """Who comes back, in a sentence; "" where nothing was measured."""
    levels = [
        (one.label, 100 * mean_of(number_of(value, "value") for value in one.of("healing")), one)
        for one in found
        if known(one, "healing")
    ]
    if not levels:
        return ""
    failed = [(who, level) for who, level, one in levels if state(one, "healing") == "fail"]
    back = [(who, level) for who, level in failed if level > 0]
    words = [f"{who} ({level:+.1f} points)" for who, level in back]
    if words:
        verb = "knows" if len(words) == 1 else "know"
        if len(back) > MANY:
            worst = max(back, key=lambda one: one[1])
            words = [f"{len(back)} methods ({worst[0]} by {worst[1]:.1f} points, the most)"]
        rest = len(levels) - len(back)
        others = f"; of {rest} other{'s' * (rest > 1)} that was not shown" if rest else ""
        return (
            f"Yes: trained further on retained images alone, {listed(words)} {verb} the forgotten "
            f"images better than unseen ones{others}."
        )
    if all(state(one, "healing") == "pass" for _, _, one in levels):
        furthest = max(levels, key=lambda one: abs(one[1]))
        return (
            "No: nothing came back by healing. Furthest from unseen images is "
            f"{furthest[0]}, by {furthest[1]:+.1f} points."
        )
    under = [f"{who} ({level:+.1f} points)" for who, level in failed]
    unsure = [one for _, _, one in levels if state(one, "healing") not in ("pass", "fail")]
    said = {str(value.get("sentence", "")) for one in unsure for value in one.of("healing")} - {""}
    told = [f"Healing leaves {listed(under)} below unseen images."] if under else []
    if len(unsure) == len(levels) and len(said) == 1:
        told += said
    elif unsure:
        who = listed([one.label for one in unsure]) if len(unsure) < 4 else f"{len(unsure)} methods"
        told.append(f"Healing has surely brought nothing back, but could not clear {who}.")
    return f"{'Not known.' if unsure else 'No.'} {' '.join(told)}"
