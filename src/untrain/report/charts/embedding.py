"""The same images under several models, side by side: points that share a hovered image.

Every panel reads the rows `points`: of an image its key, label, set, and by number m of the model
its place xm, ym, the class pm that it is taken for, and of methods its kind km, see
`sections.filters`. The rows `names` have the place xm, ym of each class's name.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from untrain.report.charts.palette import GREY, SETS
from untrain.report.content import Spec

HUES = (
    "#4477aa",
    "#ee7733",
    "#228833",
    "#aa3377",
    "#66ccee",
    "#ccbb44",
    "#ee6677",
    "#009988",
    "#a6761d",
    "#9e86c8",
)
"""Of classes: told apart on light and on dark ground; names stand beside them, shapes are sets."""
OTHERS = "other classes"
WORDS = {"retain": "retained", "unseen": "unseen", "forget": "forgotten"}
"""Sets as a reader has them, in the order in which they are drawn over each other."""
SHAPES = {"retained": "circle", "unseen": "triangle-up", "forgotten": "cross"}
SIZES = {"retained": 16, "unseen": 22, "forgotten": 34}
SIGNS = "● retained, ▲ unseen, ✚ forgotten"
"""The legend, once for all panels."""
FAINT = 0.07
LETTER, LINE = 5.0, 9.0
"""Width of a letter and height of a line of a name, in the units of places."""
EDGE = 106


def panels(
    columns: Sequence[str], first: str, classes: Sequence[str], hued: Sequence[str]
) -> list[Spec]:
    """A spec for each model. columns: the number of a model as text, or "method" for the one that
    the parameter `method` names; first: the number that it has at the beginning.

    classes: names, by number. hued: those with a colour of their own, at most as many as HUES.
    """
    return [_panel(column, first, classes, hued) for column in columns]


def named(
    x: np.ndarray, y: np.ndarray, labels: np.ndarray, classes: Sequence[str]
) -> dict[str, tuple[float, float]]:
    """Where the name of each class stands: in the middle of its images, unless another's is
    there.

    x, y, labels: (N,), of the images of one model.
    """
    middles = {
        classes[label]: tuple(round(float(np.median(at[labels == label])), 1) for at in (x, y))
        for label in np.unique(labels)
    }
    return {
        name: (across, down)
        for name, (across, down) in middles.items()
        if not any(
            abs(across - other[0]) < LETTER * (len(name) + len(theirs)) / 2
            and abs(down - other[1]) < LINE
            for theirs, other in middles.items()
            if theirs != name
        )
    }


def _panel(column: str, first: str, classes: Sequence[str], hued: Sequence[str]) -> Spec:
    model = "method" if column == "method" else json.dumps(column)
    params = {"focus": None, "method": first, "show": "all", "colour": "class"}
    layers = [
        _points({"filter": "!datum.on"}, FAINT, hued, tips=False),
        _points({"filter": "datum.on"}, 0.8, hued, tips=True),
        _names(model),
        *_focused(hued),
    ]
    return {
        "width": "container",
        "height": 300,
        "params": [{"name": name, "value": value} for name, value in params.items()],
        "data": {"name": "points"},
        "transform": _steps(model, classes, hued),
        "encoding": {
            "x": {"field": "x", "type": "quantitative", **_range()},
            "y": {"field": "y", "type": "quantitative", **_range()},
        },
        "layer": layers,
    }


def _range() -> dict[str, Any]:
    return {"axis": None, "scale": {"domain": [-EDGE, EDGE], "zero": False, "nice": False}}


def _steps(model: str, classes: Sequence[str], hued: Sequence[str]) -> list[dict[str, Any]]:
    hue = "colour == 'set' ? datum.set : colour == 'predicted' ? datum.predicted : datum.label"
    known = json.dumps([*hued, *SHAPES])
    steps = {
        "x": f"datum['x' + {model}]",
        "y": f"datum['y' + {model}]",
        "predicted": f"{json.dumps(list(classes))}[datum['p' + {model}]]",
        "hue": hue,
        "group": f"indexof({known}, datum.hue) < 0 ? {json.dumps(OTHERS)} : datum.hue",
        "size": f"{json.dumps(SIZES)}[datum.set]",
        "kind": "datum['k' + method]",
        "on": "show == 'all' || (show == 'forgotten' ? datum.set == 'forgotten' : "
        "datum.kind == show)",
    }
    return [{"calculate": formula, "as": name} for name, formula in steps.items()]


def _points(
    chosen: dict[str, str], opacity: float, hued: Sequence[str], *, tips: bool
) -> dict[str, Any]:
    return {
        "transform": [chosen],
        "mark": {"type": "point", "filled": True, "opacity": opacity, "tooltip": tips},
        "encoding": {
            "color": _color(hued),
            "shape": _shape(),
            "size": {"field": "size", "type": "quantitative", "scale": None, "legend": None},
            **({"tooltip": _tips()} if tips else {}),
        },
    }


def _focused(hued: Sequence[str]) -> list[dict[str, Any]]:
    """The hovered image, large, with a ring."""
    only = [{"filter": "datum.key === focus"}]
    ring = {"type": "point", "filled": False, "size": 420, "strokeWidth": 2}
    return [
        {
            "transform": only,
            "mark": {"type": "point", "filled": True, "opacity": 1, "size": 150},
            "encoding": {
                "color": _color(hued),
                "shape": _shape(),
                "tooltip": _tips(),
            },
        },
        {"transform": only, "mark": {**ring, "shape": "circle", "stroke": "currentColor"}},
    ]


def _names(model: str) -> dict[str, Any]:
    """The name of each class among its images, where there is room."""
    steps = {"x": f"datum['x' + {model}]", "y": f"datum['y' + {model}]"}
    return {
        "data": {"name": "names"},
        "transform": [
            *({"calculate": formula, "as": name} for name, formula in steps.items()),
            {"filter": "isValid(datum.x)"},
        ],
        "mark": {"type": "text", "fontSize": 11, "fontWeight": 600, "tooltip": False},
        "encoding": {"text": {"field": "label", "type": "nominal"}},
    }


def _color(hued: Sequence[str]) -> dict[str, Any]:
    sets = {WORDS[name]: color for name, color in SETS.items() if name in WORDS}
    looks = dict(zip(hued, HUES, strict=False)) | {OTHERS: GREY} | sets
    scale = {"domain": list(looks), "range": list(looks.values())}
    return {"field": "group", "type": "nominal", "scale": scale, "legend": None}


def _shape() -> dict[str, Any]:
    scale = {"domain": list(SHAPES), "range": list(SHAPES.values())}
    return {"field": "set", "type": "nominal", "scale": scale, "legend": None}


def _tips() -> list[dict[str, Any]]:
    told = {"key": "key", "set": "it is", "label": "class", "predicted": "predicted as"}
    return [{"field": name, "type": "nominal", "title": title} for name, title in told.items()]
