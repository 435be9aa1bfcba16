"""A measure with its uncertainty, and the intervals that every test reads."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.stats import beta, norm


class Estimate(NamedTuple):
    """A value and its standard error, both NaN where the data do not give one."""

    value: float
    error: float

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Normal interval of the level."""
        half = float(norm.ppf(0.5 + level / 2)) * self.error
        return self.value - half, self.value + half

    def within(self, low: float, high: float, alpha: float = 0.05) -> bool:
        """Whether both one-sided tests at alpha (TOST) place the value inside (low, high).

        The same as: the interval of level 1 - 2 alpha lies inside. False for NaN.
        """
        a, b = self.interval(1 - 2 * alpha)
        return bool(low < a and b < high)

    def p(self, null: float) -> float:
        """Two-sided p-value of the value being `null`; 1 where there is no error to divide by."""
        if not self.error > 0:
            return 1.0 if np.isnan(self.value) or self.value == null else 0.0
        return float(2 * norm.sf(abs(self.value - null) / self.error))


def clopper_pearson(hits: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """Exact binomial interval of a share; (0, 1) where there was no trial."""
    if not trials:
        return 0.0, 1.0
    tail = (1 - level) / 2
    low = float(beta.ppf(tail, hits, trials - hits + 1)) if hits else 0.0
    high = float(beta.ppf(1 - tail, hits + 1, trials - hits)) if hits < trials else 1.0
    return low, high


def wilson(hits: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's binomial interval of a share, for accuracies; (0, 1) where there was no trial."""
    if not trials:
        return 0.0, 1.0
    z, share = float(norm.ppf(0.5 + level / 2)), hits / trials
    middle = (share + z**2 / (2 * trials)) / (1 + z**2 / trials)
    half = z * np.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2)) / (1 + z**2 / trials)
    return float(max(0.0, middle - half)), float(min(1.0, middle + half))
