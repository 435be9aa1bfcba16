"""CKA of each layer with another model's: a line for each set of images, and one to set beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from untrain.report.charts.legend import key
from untrain.report.charts.lines import unkeyed
from untrain.report.charts.palette import ACCENT, GREY, SETS
from untrain.report.charts.rows import named
from untrain.report.content import Spec

WORDS = {"forget": "forgotten", "retain": "retained", "unseen": "unseen"}
DASHES = {"forget": [1, 0], "retain": [7, 3], "unseen": [2, 2]}
SHAPES = {"forget": "cross", "retain": "circle", "unseen": "triangle-up"}


NAMED = 16
"""Layers up to which all are named."""


def similarity(reference: str, beside: str, first: str, names: Sequence[str]) -> Spec:
    """The rows `layers` (model, reference, set, layer, cka) of the model in the parameter `method`.

    reference: the row it is compared with. beside: a row whose forgotten images are drawn as well,
    "" for none. first: the model shown at the beginning. names: layers, first to last.
    """
    x = {
        "field": "layer",
        "type": "nominal",
        "sort": list(names),
        "title": "layer, first to last",
        "axis": {"labelAngle": -45, "labelOverlap": len(names) > NAMED},
    }
    scale = {"zero": False, "nice": True}
    y = {"field": "cka", "type": "quantitative", "title": "CKA", "scale": scale}
    other = f"datum.model === '{beside}' && datum.set === 'forgotten' && method !== '{beside}'"
    return {
        "width": "container",
        "height": 260,
        "params": [{"name": "method", "value": first}],
        "data": {"name": "layers"},
        "transform": [{"filter": f"datum.reference === '{reference}'"}],
        "encoding": {"x": x, "y": y},
        "layer": [*([_beside(beside, other)] if beside else []), *_lines()],
    }


def _lines() -> list[dict[str, Any]]:
    chosen = [{"filter": "datum.model === method"}]
    tips = [named("model"), named("set"), named("layer"), named("CKA", "cka")]
    signs = key(list(WORDS.values()))
    look = {"color": _by(SETS, signs), "shape": _by(SHAPES, signs), "tooltip": tips}
    return [
        {
            "transform": chosen,
            "mark": {"type": "line", "tooltip": False},
            "encoding": {
                "color": _by(SETS, signs),
                "strokeDash": unkeyed(
                    "set", list(WORDS.values()), [DASHES[name] for name in WORDS]
                ),
            },
        },
        {
            "transform": chosen,
            "mark": {"type": "point", "filled": True, "size": 60},
            "encoding": look,
        },
    ]


def _beside(row: str, chosen: str) -> dict[str, Any]:
    color = ACCENT if row == "retrain" else GREY
    line = {"type": "line", "color": color, "strokeDash": [6, 4], "strokeWidth": 1.5}
    tips = [named("model"), named("set"), named("layer"), named("CKA", "cka")]
    return {
        "transform": [{"filter": chosen}],
        "mark": {**line, "point": {"color": color, "size": 24, "shape": "diamond"}},
        "encoding": {"tooltip": tips},
    }


def _by(values: Mapping[str, Any], legend: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A channel by set."""
    looks = {word: values[name] for name, word in WORDS.items()}
    scale = {"domain": list(looks), "range": list(looks.values())}
    return {"field": "set", "type": "nominal", "scale": scale, "legend": legend}
