"""How models were made: a measure over epochs or seconds, a line and a band for each row."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from untrain.report.charts.legend import key
from untrain.report.charts.lines import name_beside, room
from untrain.report.charts.palette import Scales
from untrain.report.charts.rows import named, row_color
from untrain.report.charts.spec import rounded
from untrain.report.content import Spec
from untrain.report.data import shown

if TYPE_CHECKING:
    from untrain.report.sections.curves import Line

ALL = "all"
HIDDEN = f"model == '{ALL}' && (width < 420 || !datum['free_' + axis])"
"""Names that would cover others; choosing their model shows them."""


def training(
    found: Sequence[Line], looks: Scales, chosen: Mapping[str, str], words: Mapping[str, str]
) -> Spec:
    """chosen: the first values of the parameters `measure`, `axis` (epoch or seconds) and `model`:
    a row, beside which Retrain is drawn, or all. words: what each measure is called."""
    models = list(dict.fromkeys(shown(one.label) for one in found))
    own = looks.only(models)
    legend = {"legend": key(models, lines=True, orient="bottom")}
    color = row_color(looks, models) | legend
    scale = {"domain": own.labels, "range": own.dashes}
    dash = {"field": "model", "type": "nominal", "scale": scale, **legend}
    rows = [row for line in found for row in _rows(line)]
    x = {
        "field": "at",
        "type": "quantitative",
        "axis": {"title": {"expr": "axis == 'epoch' ? 'epochs' : 'seconds'"}, "tickMinStep": 1},
        "scale": {"zero": True, "nice": False},
    }
    title = {"title": {"expr": f"({json.dumps(words)})[measure]"}}
    y = {"field": "value", "type": "quantitative", "axis": title, "scale": {"zero": True}}
    series = {"field": "series", "type": "nominal"}
    lines = (("epoch", "epoch"), ("seconds", "seconds"), ("value", "value"))
    tooltip = [named("model"), named("part"), *(named(*one) for one in lines)]
    band: dict[str, Any] = {
        "mark": {"type": "area", "opacity": 0.15},
        "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}, "color": color},
    }
    line: dict[str, Any] = {
        "mark": {"type": "line"},
        "encoding": {"x": x, "y": y, "strokeDash": dash},
    }
    points: dict[str, Any] = {
        "mark": {"type": "point", "size": 24, "filled": True, "opacity": 1},
        "encoding": {"x": x, "y": y, "tooltip": tooltip},
    }
    names: dict[str, Any] = {
        "transform": [{"filter": "datum.last"}],
        "mark": name_beside("at"),
        "encoding": {
            "x": x,
            "y": y,
            "text": {"field": "series"},
            "color": {"value": "currentColor"},
            "opacity": {"condition": {"test": HIDDEN, "value": 0}, "value": 1},
        },
    }
    both: dict[str, Any] = {"color": color, "detail": series}
    layer = [
        {**one, "encoding": {**both, **one["encoding"]}} for one in (band, line, points, names)
    ]
    return {
        "width": "container",
        "height": 300,
        "params": [{"name": name, "value": value} for name, value in chosen.items()],
        "data": {"values": _named(rows)},
        "transform": [
            {"filter": "datum.measure == measure"},
            {"filter": f"model == '{ALL}' || datum.model == model || datum.model == 'Retrain'"},
            {"calculate": "axis == 'epoch' ? datum.epoch : datum.seconds", "as": "at"},
        ],
        "layer": layer,
    }


def _rows(line: Line) -> list[dict[str, Any]]:
    model = shown(line.label)
    name = f"{model}: {line.part}" if line.part else model
    whole = {"measure": line.measure, "model": model, "series": name, "part": line.part or "all"}
    rows = []
    for point in line.points:
        where = {"epoch": point.epoch, "seconds": rounded(point.seconds)}
        row = {**whole, **where, "value": rounded(point.value), "last": point is line.points[-1]}
        spread = point.spread if math.isfinite(point.spread) else 0.0
        row |= {"low": rounded(point.value - spread), "high": rounded(point.value + spread)}
        rows.append(row)
    return rows


def _named(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same rows, the last ones of each line with the axes over which their names have room."""
    for measure in {row["measure"] for row in rows}:
        mine = [row for row in rows if row["measure"] == measure]
        ends = [row for row in mine if row["last"]]
        values = [row["value"] for row in mine]
        span = min(0.0, *values), max(values)
        for axis in ("epoch", "seconds"):
            places = [(row[axis], row["value"], row["series"]) for row in ends]
            for row, free in zip(ends, room(places, span), strict=True):
                row[f"free_{axis}"] = free
    return rows
