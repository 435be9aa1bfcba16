"""Names beside points: none over another, over a point, or over a line; else none at all."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from untrain.report.charts.names import MARK, Box, _box, beside


def over(one: Box, other: Box) -> bool:
    return not (
        one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
    )


@pytest.mark.parametrize("seed", range(4))
def test_names_cover_nothing(seed: int) -> None:
    draw = np.random.default_rng(seed)
    points = [(float(x), float(y), "n" * (3 + k)) for k, (x, y) in enumerate(draw.random((15, 2)))]
    points = [(300 * x, 200 * y, name) for x, y, name in points]
    line = (100.0, 0.0, 102.0, 200.0)
    places = beside(points, 300, [line])
    boxes = {
        name: _box(x, y, place, len(name) * 6.4)
        for (x, y, name), place in zip(points, places, strict=True)
        if place
    }
    assert len(boxes) > 3
    assert not any(over(one, other) for one, other in itertools.combinations(boxes.values(), 2))
    assert not any(over(box, line) or box[0] < 0 or box[2] > 300 for box in boxes.values())
    for x, y, name in points:
        mark = (x - MARK, y - MARK, x + MARK, y + MARK)
        assert not any(over(box, mark) for other, box in boxes.items() if other != name)


def test_the_first_of_a_heap_has_its_name() -> None:
    heap = [(150.0, 100.0, "a name that is quite long")] * 12
    places = beside(heap, 300)
    assert places[0] is not None
    assert None in places
