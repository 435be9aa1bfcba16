"""How many forgotten images are recognised when few unseen ones may be called so by mistake?

The threshold is the one that a share `fpr` of unseen images exceeds, their classes mixed as the
forgotten ones'; TPR is the share of forgotten images above it, with the exact interval of Clopper
and Pearson (1934). Without membership TPR = fpr. QMIA (Bertran et al. 2023, arXiv 2307.03694) gives
each image a threshold of its own: a quantile of the margin, regressed on unseen images.
Differences from QMIA: a linear quantile regression on the label and on given difficulties instead
of a network, and the final threshold comes from unseen images that it was not fitted on (split
conformal), so that the false-positive rate holds whatever the fit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import beta, betabinom

from untrain.metrics.estimate import clopper_pearson
from untrain.metrics.membership.strata import finite, matched_weights
from untrain.rng import numpy_rng

RARE = 1000
"""Unseen images needed to speak of a false-positive rate of 0.1 %."""


@dataclass(frozen=True)
class LowFpr:
    """Recognised forgotten images at a low false-positive rate.

    hits of n are above the threshold: `rate`, with `interval` (95 %).
    fpr: asked for. fpr_high: its upper 95 % limit, given that m unseen images set the threshold.
    p: of so many hits or more without membership (beta-binomial: threshold and hits both vary).
    """

    fpr: float
    rate: float
    interval: tuple[float, float]
    p: float
    fpr_high: float
    threshold: float
    hits: int
    n: int
    m: int


def tpr_at_fpr(
    forget_scores: np.ndarray,
    forget_labels: np.ndarray,
    unseen_scores: np.ndarray,
    unseen_labels: np.ndarray,
    fpr: float = 0.01,
) -> LowFpr | None:
    """TPR at a threshold from unseen images.

    None where it would say nothing: no class in both sets, or an fpr under 1 % with fewer than
    RARE unseen images. Raises ValueError for scores that are not finite.
    """
    a, b = finite(forget_scores, "forget scores"), finite(unseen_scores, "unseen scores")
    weights = matched_weights(forget_labels, unseen_labels)
    a, b, weights = a[np.isin(forget_labels, unseen_labels)], b[weights > 0], weights[weights > 0]
    n, m = len(a), len(b)
    if not n or (fpr < 0.01 and m < RARE):
        return None
    order = np.argsort(-b, kind="stable")
    above = np.cumsum(weights[order])  # share of unseen images at or above each of them
    cut = int(np.searchsorted(above, fpr + 1e-12, side="right"))  # the first that must stay below
    threshold = float(b[order[min(cut, m - 1)]])
    hits = int((a > threshold).sum())
    effective = 1 / float((weights**2).sum())
    mistakes = int(fpr * effective + 1e-9)
    return LowFpr(
        fpr=fpr,
        rate=hits / n,
        interval=clopper_pearson(hits, n),
        p=float(betabinom.sf(hits - 1, n, mistakes + 1, effective - mistakes)),
        fpr_high=float(beta.ppf(0.95, mistakes + 1, effective - mistakes)),
        threshold=threshold,
        hits=hits,
        n=n,
        m=m,
    )


def qmia(
    forget_margins: np.ndarray,
    forget_labels: np.ndarray,
    unseen_margins: np.ndarray,
    unseen_labels: np.ndarray,
    *,
    forget_difficulty: np.ndarray | None = None,
    unseen_difficulty: np.ndarray | None = None,
    fpr: float = 0.01,
    seed: int = 0,
) -> LowFpr | None:
    """TPR at a threshold per image: the 1 - fpr quantile of the margin that its features predict.

    Features are the label and, where given, difficulty columns (n, Q) and (m, Q) that no forgotten
    image has shaped, such as the margins of reference models. Half of the unseen images fit the
    regression, the other half set the threshold: `m` counts those. None as `tpr_at_fpr`.
    """
    from sklearn.linear_model import QuantileRegressor

    classes = np.intersect1d(forget_labels, unseen_labels)
    keep, kept = np.isin(forget_labels, classes), np.isin(unseen_labels, classes)
    mine = _features(forget_labels, forget_difficulty, classes)[keep]
    theirs = _features(unseen_labels, unseen_difficulty, classes)[kept]
    a, b = finite(forget_margins, "forget margins")[keep], finite(unseen_margins, "unseen margins")
    b, labels = b[kept], unseen_labels[kept]
    fitted = numpy_rng(seed, "qmia").permutation(len(b)) < len(b) // 2
    if not len(a) or fitted.sum() < 2:
        return None
    machine = QuantileRegressor(quantile=1 - fpr, alpha=0, fit_intercept=False, solver="highs")
    machine.fit(theirs[fitted], b[fitted])
    rest = ~fitted
    return tpr_at_fpr(
        a - machine.predict(mine),
        forget_labels[keep],
        b[rest] - machine.predict(theirs[rest]),
        labels[rest],
        fpr,
    )


def _features(labels: np.ndarray, difficulty: np.ndarray | None, classes: np.ndarray) -> np.ndarray:
    """(N, K + Q): the label, one-hot, and what is known of the image."""
    one_hot = np.asarray(labels[:, None] == classes, dtype=np.float64)
    if difficulty is None:
        return one_hot
    return np.hstack([one_hot, finite(difficulty, "difficulties").reshape(len(labels), -1)])
