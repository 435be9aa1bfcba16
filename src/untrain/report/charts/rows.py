"""What charts say of rows: their colour and shape by name, and the lines of tooltips."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from untrain.report.charts.palette import Scales


def row_color(looks: Scales, labels: Sequence[str], field: str = "model") -> dict[str, Any]:
    """The channel that colours by row, without a legend."""
    own = looks.only(list(labels))
    return _channel(field, own.labels, own.colors)


def row_shape(looks: Scales, labels: Sequence[str], field: str = "model") -> dict[str, Any]:
    """The channel that shapes by row, without a legend."""
    own = looks.only(list(labels))
    return _channel(field, own.labels, own.shapes)


def named(
    title: str, field: str = "", *, mean: bool = False, digits: str = ".4~g"
) -> dict[str, Any]:
    """A line of a tooltip: a text by its own name, or a number under a title."""
    if not field:
        return {"field": title, "type": "nominal", "title": title}
    whole = {"field": field, "type": "quantitative", "title": title, "format": digits}
    return {**whole, "aggregate": "mean"} if mean else whole


def _channel(field: str, domain: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    scale = {"domain": list(domain), "range": list(values)}
    return {"field": field, "type": "nominal", "scale": scale, "legend": None}
