"""The average gap to Retrain, and how large it is between two groups of Retrains.

Both definitions average over RA, UA, TA and MIA efficacy, in percentage points:
    gap_of_means   |mean over seeds - Retrain's mean over seeds|   (the papers' column)
    mean_of_gaps   mean over seeds of |value - Retrain's value of the same seed|

Beside it the tug of war of Zhao et al. 2024, arXiv 2406.01257, on shares instead of percent:
    ToW            (1 - |gap on forget|) (1 - |gap on retain|) (1 - |gap on test|), 1 is best
    ToW-MIA        the first factor of MIA efficacy instead of the accuracy on forgotten images
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from untrain.rng import numpy_rng


def gap_of_means(values: np.ndarray, retrain: np.ndarray) -> float:
    """values (seeds, metrics), retrain (seeds, metrics): the papers' average gap."""
    return float(np.abs(values.mean(0) - retrain.mean(0)).mean())


def mean_of_gaps(values: np.ndarray, retrain: np.ndarray) -> float:
    """Rows paired by seed; never below the gap of means."""
    if values.shape != retrain.shape:
        raise ValueError("paired gaps need one Retrain per seed")
    return float(np.abs(values - retrain).mean())


def floor_of_means(retrain: np.ndarray, seeds: int) -> float:
    """Expected gap of means between `seeds` further Retrains and these, for normal noise.

    mean over metrics of  std * sqrt(1/seeds + 1/n) * sqrt(2/pi).  NaN for fewer than two.
    """
    if len(retrain) < 2:
        return float("nan")
    scale = math.sqrt(1 / seeds + 1 / len(retrain)) * math.sqrt(2 / math.pi)
    return float(spread(retrain).mean() * scale)


def floor_of_gaps(retrain: np.ndarray) -> float:
    """Expected mean of paired gaps between two Retrains: std * 2 / sqrt(pi). NaN for one."""
    if len(retrain) < 2:
        return float("nan")
    return float(spread(retrain).mean() * 2 / math.sqrt(math.pi))


def spread(retrain: np.ndarray) -> np.ndarray:
    """Unbiased standard deviations (metrics,): the sample's own are 20 % too small for two seeds.

    Divided by c4(n) = sqrt(2 / (n - 1)) Gamma(n / 2) / Gamma((n - 1) / 2), as for normal noise.
    """
    return np.asarray(retrain.std(0, ddof=1) / c4(len(retrain)))


def c4(n: int) -> float:
    """Expected sample standard deviation of n values of a normal distribution with deviation 1."""
    return math.sqrt(2 / (n - 1)) * math.exp(math.lgamma(n / 2) - math.lgamma((n - 1) / 2))


def gap_interval(values: np.ndarray, retrain: np.ndarray, draws: int = 2000) -> tuple[float, float]:
    """95 % bootstrap interval of the gap of means over seeds; NaN for fewer than three seeds.

    Rows are drawn together where there are as many of one as of the other: give them paired by
    seed. An average of absolute values never reaches 0, so the interval does not either: compare
    it with the floor.
    """
    if min(len(values), len(retrain)) < 3:
        return float("nan"), float("nan")
    chance = numpy_rng(0, "gap", "bootstrap")
    if len(values) == len(retrain):
        mine = theirs = chance.integers(len(values), size=(draws, len(values)))
    else:
        mine, theirs = (chance.integers(n, size=(draws, n)) for n in (len(values), len(retrain)))
    gaps = np.abs(values[mine].mean(1) - retrain[theirs].mean(1)).mean(1)
    low, high = np.quantile(gaps, [0.025, 0.975])
    return float(low), float(high)


class ToW(NamedTuple):
    """Tug of war: the product, and its factors, each in [0, 1]; 1 is Retrain's own."""

    value: float
    forget: float
    retain: float
    test: float


def tow(values: np.ndarray, retrain: np.ndarray) -> ToW:
    """values, retrain: (3,), percent on forget (accuracy; of ToW-MIA, efficacy), retain, test.

    Of several seeds, average the values of each seed, as the paper does.
    """
    factors = 1 - np.abs(np.asarray(values) - np.asarray(retrain)) / 100
    if factors.shape != (3,):
        raise ValueError("tug of war takes forget, retain and test")
    return ToW(float(factors.prod()), *map(float, factors))
