"""Which gaps can be told apart: rows inside the noise are ties and are not ranked.

noise  the interval of the gap of means reaches its floor: not told from Retrain
tie    with the smallest gap: the difference of paired gaps to it is not above 0 (95 % t), or noise
best   the smallest gap, where no other row is a tie with it
Each interval is of one comparison; of many rows a few differ by chance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from untrain.bench.numbers import intervals

if TYPE_CHECKING:
    from untrain.bench.numbers.statistics import Gap, Row

UNRANKED = ("original", "retrain")


def marked(rows: Sequence[Row]) -> list[Row]:
    """The same rows, each with its marks; none where it has fewer than three pairs."""
    gaps = {
        row.label: row.gap
        for row in rows
        if row.label not in UNRANKED
        and row.gap is not None
        and len(row.gap.pairs) >= intervals.ENOUGH
        and math.isfinite(row.gap.average)
    }
    best = min(gaps, key=lambda label: (gaps[label].average, label), default="")
    noise = {label for label, gap in gaps.items() if inside(gap)}
    ties = {label for label in gaps if label in noise or tied(gaps[label], gaps[best])} - {best}
    return [
        replace(
            row,
            noise=row.label in noise,
            tie=row.label in ties or (row.label == best and bool(ties)),
            best=row.label == best and not ties and len(gaps) > 1,
        )
        for row in rows
    ]


def tied(one: Gap, best: Gap) -> bool:
    """Whether a gap cannot be told from the smallest one, paired by seeds."""
    apart = [value - best.pairs[pair] for pair, value in one.pairs.items() if pair in best.pairs]
    if len(apart) < intervals.ENOUGH:
        return True  # nothing shows that they differ
    differences = np.array(apart)
    return intervals.mean(differences) - intervals.half(differences) <= 0


def inside(gap: Gap) -> bool:
    """Whether a gap could be one between Retrains."""
    if not math.isfinite(gap.floor):
        return False
    return min(gap.average, gap.low if math.isfinite(gap.low) else gap.average) <= gap.floor
