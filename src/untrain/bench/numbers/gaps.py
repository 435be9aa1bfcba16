"""The distance of a row to Retrain's: the gap of means and the mean of paired gaps, with floors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from untrain.bench.numbers import intervals

if TYPE_CHECKING:
    from untrain.bench.numbers.statistics import Row

GAP = ("retain_accuracy", "unlearn_accuracy", "test_accuracy", "mia_efficacy")
"""The measures that the average gap is taken over, as in `untrain.metrics.audit`."""
Pair = tuple[int, int]
"""Split seed and training seed."""


@dataclass(frozen=True)
class Gap:
    """Distance to Retrain, in percentage points; NaN where there are too few seeds.

    average: the gap of means, with its bootstrap interval (low, high) and its floor.
    paired: the mean of the gaps of each pair, half its Student interval, and its floor.
    pairs: the gap of each pair that has a Retrain of its own.
    """

    average: float
    low: float
    high: float
    floor: float
    paired: float
    half: float
    paired_floor: float
    pairs: Mapping[Pair, float]


def gap(row: Row, retrain: Row, over: Sequence[str] = GAP) -> Gap | None:
    """A row beside all Retrains of its splits; None if there is none.

    Of several splits only pairs that both have are taken, so that each split counts alike.
    """
    from untrain.metrics.gap import floor_of_gaps, floor_of_means, gap_interval, gap_of_means

    common = [pair for pair in row.pairs if pair in retrain.pairs]
    splits = {split for split, _ in row.pairs}
    own, beside = list(row.pairs), [pair for pair in retrain.pairs if pair[0] in splits]
    if len(splits) > 1:
        own = beside = common
    if not own or not beside:
        return None
    mine, theirs = row.matrix(over, own), retrain.matrix(over, beside)
    apart = np.abs(row.matrix(over, common) - retrain.matrix(over, common)) if common else None
    pairs = [] if apart is None else [float(one) for one in apart.mean(1)]
    within = _within(theirs, [split for split, _ in beside])
    low, high = gap_interval(mine, theirs)
    return Gap(
        average=gap_of_means(mine, theirs),
        low=low,
        high=high,
        floor=floor_of_means(within, len(mine)),
        paired=intervals.mean(np.array(pairs)),
        half=intervals.half(np.array(pairs)),
        paired_floor=floor_of_gaps(within),
        pairs=dict(zip(common, pairs, strict=True)),
    )


def _within(retrain: np.ndarray, splits: Sequence[int]) -> np.ndarray:
    """Retrains less the mean of their split, as pairs share it; scaled so that the standard
    deviation over all is that within splits. As they are where a split has a single one."""
    chosen = np.array(splits)
    counts = [int((chosen == split).sum()) for split in sorted(set(splits))]
    if len(counts) < 2 or min(counts) < 2:
        return retrain
    from untrain.metrics.gap import c4

    left, free = retrain.astype(np.float64).copy(), len(retrain) - len(counts)
    for split in set(splits):
        left[chosen == split] -= left[chosen == split].mean(0)
    unbiased = c4(len(left)) / c4(free + 1)  # as the spread of all would be divided by c4 of all
    return np.asarray(left * np.sqrt((len(left) - 1) / free) * unbiased)
