"""From an altair chart to the Vega-Lite JSON that the page keeps: bare, and rounded."""

from __future__ import annotations

import math
from typing import Any

DIGITS = 4
"""Significant digits of numbers in a chart."""
SIGNED = "datum.value == 0 ? '0' : format(datum.value, '+~g')"
"""Labels of an axis of differences: an expression of Vega."""


def spec(chart: Any) -> dict[str, Any]:
    """The chart without the address of its schema and without a look of its own."""
    made: dict[str, Any] = chart.to_dict()
    made.pop("$schema", None)
    made.pop("config", None)
    return made


def rounded(value: float | None) -> float | None:
    """Four significant digits; None for what is not finite."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.{DIGITS}g}")
