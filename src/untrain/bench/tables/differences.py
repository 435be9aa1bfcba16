"""Comparisons as tables: two rows measure by measure, or a study in two stores row by row."""

from __future__ import annotations

import math
from collections.abc import Sequence

from untrain.bench.numbers.comparison import Comparison, Difference
from untrain.bench.numbers.intervals import ENOUGH
from untrain.bench.tables.grid import Grid, number
from untrain.bench.tables.main import signed

PAIRED = (
    "Differences are paired by split and training seed, with 95 % Student intervals; each interval "
    "is of one comparison."
)
FEW = f"Fewer than {ENOUGH} pairs of seeds: no interval, so nothing is told apart."


def two(block: str, found: Comparison) -> Grid:
    """Measure by measure: both means, their difference, and whether its interval leaves 0 out."""
    title = f"{block}: {found.first} less {found.second} (n={len(found.pairs)})"
    head = ["measure", found.first, found.second, "difference [95 %]", "differs"]
    rows = []
    for one in found.differences:
        means = [value(one.name, float(values.mean())) for values in (one.first, one.second)]
        told = "-" if len(found.pairs) < ENOUGH else "yes" if one.tells else "not told"
        rows.append([_short(one.name), *means, difference(one), told])
    return Grid(title, head, rows, _notes([found]))


def stores(block: str, found: Sequence[Comparison], here: str, there: str) -> Grid:
    """Row by row: the differences of each measure between two stores."""
    names = list(dict.fromkeys(one.name for row in found for one in row.differences))
    rows = []
    for one in found:
        cells = [difference(known) if (known := one.of(name)) else "-" for name in names]
        rows.append([f"{one.first} (n={len(one.pairs)})", *cells])
    title = f"{block}: {here} less {there}"
    return Grid(title, ["model", *map(_short, names)], rows, _notes(found))


def difference(one: Difference) -> str:
    """`+0.52 [+0.10, +0.94]`; without the interval for fewer than three pairs."""
    if one.name == "flops":  # of equal settings the same for each seed
        return f"{one.mean:+.3g}"
    digits = _digits(one.name)
    text = signed(one.mean, digits)
    if not math.isfinite(one.half):
        return text
    low, high = one.mean - one.half, one.mean + one.half
    return f"{text} [{signed(low, digits)}, {signed(high, digits)}]"


def _notes(found: Sequence[Comparison]) -> list[str]:
    few = any(len(one.pairs) < ENOUGH for one in found)
    gap = "gap: the mean of paired gaps to Retrain. " * any(one.of("gap") for one in found)
    return [gap + PAIRED, *([FEW] if few else [])]


def value(name: str, mean: float) -> str:
    """A mean as it is shown; large counts with three digits."""
    return f"{mean:.3g}" if name == "flops" else number(mean, _digits(name))


def _digits(name: str) -> int:
    from untrain.metrics.audit import METRICS

    return {metric.name: metric.digits for metric in METRICS}.get(name, 0 if name == "flops" else 2)


def _short(name: str) -> str:
    from untrain.metrics.audit import GONE, METRICS

    short = {metric.name: metric.short for metric in (*METRICS, GONE)} | {"flops": "FLOPs"}
    return short.get(name, name)
