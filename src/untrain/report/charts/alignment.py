"""Views of an image: how often two lie apart, and alignment beside uniformity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from untrain.report.charts.legend import key
from untrain.report.charts.names import beside
from untrain.report.charts.palette import SETS, Scales
from untrain.report.charts.rows import named, row_color, row_shape
from untrain.report.charts.spec import rounded
from untrain.report.content import Spec

NAMES = {"retain": "retained", "forget": "forgotten", "test": "test", "unseen": "unseen"}
DASH = {"retained": [1, 0], "forgotten": [6, 3], "test": [2, 2], "unseen": [2, 2]}
WIDTH, HEIGHT = 280, 240
"""In pixels, of a chart in which names are kept apart; it is this wide at least on a telephone."""


def curves(
    shares: Mapping[str, Mapping[str, Sequence[tuple[float, float, float]]]], eps: Sequence[float]
) -> Spec:
    """R[eps] of one row, a line a set with its 95 % interval.

    shares: by label of the row and set, (share, low, high) at each eps; the parameter `method`
    names the row that is drawn.
    """
    values = [
        {
            "method": label,
            "set": NAMES[part],
            "eps": at,
            **{
                name: rounded(100 * x)
                for name, x in zip(("far", "low", "high"), three, strict=True)
            },
        }
        for label, sets in shares.items()
        for part, row in sets.items()
        for at, three in zip(eps, row, strict=True)
    ]
    parts = [part for part in NAMES if any(part in sets for sets in shares.values())]
    names = [NAMES[part] for part in parts]
    series: dict[str, Any] = {"field": "set", "type": "nominal", "legend": key(names, lines=True)}
    color = series | {"scale": {"domain": names, "range": [SETS[part] for part in parts]}}
    dash = series | {"scale": {"domain": names, "range": [DASH[name] for name in names]}}
    x: dict[str, Any] = {
        "field": "eps",
        "type": "quantitative",
        "title": "eps: distance of two views",
    }
    x["axis"] = {"tickCount": 6}
    far = {"field": "far", "type": "quantitative", "title": "% further apart than eps"}
    tips = [named("set"), named("eps", "eps"), named("% further apart", "far")]
    band = {
        "mark": {"type": "area", "opacity": 0.15},
        "encoding": {"y": far | {"field": "low"}, "y2": {"field": "high"}},
    }
    line = {"mark": {"type": "line"}, "encoding": {"y": far, "strokeDash": dash}}
    dots = {
        "mark": {"type": "point", "size": 40},
        "encoding": {"y": far, "tooltip": tips},
    }
    return {
        "params": [{"name": "method", "value": next(iter(shares), "")}],
        "width": "container",
        "height": 240,
        "data": {"values": values},
        "transform": [{"filter": "datum.method === method"}],
        "encoding": {"x": x, "color": color},
        "layer": [band, line, dots],
    }


def spread(points: Mapping[str, tuple[float, float]], looks: Scales, *, keyed: bool) -> Spec:
    """Alignment (x) beside uniformity (y) of each row, by its name; lower is better in both.

    keyed: has a key below. Rows whose name has no room are told by it, and on hovering.
    """
    order = list(points)
    at = [[value[side] for value in points.values()] for side in (0, 1)]
    (left, right), (bottom, top) = map(_wider, at)
    pixels = [
        ((x - left) / (right - left) * WIDTH, (top - y) / (top - bottom) * HEIGHT, label)
        for label, (x, y) in points.items()
    ]
    values = [
        {"model": label, "alignment": rounded(x), "uniformity": rounded(y), "dx": dx, "dy": dy}
        for (label, (x, y)), place in zip(points.items(), beside(pixels, WIDTH), strict=True)
        for dx, dy in [place or (None, None)]
    ]
    axes = {
        name: {
            "field": field,
            "type": "quantitative",
            "scale": {"domain": [rounded(end) for end in ends], "nice": False, "zero": False},
            "axis": {"tickCount": 5},
        }
        for name, field, ends in (
            ("x", "alignment", (left, right)),
            ("y", "uniformity", (bottom, top)),
        )
    }
    legend = {"legend": key(order, orient="bottom") if keyed else None}
    dots = {
        "mark": {"type": "point", "size": 120},
        "encoding": {
            "color": row_color(looks, order) | legend,
            "shape": row_shape(looks, order) | legend,
            "tooltip": [
                named("model"),
                named("alignment", "alignment"),
                named("uniformity", "uniformity"),
            ],
        },
    }
    text = {
        "transform": [{"filter": "isValid(datum.dx)"}],
        "mark": {
            "type": "text",
            "baseline": "middle",
            "align": {"expr": "datum.dx < 0 ? 'right' : datum.dx > 0 ? 'left' : 'center'"},
            "dx": {"expr": "datum.dx"},
            "dy": {"expr": "datum.dy"},
        },
        "encoding": {"text": {"field": "model", "type": "nominal"}},
    }
    return {
        "width": "container",
        "height": HEIGHT,
        "data": {"values": values},
        "encoding": axes,
        "layer": [dots, text],
    }


def _wider(values: Sequence[float]) -> tuple[float, float]:
    """The ends of an axis on which the outermost points keep off the edge."""
    low, high = min(values), max(values)
    more = 0.12 * (high - low) or 0.1
    return low - more, high + more
