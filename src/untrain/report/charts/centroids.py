"""How far forgotten images lie from class centres: under Retrain, one method, and unseen ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from untrain.report.charts.legend import key
from untrain.report.charts.palette import ACCENT, GREY, SETS
from untrain.report.charts.rows import named
from untrain.report.charts.spec import rounded
from untrain.report.content import Spec

RETRAIN, FORGOTTEN, UNSEEN = "Retrain, forgotten", "forgotten images", "unseen images"
SERIES = {
    RETRAIN: (ACCENT, "diamond"),
    FORGOTTEN: (SETS["forget"], "circle"),
    UNSEEN: (GREY, "square"),
}
"""Colour and shape of what is drawn."""


def profiles(
    retrain: Sequence[float],
    others: Mapping[str, Mapping[str, Sequence[float]]],
    classes: Sequence[str],
) -> Spec:
    """A line per retained class, as they come; the parameter `method` names the row that is drawn.

    retrain: distances of Retrain's forgotten images; may be empty. others: by label, those of
    FORGOTTEN and UNSEEN images. All as shares of the farthest class's distance.
    """
    values: list[dict[str, Any]] = [
        {"method": "", "series": RETRAIN, "class": name, "far": rounded(value)}
        for name, value in zip(classes, retrain, strict=bool(retrain))
    ]
    values += [
        {"method": label, "series": series, "class": name, "far": rounded(value)}
        for label, both in others.items()
        for series, row in both.items()
        for name, value in zip(classes, row, strict=True)
    ]
    scale = {"domain": list(SERIES)}
    color = scale | {"range": [color for color, _ in SERIES.values()]}
    shape = scale | {"range": [shape for _, shape in SERIES.values()]}
    series = {
        "field": "series",
        "type": "nominal",
        "legend": key(list(SERIES), outlines=True),
    }
    x = {"field": "far", "type": "quantitative", "scale": {"zero": False, "padding": 8}}
    return {
        "params": [{"name": "method", "value": next(iter(others), "")}],
        "width": "container",
        "height": 28 * len(classes),
        "data": {"values": values},
        "transform": [{"filter": "datum.method === '' || datum.method === method"}],
        "mark": {"type": "point", "size": 90, "filled": False, "strokeWidth": 2, "opacity": 1},
        "encoding": {
            "x": x | {"title": "distance to the centre, of the farthest"},
            "y": {
                "field": "class",
                "type": "nominal",
                "sort": list(classes),
                "title": None,
                "axis": {"grid": True},
            },
            "color": series | {"scale": color},
            "shape": series | {"scale": shape},
            "tooltip": [named("series"), named("class"), named("distance", "far")],
        },
    }
