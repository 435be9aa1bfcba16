"""Where images are predicted: cells for few classes, dots for many. Values are in percent."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from untrain.report.charts.legend import key
from untrain.report.charts.palette import Scales
from untrain.report.charts.rows import named, row_color, row_shape
from untrain.report.content import Spec

NUMBERS = 12
"""Up to so many columns the cells hold numbers."""
HUE = "#1f7f5f"
"""Of a full cell: white is read on it, and it is the same on light and on dark pages."""
MORE, LESS = "#b35806", "#1a6fa8"
"""Hues of a difference: above Retrain, and below it. Its sign stands in the cell too."""
WHITE_FROM, WHITE_FAR = 78, 45
"""Percent, and points of difference, from which a filled cell holds white text."""
BESIDE = 900
"""Pixels of the window from which charts stand beside each other."""
TALL = 26
"""Height of a cell in pixels; its width is what the column has."""


def models(shares: Mapping[str, Sequence[float]], columns: Sequence[str]) -> Spec:
    """A line per model, a column per predicted class. shares: of the images of one class."""
    values = [
        {"model": label, "predicted": name, "share": percent(value)}
        for label, row in shares.items()
        for name, value in zip(columns, row, strict=True)
    ]
    rows = {"field": "model", "type": "nominal", "sort": list(shares), "title": None}
    tips = [named("model"), named("predicted"), named("% of images", "share")]
    base = {"width": "container", "height": TALL * len(shares), "data": {"values": values}}
    return base | _cells(rows, columns, tips, _filled("share"), len(columns) <= NUMBERS)


def matrix(
    shares: Mapping[str, Sequence[Sequence[float]]], names: Sequence[str], *, leftmost: bool = True
) -> Spec:
    """True by predicted class, of the model that the parameter `method` names.

    shares: by label of the row, (true, predicted); one of `retrain` alone is always shown.
    leftmost: names the true classes also where charts stand beside each other.
    """
    return _square(shares, names, _filled("share"), ("% of the class", ".1~f"), leftmost)


def difference(shares: Mapping[str, Sequence[Sequence[float]]], names: Sequence[str]) -> Spec:
    """The same in percentage points above (+) or below Retrain's."""
    return _square(shares, names, _signed("share"), ("points from Retrain", "+.1~f"), False)


def dots(
    shares: Mapping[str, Sequence[float]], lines: Sequence[str], looks: Scales, title: str
) -> Spec:
    """A line per destination, a dot per model."""
    values = [
        {"model": label, "to": line, "share": percent(value)}
        for label, row in shares.items()
        for line, value in zip(lines, row, strict=True)
    ]
    order = list(shares)
    x = {"field": "share", "type": "quantitative", "title": title, "scale": {"zero": True}}
    y = {"field": "to", "type": "nominal", "sort": list(lines), "title": None}
    tips = [named("model"), named("to"), named("% of images", "share")]
    legend = {"legend": key(order, orient="bottom")}
    return {
        "width": "container",
        "height": 24 * len(lines),
        "data": {"values": values},
        "mark": {"type": "point", "opacity": 0.9},
        "encoding": {
            "x": x,
            "y": {**y, "axis": {"grid": True}},
            "color": row_color(looks, order) | legend,
            "shape": row_shape(looks, order) | legend,
            "tooltip": tips,
        },
    }


def percent(value: float) -> float | None:
    """Whole percents from ten on, tenths below; None where there is no value."""
    if not math.isfinite(value):
        return None
    return round(float(value)) if abs(value) >= 10 else round(float(value), 1)


def _square(
    shares: Mapping[str, Sequence[Sequence[float]]],
    names: Sequence[str],
    look: dict[str, Any],
    tip: tuple[str, str],
    leftmost: bool,
) -> Spec:
    """Rows are kept whole and unfolded by the chart: a number each instead of a record each.

    tip: what a number is, and its format.
    """
    told, digits = tip
    values = [
        {"method": label, "true": name, "share": [percent(value) for value in row]}
        for label, rows in shares.items()
        for name, row in zip(names, rows, strict=True)
    ]
    rows: dict[str, Any] = {"field": "true", "type": "nominal", "sort": list(names), "title": None}
    if not leftmost:
        rows["axis"] = {"labelExpr": f"windowSize()[0] > {BESIDE} ? '' : datum.label"}
    tips = [
        {"field": "true", "type": "nominal", "title": "is a"},
        {"field": "predicted", "type": "nominal", "title": "predicted as"},
        named(told, "share", digits=digits),
    ]
    chosen = next(iter(shares))
    own = {} if chosen == "retrain" else {"filter": "datum.method === method"}
    steps = [
        {"calculate": json.dumps(list(names)), "as": "predicted"},
        {"flatten": ["share", "predicted"]},
    ]
    return {
        "params": [{"name": "method", "value": chosen}],
        "width": "container",
        "height": TALL * len(names),
        "data": {"values": values},
        "transform": [own, *steps] if own else steps,
        **_cells(rows, names, tips, look, len(names) <= NUMBERS, digits[0].strip(".") + ".0f"),
    }


def _cells(
    rows: dict[str, Any],
    columns: Sequence[str],
    tips: Sequence[dict[str, Any]],
    look: dict[str, Any],
    numbers: bool,
    whole: str = ".0f",
) -> dict[str, Any]:
    short = max(map(len, columns), default=0) <= 2
    axis = {"labelAngle": 0 if short else -90, "orient": "top", "labelOverlap": False}
    axis |= {"titleAnchor": "middle"}
    x = {
        "field": "predicted",
        "type": "nominal",
        "sort": list(columns),
        "title": "predicted as",
        "axis": axis,
    }
    cells = {"mark": {"type": "rect", "cornerRadius": 2, "stroke": None}, "encoding": look["fill"]}
    white = {"condition": {"test": look["white"], "value": "white"}}
    text = {
        "mark": {"type": "text", "fontSize": 11 if len(columns) <= 8 else 10},
        "transform": [{"filter": f"abs(datum.share) >= {look['least']}"}],
        "encoding": {
            "text": {"field": "share", "type": "quantitative", "format": whole},
            "color": white,
        },
    }
    return {
        "encoding": {"x": x, "y": rows, "tooltip": list(tips)},
        "layer": [cells, text] if numbers else [cells],
    }


def _filled(field: str) -> dict[str, Any]:
    """One hue, the more the fuller: whatever the page's background is, it shows through."""
    scale = {"domain": [0, 100], "range": [0.04, 1]}
    opacity = {"field": field, "type": "quantitative", "scale": scale, "legend": None}
    return {
        "fill": {"color": {"value": HUE}, "opacity": opacity},
        "white": f"datum.{field} > {WHITE_FROM}",
        "least": 0.5,
    }


def _signed(field: str) -> dict[str, Any]:
    """Two hues by the sign, the further from Retrain the fuller; from 50 points on it is full."""
    color = {"condition": {"test": f"datum.{field} > 0", "value": MORE}, "value": LESS}
    scale = {"domain": [-50, 0, 50], "range": [1, 0.04, 1], "clamp": True}
    opacity = {"field": field, "type": "quantitative", "scale": scale, "legend": None}
    return {
        "fill": {"color": color, "opacity": opacity},
        "white": f"abs(datum.{field}) > {WHITE_FAR}",
        "least": 2.5,
    }
