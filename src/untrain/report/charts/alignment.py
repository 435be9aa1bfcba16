"""Views of an image: how often two lie apart, and alignment beside uniformity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from untrain.report.charts.palette import SETS, Scales
from untrain.report.charts.rows import named, rounded, row_color, row_shape
from untrain.report.content import Spec

NAMES = {"retain": "retained", "forget": "forgotten", "test": "test", "unseen": "unseen"}
DASH = {"retained": [1, 0], "forgotten": [6, 3], "test": [2, 2], "unseen": [2, 2]}


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
    series: dict[str, Any] = {"field": "set", "type": "nominal", "legend": {"title": None}}
    color = series | {"scale": {"domain": names, "range": [SETS[part] for part in parts]}}
    dash = series | {"scale": {"domain": names, "range": [DASH[name] for name in names]}}
    x: dict[str, Any] = {
        "field": "eps",
        "type": "quantitative",
        "title": "eps: distance of two views",
    }
    x["axis"] = {"tickCount": 6}
    far = {"field": "far", "type": "quantitative", "title": "% of images further apart than eps"}
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


def spread(points: Mapping[str, tuple[float, float]], looks: Scales) -> Spec:
    """Alignment (x) beside uniformity (y) of each row, by its name; lower is better in both."""
    order = list(points)
    values = [
        {"model": label, "alignment": rounded(x), "uniformity": rounded(y)}
        for label, (x, y) in points.items()
    ]
    loose = {"zero": False, "padding": 32}
    ticks = {"tickCount": 5}
    axes = {
        "x": {"field": "alignment", "type": "quantitative", "scale": loose, "axis": ticks},
        "y": {"field": "uniformity", "type": "quantitative", "scale": loose, "axis": ticks},
    }
    dots = {
        "mark": {"type": "point", "size": 120},
        "encoding": {
            "color": row_color(looks, order),
            "shape": row_shape(looks, order),
            "tooltip": [
                named("model"),
                named("alignment", "alignment"),
                named("uniformity", "uniformity"),
            ],
        },
    }
    text = {
        "mark": {"type": "text", "align": "left", "dx": 10, "fontSize": 12},
        "encoding": {"text": {"field": "model", "type": "nominal"}},
    }
    return {
        "width": "container",
        "height": 240,
        "data": {"values": values},
        "encoding": axes,
        "layer": [dots, text],
    }
