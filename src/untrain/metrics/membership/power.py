"""What an AUC over so many images can show: the smallest margin, before a model is looked at.

At chance the error is e = sqrt((n + m + 1) / (12 n m)), stratified as the AUC is. With level alpha
(one side) and power 1 - beta:
    noticed: an advantage of (z_{1 - alpha} + z_{1 - beta}) e       (2.93 e at 0.05 and 0.9)
    cleared: an AUC of exactly 1/2 lies within +-(z_{1 - alpha} + z_{1 - beta/2}) e  (3.29 e)
    failed: max(margin + z_{1 - beta} e, (z_{1 - alpha/2} + z_{1 - beta}) e), as the audit's test is
        two-sided, at a share of alpha, and asks for a distance beyond the margin as well.
The second is the margin of an equivalence test (TOST; Schuirmann 1987): it has two sides to pass.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from untrain.metrics.membership.auc import null_error


def chance_error(n: int, m: int) -> float:
    """Standard error of the AUC of n against m images at chance; NaN where a set is empty."""
    return float(np.sqrt((n + m + 1) / (12 * n * m))) if n and m else float("nan")


def smallest_margin(n: int, m: int, power: float = 0.9, alpha: float = 0.05) -> float:
    """The advantage (AUC - 1/2) that n forgotten and m unseen images show with this power."""
    return noticed(chance_error(n, m), power, alpha)


def stratified_margin(
    forget_labels: np.ndarray, unseen_labels: np.ndarray, power: float = 0.9, alpha: float = 0.05
) -> float:
    """`smallest_margin` with the real counts of each class; NaN if no class occurs in both."""
    return noticed(null_error(forget_labels, unseen_labels), power, alpha)


def noticed(error: float, power: float = 0.9, alpha: float = 0.05) -> float:
    """The smallest difference that a one-sided test at alpha notices with this power."""
    return float((norm.ppf(1 - alpha) + norm.ppf(power)) * error)


def cleared(error: float, power: float = 0.9, alpha: float = 0.05) -> float:
    """The smallest margin within which no difference at all is placed with this power."""
    return float((norm.ppf(1 - alpha) + norm.ppf((1 + power) / 2)) * error)


def records_needed(margin: float, m: int, power: float = 0.9, alpha: float = 0.05) -> int | None:
    """How many forgotten images notice this margin beside m unseen ones; None if no number does."""
    target = (margin / noticed(1.0, power, alpha)) ** 2
    rest = 12 * m * target - 1  # from (n + m + 1) / (12 n m) = target
    return int(np.ceil((m + 1) / rest)) if rest > 0 else None


def fails_at(error: float, margin: float, alpha: float, power: float = 0.9) -> float:
    """The departure that fails a model with this power: significant at alpha, two-sided, and beyond
    the margin."""
    least = float(norm.ppf(power)) * error
    return max(margin + least, float(norm.ppf(1 - alpha / 2)) * error + least)
