"""What runs have logged of each pass, as curves over seeds: loss, learning rate and others."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from untrain.bench.numbers import intervals
from untrain.bench.numbers.statistics import Row, Table

NOT_MEASURES = ("epoch", "seconds", "role")
WORDS = {"loss": "loss", "lr": "learning rate"}
MOST = 300
"""Points of all curves of one measure together."""


@dataclass(frozen=True)
class Point:
    """After a pass: epochs and seconds so far, the mean over seeds, and its standard deviation,
    NaN for fewer than three seeds."""

    epoch: float
    seconds: float
    value: float
    spread: float


@dataclass(frozen=True)
class Line:
    """A measure of a row. part: which passes, of a method that takes turns (`forget`, `retain`);
    "" where it does not. seeds: how many runs it is over."""

    label: str
    measure: str
    part: str
    points: tuple[Point, ...]
    seeds: int
    thinned: bool = False


def lines(table: Table) -> list[Line]:
    """All curves of a table, by row and measure, thinned so that a chart can hold them."""
    found = [line for row in table.rows for line in of_row(row)]
    most = {name: _most(found, name) for name in {one.measure for one in found}}
    return [_thinned(one, most[one.measure]) for one in found]


def _most(found: Sequence[Line], measure: str) -> int:
    """How many points a line may have, so that all of a measure are few enough together."""
    lengths = [len(one.points) for one in found if one.measure == measure]
    return next(
        (n for n in range(max(lengths), 3, -1) if sum(min(n, x) for x in lengths) <= MOST), 3
    )


def of_row(row: Row) -> list[Line]:
    logs = [log for run in row.runs if (log := run.about.get("curve"))]
    if not logs:
        return []
    names = [n for n, v in logs[0][0].items() if n not in NOT_MEASURES and _number(v) is not None]
    parts = list(dict.fromkeys(str(one.get("role", "")) for one in logs[0]))
    return [
        line for name in names for part in parts if (line := _line(row.label, name, part, logs))
    ]


def word(measure: str) -> str:
    """A measure as people read it."""
    return WORDS.get(measure, measure.replace("_", " "))


def _line(
    label: str, name: str, part: str, logs: Sequence[Sequence[Mapping[str, Any]]]
) -> Line | None:
    curves = [curve for log in logs if (curve := _curve(log, name, part))]
    if not curves:
        return None
    # runs that stop at different passes are averaged as far as all of them go
    length = min(map(len, curves))
    whole = np.array([curve[:length] for curve in curves])  # (runs, passes, 3)
    means, spreads = whole.mean(0), [intervals.std(column) for column in whole[:, :, 2].T]
    points = tuple(
        Point(float(epoch), float(seconds), float(value), spread)
        for (epoch, seconds, value), spread in zip(means, spreads, strict=True)
    )
    return Line(label, name, part, points, len(curves))


def _curve(
    log: Sequence[Mapping[str, Any]], name: str, part: str
) -> list[tuple[float, float, float]]:
    """Epoch, seconds so far and value of the passes that have one."""
    found: list[tuple[float, float, float]] = []
    seconds = 0.0
    for row in log:
        took, value = _number(row.get("seconds")), _number(row.get(name))
        seconds += took or 0.0
        if str(row.get("role", "")) == part and value is not None:
            found.append((_number(row.get("epoch")) or len(found) + 1.0, seconds, value))
    return found


def _number(value: Any) -> float | None:
    """The value where it is a finite number."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if number and math.isfinite(value) else None


def _thinned(line: Line, most: int) -> Line:
    """At most so many points, evenly spaced, with both ends."""
    if len(line.points) <= most:
        return line
    places = np.unique(np.linspace(0, len(line.points) - 1, most).round().astype(int))
    kept = tuple(line.points[place] for place in places)
    return Line(line.label, line.measure, line.part, kept, line.seeds, thinned=True)
