"""Lines of rows with a band, a dash and a name at the end of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from untrain.report.charts.palette import Scales

DRAWN = (560, 280)
"""Width and height in pixels for which names are kept apart."""
LETTER, HEIGHT = 6.4, 16
ASIDE = 0.6
"""Share of the width beyond which a name stands left of its line's end."""


def row_dash(looks: Scales, labels: Sequence[str], field: str = "model") -> dict[str, Any]:
    """The channel that dashes by row, without a legend."""
    own = looks.only(list(labels))
    return unkeyed(field, own.labels, own.dashes)


def unkeyed(field: str, domain: Sequence[str], dashes: Sequence[Sequence[int]]) -> dict[str, Any]:
    """A channel of dashes without a legend.

    It has one name more than others of the field: scales of one domain have one legend, which
    would draw the edge of each shape with its dash.
    """
    scale = {"domain": [*domain, ""], "range": [*dashes, [1, 0]]}
    return {"field": field, "type": "nominal", "scale": scale, "legend": None}


def name_beside(at: str) -> dict[str, Any]:
    """Mark of a name at the end of a line, on the side where there is room.

    at: the field of the x axis.
    """
    right = f"scale('x', datum.{at}) > {ASIDE} * width"
    return {
        "type": "text",
        "align": {"expr": f"{right} ? 'right' : 'left'"},
        "dx": {"expr": f"{right} ? 0 : 7"},
        "dy": {"expr": f"{right} ? -14 : 0"},
    }


def room(ends: Sequence[tuple[float, float, str]], span: tuple[float, float]) -> list[bool]:
    """Whether the name at the end of each line covers none of those before it.

    ends: x, y and the name, on axes from 0 to the largest x and over the span of y.
    """
    width, height = DRAWN
    most, (low, high) = max((x for x, _, _ in ends), default=0) or 1.0, span
    taken: list[tuple[float, float, float]] = []
    free = []
    for x, y, name in ends:
        left, wide = x / most * width, len(name) * LETTER
        top = (high - y) / ((high - low) or 1.0) * height
        if left > ASIDE * width:
            left, top = left - wide, top - 14
        fits = all(
            abs(top - other) >= HEIGHT or left >= right or left + wide <= start
            for start, right, other in taken
        )
        if fits:
            taken.append((left, left + wide, top))
        free.append(fits)
    return free
