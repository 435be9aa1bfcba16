"""Mean and spread over seeds, and the 95 % Student interval of the mean."""

from __future__ import annotations

import numpy as np

ENOUGH = 3
"""Seeds from which on a spread, an interval or a mark is shown."""


def mean(values: np.ndarray) -> float:
    """NaN for none."""
    return float(np.mean(values)) if len(values) else float("nan")


def std(values: np.ndarray) -> float:
    """Standard deviation, n - 1; NaN for fewer than three values."""
    return float(np.std(values, ddof=1)) if len(values) >= ENOUGH else float("nan")


def half(values: np.ndarray) -> float:
    """Half the 95 % Student interval of the mean; NaN for fewer than three values."""
    from scipy.stats import t

    if len(values) < ENOUGH:
        return float("nan")
    return float(t.ppf(0.975, len(values) - 1) * std(values) / len(values) ** 0.5)
