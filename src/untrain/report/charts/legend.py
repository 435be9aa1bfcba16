"""Keys of charts: as wide as their chart at most, with lines that are long enough for a dash."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

LETTER = 6.8
"""Width of a letter in pixels, with room to spare."""
SIGN, STROKE = 26, 58
"""Pixels that a shape and a line take, with what stands around them."""
LENGTH = 40
"""Of a line, in pixels."""


def key(
    names: Sequence[str], *, lines: bool = False, outlines: bool = False, orient: str = "top"
) -> dict[str, Any]:
    """The legend of these names, in as many columns as have room. lines: strokes, not
    shapes. outlines: of shapes that are not filled.

    Marks in it are never faint, whatever the chart's are.
    """
    wide = max(map(len, names), default=0) * LETTER + (STROKE if lines else SIGN)
    found: dict[str, Any] = {
        "title": None,
        "orient": orient,
        "columns": {"expr": f"max(1, floor((containerSize()[0] || 560) / {wide:.0f}))"},
        "labelLimit": 320,
        "symbolOpacity": 1,
        "columnPadding": 10,
    }
    if outlines:
        return {**found, "symbolStrokeWidth": 2}
    if not lines:
        return {**found, "symbolStrokeColor": "transparent"}  # a stroke would close hollow shapes
    stroke = {"symbolType": "stroke", "symbolStrokeWidth": 2, "symbolSize": LENGTH**2}
    return {**found, **stroke, "clipHeight": 16}
