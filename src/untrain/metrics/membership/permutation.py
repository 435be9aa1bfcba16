"""Are forgotten and unseen images exchangeable? Their names are dealt out anew within each class.

T = sum of a column over the forgotten images, for any number of columns at once (attacks, learning
rates); each is centred and scaled by its exact mean and variance under dealing:
    E T = sum_k n_k mean_k,   var T = sum_k n_k m_k / N_k S2_k   (S2_k with N_k - 1)
p = (1 + deals at least as extreme) / (deals + 1), of each column and of the largest one (max
statistic; Westfall and Young 1993), which corrects for looking at several columns however they
hang together. Within-class mean differences and AUCs are such sums: `mean_column`, `auc_column`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from untrain.metrics.membership.strata import by_class, finite
from untrain.rng import numpy_rng

DEALS = 10_000
CELLS = 16_000_000
"""Rows dealt at once, which bounds the memory."""


@dataclass(frozen=True)
class Permuted:
    """A permutation test of K columns.

    z (K,): each column's sum over the forgotten images, in standard deviations from its mean.
    p (K,): of each column alone. joint: of the largest, corrected for looking at all of them.
    n, m: forgotten and unseen images of the classes that occur in both. deals: how many.
    """

    z: np.ndarray
    p: np.ndarray
    joint: float
    n: int
    m: int
    deals: int


def permutation_test(
    values: np.ndarray,
    is_forget: np.ndarray,
    labels: np.ndarray,
    *,
    two_sided: bool = True,
    deals: int = DEALS,
    seed: int = 0,
) -> Permuted:
    """Deal the forgotten images anew within each class; p-values of each column and of the largest.

    values (N,) or (N, K): forgotten and unseen images together. is_forget: bool (N,). labels (N,).
    two_sided: either sign counts; otherwise only forgotten images with larger values do.
    Classes without images of both kinds tell nothing and are left out; with no class left every
    p-value is 1. Raises ValueError for values that are not finite.
    """
    columns = finite(values, "values")
    columns = columns[:, None] if columns.ndim == 1 else columns
    strata = list(_strata(columns, np.asarray(is_forget, dtype=bool), labels))
    width = columns.shape[1]
    mean, variance, total = np.zeros(width), np.zeros(width), np.zeros(width)
    for rows, n in strata:
        size = len(rows)
        mean += n * rows.mean(0)
        variance += n * (size - n) / size * rows.var(0, ddof=1)
        total += rows[:n].sum(0)
    scale = np.where(variance > 1e-24 * np.maximum(mean**2, 1e-300), np.sqrt(variance), np.inf)
    observed = (total - mean) / scale
    dealt = (_deal(strata, width, deals, seed) - mean) / scale
    extreme, others = (abs(observed), abs(dealt)) if two_sided else (observed, dealt)
    return Permuted(
        z=observed,
        p=_share(others, extreme),
        joint=float(_share(others.max(1), extreme.max())) if width else 1.0,
        n=sum(n for _, n in strata),
        m=sum(len(rows) - n for rows, n in strata),
        deals=deals,
    )


def _strata(
    columns: np.ndarray, is_forget: np.ndarray, labels: np.ndarray
) -> Iterator[tuple[np.ndarray, int]]:
    """Each class's values, the forgotten ones first, and how many those are."""
    for rows in by_class(labels).values():
        n = int(is_forget[rows].sum())
        if 0 < n < len(rows):
            yield columns[rows[np.argsort(~is_forget[rows], kind="stable")]], n


def _deal(strata: list[tuple[np.ndarray, int]], width: int, deals: int, seed: int) -> np.ndarray:
    """(deals, K): sums over forgotten images dealt at random; the smaller side is drawn."""
    totals = np.zeros((deals, width))
    chance = numpy_rng(seed, "permutation")
    for rows, n in strata:
        size = len(rows)
        few = min(n, size - n)
        step = max(1, CELLS // size)
        for start in range(0, deals, step):
            stop = min(start + step, deals)
            drawn = _draw(chance, size, few, stop - start)
            sums = np.stack([column[drawn].sum(0) for column in rows.T.copy()], axis=1)
            totals[start:stop] += sums if few == n else rows.sum(0) - sums
    return totals


def _draw(chance: np.random.Generator, size: int, few: int, deals: int) -> np.ndarray:
    """(few, deals): in each column `few` different numbers below `size` (Fisher and Yates)."""
    deck = np.repeat(np.arange(size, dtype=np.int32)[:, None], deals, axis=1)
    column = np.arange(deals)
    for place in range(few):
        other = chance.integers(place, size, deals)
        drawn = deck[other, column]
        deck[other, column] = deck[place]
        deck[place] = drawn
    return deck[:few]


def _share(dealt: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """(1 + how many deals reach the observed) / (deals + 1), for equal sums in another order."""
    return np.asarray((1 + (dealt >= observed - 1e-9).sum(0)) / (len(dealt) + 1))


def auc_column(scores: np.ndarray, is_forget: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(N,): mid-ranks within the class over its unseen count; their sum moves as the AUC does."""
    column = np.zeros(len(labels))
    for rows in by_class(labels).values():
        unseen = int((~is_forget[rows]).sum())
        column[rows] = rankdata(scores[rows]) / max(unseen, 1)
    return column


def mean_column(values: np.ndarray, is_forget: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(N,): values whose sum moves as the class-stratified difference of means does.

    With values 1 for a right prediction, that is forget accuracy minus the unseen accuracy of the
    same classes.
    """
    column = np.zeros(len(labels))
    for rows in by_class(labels).values():
        unseen = int((~is_forget[rows]).sum())
        column[rows] = values[rows] * len(rows) / max(unseen, 1)
    return column
