"""Where the names of points stand: beside them, and over nothing else."""

from __future__ import annotations

from collections.abc import Sequence

PLACES = ((9, 0), (-9, 0), (9, -10), (-9, -10), (9, 12), (-9, 12), (0, -14), (0, 15), (-9, -24))
"""Where a name may stand beside its point, in pixels; the first that is free is taken."""
LETTER, HIGH = 6.4, 13
"""Width of a letter, and height of a line, in pixels."""
MARK = 8
"""Half the side of a point, with the room that others' names leave it."""
Box = tuple[float, float, float, float]
"""Left, top, right and bottom in pixels."""


def beside(
    points: Sequence[tuple[float, float, str]], width: float, drawn: Sequence[Box] = ()
) -> list[tuple[int, int] | None]:
    """The place of each point's name; None where it would cover a point, a name, or what is drawn.

    points: x, y and the name, those that matter most first. width: of the chart, which names do
    not leave.
    """
    marks = [(x - MARK, y - MARK, x + MARK, y + MARK) for x, y, _ in points]
    names: list[Box] = []
    found: list[tuple[int, int] | None] = []
    for own, (x, y, name) in enumerate(points):
        taken = [*drawn, *names, *marks[:own], *marks[own + 1 :]]
        boxes = {place: _box(x, y, place, len(name) * LETTER) for place in PLACES}
        free = [place for place, box in boxes.items() if _fits(box, taken, width)]
        found.append(free[0] if free else None)
        names += [boxes[place] for place in free[:1]]
    return found


def _box(x: float, y: float, place: tuple[int, int], wide: float) -> Box:
    dx, dy = place
    left = x + dx - (wide if dx < 0 else wide / 2 if dx == 0 else 0)
    return left, y + dy - HIGH / 2, left + wide, y + dy + HIGH / 2


def _fits(box: Box, taken: Sequence[Box], width: float) -> bool:
    left, top, right, bottom = box
    return (
        left >= 0
        and right <= width
        and not any(left < r and x < right and top < b and y < bottom for x, y, r, b in taken)
    )
