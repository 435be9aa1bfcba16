"""One request after the other: a measure after each, a line for each row."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from untrain.report.charts.legend import key
from untrain.report.charts.lines import name_beside, room, row_dash
from untrain.report.charts.palette import Scales
from untrain.report.charts.rows import named, row_color, row_shape
from untrain.report.charts.spec import rounded
from untrain.report.content import Spec


@dataclass(frozen=True)
class Step:
    """A row after a request. low, high: NaN where there is no spread."""

    model: str
    measure: str
    request: int
    value: float
    low: float
    high: float
    seeds: int


def requests(steps: Sequence[Step], looks: Scales, words: Mapping[str, str]) -> Spec:
    """The parameter `measure` chooses what is drawn; the first one of the steps comes first.

    words: what each measure is called.
    """
    models = list(dict.fromkeys(step.model for step in steps))
    looked = row_color(looks, models), row_shape(looks, models)
    color, shape = (one | {"legend": key(models, orient="bottom")} for one in looked)
    last = max(step.request for step in steps)
    axis: dict[str, Any] = {"title": "request", "values": list(range(1, last + 1)), "format": "d"}
    axis |= {"tickCount": last}
    x: dict[str, Any] = {
        "field": "request",
        "type": "quantitative",
        "axis": axis,
        "scale": {"domain": [1, last], "nice": False, "padding": 12},
    }
    title = {"title": {"expr": f"({json.dumps(words)})[measure]"}}
    y: dict[str, Any] = {"field": "value", "type": "quantitative", "axis": title}
    y |= {"scale": {"zero": False, "nice": True}}
    ends = (("request", "request"), ("value", "value"), ("seeds", "seeds"))
    tooltip = [named("model"), *(named(*one) for one in ends), named("spread")]
    layer: list[dict[str, Any]] = [
        {
            "mark": {"type": "area", "opacity": 0.13},
            "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}},
        },
        {
            "mark": {"type": "line"},
            "encoding": {"x": x, "y": y, "strokeDash": row_dash(looks, models)},
        },
        {
            "mark": {"type": "point", "size": 70, "filled": True, "opacity": 1},
            "encoding": {"x": x, "y": y, "shape": shape, "tooltip": tooltip},
        },
        {
            "transform": [{"filter": "datum.named"}],
            "mark": name_beside("request"),
            "encoding": {
                "x": x,
                "y": y,
                "text": {"field": "model"},
                "color": {"value": "currentColor"},
            },
        },
    ]
    return {
        "width": "container",
        "height": 300,
        "params": [{"name": "measure", "value": steps[0].measure}],
        "data": {"values": _rows(steps)},
        "transform": [{"filter": "datum.measure == measure"}],
        "encoding": {"color": color},
        "layer": layer,
    }


def _rows(steps: Sequence[Step]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for measure in dict.fromkeys(step.measure for step in steps):
        mine = [step for step in steps if step.measure == measure]
        last = {step.model: step for step in mine}
        values = [step.value for step in mine]
        ends = [(float(s.request - 1), s.value, s.model) for s in last.values()]
        free = dict(zip(last, room(ends, (min(values), max(values))), strict=True))
        for step in mine:
            told = free[step.model] and step is last[step.model]
            spread = math.isfinite(step.low + step.high)
            rows.append(
                {
                    "model": step.model,
                    "measure": measure,
                    "request": step.request,
                    "value": rounded(step.value),
                    "low": rounded(step.low if spread else step.value),
                    "high": rounded(step.high if spread else step.value),
                    "spread": f"{step.low:.4g} to {step.high:.4g}" if spread else "not known",
                    "seeds": step.seeds,
                    "named": told,
                }
            )
    return rows
