"""How far each row lies from Retrain: a dot a row with its single runs, beside Retrain's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from untrain.report.charts.palette import ACCENT, Scales
from untrain.report.charts.rows import named, row_color, row_shape
from untrain.report.charts.spec import rounded
from untrain.report.content import Spec


def apart(
    distances: Mapping[str, Sequence[float]],
    looks: Scales,
    title: str,
    goal: str = "mean between Retrains",
) -> Spec:
    """distances: of each row's runs, by name as people read it; Retrain's are between Retrains.

    title: of the axis, with its unit. goal: what the line at Retrain's mean is.
    """
    order = [label for label in looks.labels if label in distances]
    runs = [
        {"model": label, "value": rounded(value)} for label in order for value in distances[label]
    ]
    y = {"field": "model", "type": "nominal", "sort": order, "title": None}
    x = {"field": "value", "type": "quantitative", "title": title, "scale": {"zero": True}}
    mean = {**x, "aggregate": "mean"}
    floor = {
        "transform": [{"filter": {"field": "model", "equal": "Retrain"}}],
        "mark": {"type": "rule", "color": ACCENT, "strokeDash": [6, 4]},
        "encoding": {"x": mean, "tooltip": [named(goal, "value", mean=True)]},
    }
    single = {
        "mark": {"type": "tick", "thickness": 1.5, "height": 12, "opacity": 0.5},
        "encoding": {
            "x": x,
            "y": y,
            "color": row_color(looks, order),
            "tooltip": [named("model"), named("this run", "value")],
        },
    }
    dots = {
        "mark": {"type": "point", "size": 120},
        "encoding": {
            "x": mean,
            "y": y,
            "color": row_color(looks, order),
            "shape": row_shape(looks, order),
            "tooltip": [named("model"), named("mean", "value", mean=True)],
        },
    }
    return {
        "width": "container",
        "height": 28 * len(order),
        "data": {"values": runs},
        "layer": [*([floor] if "Retrain" in order else []), single, dots],
    }
