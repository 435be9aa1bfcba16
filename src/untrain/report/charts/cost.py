"""Average gap against cost relative to Retrain's, with the line of what nothing else beats."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from untrain.report.charts.legend import key
from untrain.report.charts.names import Box, beside
from untrain.report.charts.palette import ACCENT, Scales
from untrain.report.charts.rows import named, row_color, row_shape
from untrain.report.charts.spec import rounded
from untrain.report.content import Spec
from untrain.report.data import shown

WIDE, SLIM = 700, 250
"""Widths in pixels for which names are kept apart; below EITHER the second counts."""
FAR = 4
"""Times the middle gap, from which on the axis of gaps is a square root."""
EITHER, HIGH, EDGE = 600, 260, 20
"""In pixels: the height of the chart, and what is free at either side."""


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
    color, shape = (one | {"legend": key(models, orient="bottom")} for one in (color, shape))
    y = BENT if any(uneven(points) for points in kinds.values()) else PLAIN
    rows = [row for kind, points in kinds.items() for row in _rows(kind, points)]
    # a layer without any number would make Vega warn of an infinite extent
    layers = [
        *([_band(floor)] if math.isfinite(floor) else []),
        _front(y),
        *([_runs(y, color)] if any(row["what"] == "run" for row in rows) else []),
        *([_bars(y, color)] if any(row.get("low") is not None for row in rows) else []),
        _points(y, color, shape),
        _labels(y),
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
    wide, slim = labelled(points, WIDE), labelled(points, SLIM)
    rows: list[dict[str, Any]] = []
    for point in points:
        dx, dy = wide[point.model] or (None, None)
        sx, sy = (slim[point.model] if point in best else None) or (None, None)
        row = {"kind": kind, "model": shown(point.model), "what": "row", "front": point in best}
        row |= {"cost": rounded(point.cost), "gap": rounded(point.gap), "dx": dx, "dy": dy}
        row |= {"sx": sx, "sy": sy}
        rows.append(row | {"low": rounded(point.low), "high": rounded(point.high)})
        for cost, gap in point.runs:
            where = {"cost": rounded(cost), "gap": rounded(gap)}
            rows.append({"kind": kind, "model": shown(point.model), "what": "run", **where})
    return rows


def labelled(points: Sequence[Spent], width: float) -> dict[str, tuple[int, int] | None]:
    """Where each name stands beside its point, those on the line first; None without room."""
    costs = [math.log(one.cost) for one in points]
    span = max(costs) - min(costs) or 1.0
    top = max([one.gap for one in points] + [one.high for one in points if one.high == one.high])
    bent = 0.5 if uneven(points) else 1.0

    def at(cost: float, gap: float) -> tuple[float, float]:
        across = (math.log(cost) - min(costs)) / span
        return EDGE + across * (width - 2 * EDGE), (
            1 - (max(gap, 0.0) / (top or 1.0)) ** bent
        ) * HIGH

    line = front(points)
    drawn: list[Box] = [(0, HIGH - 2, width, HIGH + 60)]  # the axis and what stands below it
    drawn += [
        box for pair in pairwise(line) for box in _step(at(*_where(pair[0])), at(*_where(pair[1])))
    ]
    for one in points:
        if one.high == one.high:
            (x, low), (_, high) = at(one.cost, one.low), at(one.cost, one.high)
            drawn.append((x - 2, high, x + 2, low))
    order = sorted(points, key=lambda one: (one not in line, one.gap))
    places = beside([(*at(one.cost, one.gap), shown(one.model)) for one in order], width, drawn)
    return {one.model: place for one, place in zip(order, places, strict=True)}


def uneven(points: Sequence[Spent]) -> bool:
    """Whether a few rows lie so far away that the others would be squeezed at the bottom."""
    gaps = sorted(one.gap for one in points)
    return gaps[-1] > FAR * gaps[len(gaps) // 2]


def _where(one: Spent) -> tuple[float, float]:
    return one.cost, one.gap


def _step(one: tuple[float, float], other: tuple[float, float]) -> list[Box]:
    """The line from a point to the next: across, then down."""
    (x, y), (right, bottom) = one, other
    return [(x, y - 1, right, y + 1), (right - 1, y, right + 1, bottom)]


TICKS = [digit * 10.0**power for power in range(-4, 3) for digit in (1, 2, 3, 5, 7)]
X = {
    "field": "cost",
    "type": "quantitative",
    "scale": {"type": "log", "nice": False, "padding": 20},
    "axis": {
        "title": "cost, as a share of Retrain's",
        "format": "~g",
        "values": TICKS,
        "tickCount": 40,
    },
}
PLAIN = {
    "field": "gap",
    "type": "quantitative",
    "scale": {"zero": True},
    "title": "points from Retrain",
}
BENT = PLAIN | {
    "scale": {"type": "sqrt"},
    "title": "points from Retrain, square root",
    "axis": {"values": [0, 1, 2, 5, 10, 20, 50, 100], "tickCount": 9},
}


def _front(y: dict[str, Any]) -> dict[str, Any]:
    return {
        "transform": [{"filter": "datum.front"}],
        "mark": {"type": "line", "interpolate": "step-after", "opacity": 0.45, "strokeWidth": 1.5},
        "encoding": {
            "x": X,
            "y": y,
            "order": {"field": "cost", "type": "quantitative"},
            "color": {"value": ACCENT},
        },
    }


def _band(floor: float) -> dict[str, Any]:
    return {
        "data": {"values": [{"bottom": 0, "floor": rounded(floor)}]},
        "mark": {"type": "rect", "color": ACCENT, "opacity": 0.2},
        "encoding": {
            "y": {"field": "bottom", "type": "quantitative"},
            "y2": {"field": "floor"},
            "tooltip": [named("between Retrains", "floor")],
        },
    }


def _runs(y: dict[str, Any], color: dict[str, Any]) -> dict[str, Any]:
    lines = [named("model"), named("cost, one seed", "cost"), named("its paired gap", "gap")]
    return {
        "transform": [{"filter": "datum.what == 'run'"}],
        "mark": {"type": "point", "size": 22, "opacity": 0.35, "filled": True},
        "encoding": {"x": X, "y": y, "color": color, "tooltip": lines},
    }


def _bars(y: dict[str, Any], color: dict[str, Any]) -> dict[str, Any]:
    return {
        "transform": [{"filter": "isValid(datum.low)"}],
        "mark": {"type": "rule", "strokeWidth": 2},
        "encoding": {"x": X, "y": {**y, "field": "low"}, "y2": {"field": "high"}, "color": color},
    }


def _points(y: dict[str, Any], color: dict[str, Any], shape: dict[str, Any]) -> dict[str, Any]:
    span = (("cost", "cost"), ("gap", "gap"), ("from", "low"), ("to", "high"))
    return {
        "transform": [{"filter": "datum.what == 'row'"}],
        "mark": {"type": "point", "size": 100, "filled": True, "opacity": 1},
        "encoding": {
            "x": X,
            "y": y,
            "color": color,
            "shape": shape,
            "tooltip": [named("model"), *(named(*one) for one in span)],
        },
    }


def _labels(y: dict[str, Any]) -> dict[str, Any]:
    """Names that have room; where the chart is narrow, of those on the line alone."""
    dx, dy = (f"(width < {EITHER} ? datum.s{one} : datum.d{one})" for one in "xy")
    return {
        "transform": [{"filter": "datum.what == 'row'"}],
        "mark": {
            "type": "text",
            "baseline": "middle",
            "align": {"expr": f"{dx} < 0 ? 'right' : {dx} > 0 ? 'left' : 'center'"},
            "dx": {"expr": dx},
            "dy": {"expr": dy},
            "opacity": {"expr": f"isValid({dx}) ? 1 : 0"},
        },
        "encoding": {"x": X, "y": y, "text": {"field": "model"}},
    }
