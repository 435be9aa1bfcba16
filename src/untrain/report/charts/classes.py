"""Who pays: classes from the largest loss to the largest gain, a dot each with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from untrain.report.charts.palette import ACCENT, COLORS, GREY
from untrain.report.charts.rows import named
from untrain.report.charts.spec import SIGNED, rounded
from untrain.report.content import Spec

if TYPE_CHECKING:
    from untrain.report.sections.per_class import Harm, Harms

MOST = 20
"""Classes that are drawn of one method and set."""
STEP = 22
"""Pixels of a class."""
LOST = COLORS[3]


def furthest(classes: Sequence[Harm]) -> list[Harm]:
    """Those with the largest differences, in the order in which they were given."""
    kept = sorted(classes, key=lambda one: -abs(one.difference))[:MOST]
    return [one for one in classes if one in kept]


def per_class(found: Sequence[Harms], chosen: Mapping[str, str]) -> Spec:
    """chosen: the first values of the parameters `method` and `images`."""
    rows = [
        {
            "method": harms.label,
            "images": harms.images,
            "class": f"{one.name} (forgotten)" if one.gone else one.name,
            "points": rounded(one.difference),
            "low": rounded(one.difference - one.half),
            "high": rounded(one.difference + one.half),
            "of": one.images,
            "tells": one.tells,
        }
        for harms in found
        for one in furthest(harms.classes)
    ]
    axis = {"title": "points of accuracy above Retrain", "grid": True, "gridOpacity": 0.15}
    axis |= {"labelExpr": SIGNED}
    x = {"field": "points", "type": "quantitative", "axis": axis, "scale": {"zero": True}}
    tone = {
        "condition": [
            {"test": "datum.tells && datum.points < 0", "value": LOST},
            {"test": "datum.tells", "value": ACCENT},
        ],
        "value": GREY,
    }
    shape = {
        "condition": {"test": "datum.tells && datum.points < 0", "value": "triangle-left"},
        "value": "circle",
    }
    lines = (("difference", "points"), ("from", "low"), ("to", "high"), ("images", "of"))
    tooltip = [named("class"), named("method"), *(named(*line) for line in lines)]
    # all layers read the same rows, else Vega-Lite drops the order of the classes
    return {
        "width": "container",
        "height": STEP * max(min(MOST, len(harms.classes)) for harms in found),
        "params": [{"name": name, "value": value} for name, value in chosen.items()],
        "data": {"values": rows},
        "transform": [{"filter": "datum.method == method && datum.images == images"}],
        "encoding": {
            "y": {
                "field": "class",
                "type": "nominal",
                "title": None,
                "sort": {"field": "points", "op": "mean", "order": "ascending"},
            }
        },
        "layer": [
            {
                "transform": [{"aggregate": [{"op": "count", "as": "classes"}]}],
                "mark": {"type": "rule", "opacity": 0.7, "tooltip": "as under Retrain"},
                "encoding": {"x": {"datum": 0, "type": "quantitative", "axis": axis}, "y": None},
            },
            {
                "mark": {"type": "rule", "strokeWidth": 2},
                "encoding": {"x": {**x, "field": "low"}, "x2": {"field": "high"}, "color": tone},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 80, "opacity": 1},
                "encoding": {"x": x, "color": tone, "shape": shape, "tooltip": tooltip},
            },
        ],
    }
