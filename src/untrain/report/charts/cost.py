"""Average gap against cost relative to Retrain's, with the line of what nothing else beats."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from untrain.report.charts.palette import ACCENT, Scales
from untrain.report.charts.rows import named, rounded, row_color, row_shape
from untrain.report.content import Spec
from untrain.report.data import shown

PLACES = ((9, -10), (9, 0), (-9, 0), (9, 13), (-9, -13), (-9, 13), (0, -16), (0, 16))
"""Where a label may stand beside its point, in pixels; the first that is free is taken."""
DRAWN = (560, 260)
"""Width and height in pixels for which labels are kept apart."""
LETTER = 6.2


@dataclass(frozen=True)
class Spent:
    """A row by its label: cost over Retrain's, and gap in points.

    low, high: NaN without an interval. runs: cost and gap of each seed.
    """

    model: str
    cost: float
    gap: float
    low: float = math.nan
    high: float = math.nan
    runs: Sequence[tuple[float, float]] = field(default=())


def front(points: Sequence[Spent]) -> list[Spent]:
    """Those than which none is both cheaper and nearer, the cheapest first."""
    best, kept = math.inf, []
    for point in sorted(points, key=lambda one: (one.cost, one.gap)):
        if point.gap < best:
            best = point.gap
            kept.append(point)
    return kept


def tradeoff(kinds: dict[str, Sequence[Spent]], floor: float, looks: Scales) -> Spec:
    """kinds: cost -> its points; the parameter `cost` chooses one, the first is shown.

    floor: the largest of the rows; NaN where there is none.
    """
    models = [
        shown(name)
        for name in dict.fromkeys(one.model for points in kinds.values() for one in points)
    ]
    color, shape = row_color(looks, models), row_shape(looks, models)
    rows = [row for kind, points in kinds.items() for row in _rows(kind, points)]
    # a layer without any number would make Vega warn of an infinite extent
    layers = [
        *([_band(floor)] if math.isfinite(floor) else []),
        _front(),
        *([_runs(color)] if any(row["what"] == "run" for row in rows) else []),
        *([_bars(color)] if any(row.get("low") is not None for row in rows) else []),
        _points(color, shape),
        _labels(),
    ]
    return {
        "width": "container",
        "height": 300,
        "params": [{"name": "cost", "value": next(iter(kinds))}],
        "data": {"values": rows},
        "transform": [{"filter": "datum.kind == cost"}],
        "layer": layers,
    }


def _rows(kind: str, points: Sequence[Spent]) -> list[dict[str, Any]]:
    best = front(points)
    places = labelled(points)
    rows: list[dict[str, Any]] = []
    for point in points:
        dx, dy = places[point.model]
        row = {"kind": kind, "model": shown(point.model), "what": "row", "front": point in best}
        row |= {"cost": rounded(point.cost), "gap": rounded(point.gap), "dx": dx, "dy": dy}
        rows.append(row | {"low": rounded(point.low), "high": rounded(point.high)})
        for cost, gap in point.runs:
            where = {"cost": rounded(cost), "gap": rounded(gap)}
            rows.append({"kind": kind, "model": shown(point.model), "what": "run", **where})
    return rows


def labelled(points: Sequence[Spent]) -> dict[str, tuple[int, int]]:
    """Where each label stands beside its point, so that few cover each other."""
    width, height = DRAWN
    costs = [math.log(one.cost) for one in points]
    span = max(costs) - min(costs) or 1.0
    top = max(one.gap for one in points) or 1.0
    at = {
        one.model: ((math.log(one.cost) - min(costs)) / span * width, (1 - one.gap / top) * height)
        for one in points
    }
    taken = [(x - 6, y - 6, x + 6, y + 6) for x, y in at.values()]
    found = {}
    for one in sorted(points, key=lambda point: point.gap):
        x, y = at[one.model]
        boxes = {place: _box(x, y, place, len(shown(one.model)) * LETTER) for place in PLACES}
        place = min(PLACES, key=lambda p: (_covered(boxes[p], taken, width), PLACES.index(p)))
        taken.append(boxes[place])
        found[one.model] = place
    return found


Box = tuple[float, float, float, float]


def _box(x: float, y: float, place: tuple[int, int], wide: float) -> Box:
    dx, dy = place
    left = x + dx - (wide if dx < 0 else wide / 2 if dx == 0 else 0)
    return left, y + dy - 7, left + wide, y + dy + 7


def _covered(box: Box, taken: Sequence[Box], width: float) -> float:
    """How much of others a label would cover, and how much of it would stand outside."""
    left, top, right, bottom = box
    outside = max(0.0, -left) + max(0.0, right - width)
    return 14 * outside + sum(
        max(0.0, min(right, r) - max(left, x)) * max(0.0, min(bottom, b) - max(top, y))
        for x, y, r, b in taken
    )


X = {
    "field": "cost",
    "type": "quantitative",
    "scale": {"type": "log", "nice": False, "padding": 20},
    "axis": {"title": "cost, as a share of Retrain's", "format": "~g", "tickCount": 5},
}
Y = {
    "field": "gap",
    "type": "quantitative",
    "scale": {"zero": True},
    "title": "points from Retrain",
}


def _front() -> dict[str, Any]:
    return {
        "transform": [{"filter": "datum.front"}],
        "mark": {"type": "line", "interpolate": "step-after", "opacity": 0.45, "strokeWidth": 1.5},
        "encoding": {
            "x": X,
            "y": Y,
            "order": {"field": "cost", "type": "quantitative"},
            "color": {"value": ACCENT},
        },
    }


def _band(floor: float) -> dict[str, Any]:
    return {
        "data": {"values": [{"bottom": 0, "floor": rounded(floor)}]},
        "mark": {"type": "rect", "color": ACCENT, "opacity": 0.14},
        "encoding": {
            "y": {"field": "bottom", "type": "quantitative"},
            "y2": {"field": "floor"},
            "tooltip": [named("between Retrains", "floor")],
        },
    }


def _runs(color: dict[str, Any]) -> dict[str, Any]:
    lines = [named("model"), named("cost, one seed", "cost"), named("its paired gap", "gap")]
    return {
        "transform": [{"filter": "datum.what == 'run'"}],
        "mark": {"type": "point", "size": 22, "opacity": 0.35, "filled": True},
        "encoding": {"x": X, "y": Y, "color": color, "tooltip": lines},
    }


def _bars(color: dict[str, Any]) -> dict[str, Any]:
    return {
        "transform": [{"filter": "isValid(datum.low)"}],
        "mark": {"type": "rule", "strokeWidth": 2},
        "encoding": {"x": X, "y": {**Y, "field": "low"}, "y2": {"field": "high"}, "color": color},
    }


def _points(color: dict[str, Any], shape: dict[str, Any]) -> dict[str, Any]:
    span = (("cost", "cost"), ("gap", "gap"), ("from", "low"), ("to", "high"))
    return {
        "transform": [{"filter": "datum.what == 'row'"}],
        "mark": {"type": "point", "size": 100, "filled": True, "opacity": 1},
        "encoding": {
            "x": X,
            "y": Y,
            "color": color,
            "shape": shape,
            "tooltip": [named("model"), *(named(*one) for one in span)],
        },
    }


def _labels() -> dict[str, Any]:
    """Where the chart is narrow, only the names of those on the line have room."""
    return {
        "transform": [{"filter": "datum.what == 'row'"}],
        "mark": {
            "type": "text",
            "baseline": "middle",
            "align": {"expr": "datum.dx < 0 ? 'right' : datum.dx > 0 ? 'left' : 'center'"},
            "dx": {"expr": "datum.dx"},
            "dy": {"expr": "datum.dy"},
            "opacity": {"expr": "width < 420 && !datum.front ? 0 : 1"},
        },
        "encoding": {"x": X, "y": Y, "text": {"field": "model"}},
    }
