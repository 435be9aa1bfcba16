"""The relearning test of several models: drawn, in full numbers, and in a sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from untrain.bench.numbers.statistics import Table
from untrain.bench.tables.grid import Grid, number
from untrain.report.charts import healing as charts
from untrain.report.charts.palette import scales
from untrain.report.charts.spec import rounded
from untrain.report.content import Figure
from untrain.report.data import listed
from untrain.report.found.judged import (
    NAN,
    Judged,
    Values,
    known,
    mean_of,
    number_of,
    seed_of,
    state,
)

FAST, SLOW = 0.8, 1.25
"""Ratios of relearning times between which a model passes."""


def figure(table: Table, found: Sequence[Judged]) -> Figure:
    rows = [row for one in found if (row := _ratio(one))]
    return Figure(
        key="relearning",
        title="Relearning: time on forgotten images over time on new ones",
        description=f"A dot with its 95 % interval per method; 1 is the goal. {told(found)}",
        specs=[charts.times(rows, scales(table), FAST, SLOW)],
        table=_relearning_grid(found),
    )


def _ratio(one: Judged) -> dict[str, Any] | None:
    """The mean over seeds; the interval is that of a single seed, where there is one alone."""
    values = [v for v in one.of("relearning") if math.isfinite(number_of(v, "value"))]
    if not values:
        return None
    ratio = mean_of(number_of(value, "value") for value in values)
    ends = [number_of(values[0], end) if len(values) == 1 else NAN for end in ("low", "high")]
    low, high = (rounded(end) if math.isfinite(end) else rounded(ratio) for end in ends)
    told = f"{ratio:.2f}" + (f" (95 % {low} to {high})" if len(values) == 1 else "")
    return {"who": one.label, "ratio": rounded(ratio), "low": low, "high": high, "told": told}


def _relearning_grid(found: Sequence[Judged]) -> Grid:
    head = ["model", "seed", "passes, forgotten", "passes, new", "ratio", "95 %", "result"]
    rows = []
    for one in found:
        for run, values in one.runs:
            for value in Judged(one.row, ((run, values),)).of("relearning"):
                passes = [mean_of(_times(value, name)) for name in ("forget", "unseen")]
                low, high = number_of(value, "low"), number_of(value, "high")
                rows.append(
                    [
                        one.label,
                        seed_of(run),
                        *(number(one_mean, 1) for one_mean in passes),
                        number(number_of(value, "value"), 2),
                        f"{low:.2f} to {high:.2f}" if math.isfinite(low + high) else "-",
                        str(value.get("state", "open")),
                    ]
                )
    return Grid("Relearning", head, rows, [f"A ratio between {FAST} and {SLOW} passes."])


def _times(value: Values, name: str) -> list[float]:
    found = (value.get("more") or {}).get(name)
    numbers = found if isinstance(found, list) else []
    return [float(one) for one in numbers if isinstance(one, int | float)]


def told(found: Sequence[Judged]) -> str:
    """Who relearns faster, in a sentence; "" where nothing was measured."""
    ratios = [
        (mean_of(number_of(value, "value") for value in one.of("relearning")), one)
        for one in found
        if known(one, "relearning")
    ]
    if not ratios:
        return ""
    failed = [(ratio, one) for ratio, one in ratios if state(one, "relearning") == "fail"]
    fast = [f"{one.label} ({ratio:.2f})" for ratio, one in failed]
    if fast:
        verb = "relearns" if len(fast) == 1 else "relearn"
        return f"{listed(fast)} {verb} them faster than new images."
    ratio, least = min(ratios, key=lambda one: one[0])
    start = "No method surely relearns them faster than new images; the lowest ratio of times is"
    return f"{start} {ratio:.2f} ({least.label})."
