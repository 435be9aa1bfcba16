"""The average gap of each row as a dot with its interval, over the floor as a band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from untrain.report.charts.palette import ACCENT, Scales
from untrain.report.charts.rows import named, row_color, row_shape
from untrain.report.charts.spec import rounded
from untrain.report.content import Spec

STEP = 26
"""Pixels of a row."""


@dataclass(frozen=True)
class GapDot:
    """A row by the name that people read; low, high: NaN where there is no interval."""

    model: str
    gap: float
    low: float
    high: float
    floor: float | None
    seeds: int


def gaps(dots: Sequence[GapDot], looks: Scales) -> Spec:
    """Rows from top to bottom as they are given."""
    order = [dot.model for dot in dots]
    values = [
        {
            "model": dot.model,
            "gap": rounded(dot.gap),
            "low": rounded(dot.low),
            "high": rounded(dot.high),
            "floor": None if dot.floor is None else rounded(dot.floor),
            "seeds": dot.seeds,
            "end": rounded(dot.high if dot.high == dot.high else dot.gap),
            "label": f"{dot.gap:.2f}",
        }
        for dot in dots
    ]
    tooltip = [
        named("model"),
        *(named(*one) for one in (("gap", "gap"), ("from", "low"), ("to", "high"))),
        named("floor", "floor"),
        named("seeds", "seeds"),
    ]
    color, shape = row_color(looks, order), row_shape(looks, order)
    y = {"field": "model", "type": "nominal", "sort": order, "title": None}
    axis = {"title": "points from Retrain", "scale": {"zero": True, "nice": True}}
    x = {"field": "gap", "type": "quantitative", **axis}
    # a layer without any number would make Vega warn of an infinite extent
    band = {
        "mark": {"type": "bar", "color": ACCENT, "opacity": 0.2, "height": {"band": 1}},
        "encoding": {"x": {**x, "field": "floor"}, "tooltip": tooltip},
    }
    span = {
        "mark": {"type": "rule", "strokeWidth": 2},
        "encoding": {"x": {**x, "field": "low"}, "x2": {"field": "high"}, "color": color},
    }
    points = {
        "mark": {"type": "point", "filled": True, "size": 90, "opacity": 1},
        "encoding": {"x": x, "color": color, "shape": shape, "tooltip": tooltip},
    }
    label = {
        "mark": {"type": "text", "align": "left", "dx": 9},
        "encoding": {"x": {**x, "field": "end"}, "text": {"field": "label"}},
    }
    return {
        "width": "container",
        "height": STEP * len(dots),  # a step would make Vega-Lite warn that it does not fit
        "data": {"values": values},
        "encoding": {"y": {**y, "scale": {"padding": 0}}},  # bands that meet are one band
        "layer": [
            *([band] if any(dot.floor is not None for dot in dots) else []),
            *([span] if any(dot.low == dot.low for dot in dots) else []),
            points,
            label,
        ],
    }
