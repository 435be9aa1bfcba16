"""Can forgotten images be told from images that were never seen? The class-stratified AUC.

AUC_k = P(s+ > s-) + P(s+ = s-) / 2 within class k, by mid-ranks;  AUC = sum_k w_k AUC_k,  w_k the
share of class k among the forgotten images that have unseen ones of their class.
Variance: DeLong, DeLong and Clarke-Pearson (1988) in each class, by ranks as in Sun and Xu (2014),
    var_k = S10 / n + S01 / m,  S10 and S01 the variances of the placements;  sum_k w_k^2 var_k.
Differences: S10 and S01 count one degree of freedom more, at the 1/12 that they have at chance, so
that a class of one image, or one that is perfectly separated, does not claim to know its AUC
exactly. For hundreds of images that changes nothing.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from untrain.metrics.estimate import Estimate
from untrain.metrics.evidence import Outputs
from untrain.metrics.membership.strata import finite, pairs

CHANCE = 1 / 12
"""Variance of a placement where the two sets are alike: it is uniform."""


def auc(positive: np.ndarray, negative: np.ndarray) -> float:
    """P(positive > negative) + P(equal) / 2, by mid-ranks."""
    n, m = len(positive), len(negative)
    ranks = rankdata(np.concatenate([positive, negative]))
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * m))


def placements(positive: np.ndarray, negative: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each positive's share of negatives below it, each negative's share of positives above it."""
    n, m = len(positive), len(negative)
    ranks = rankdata(np.concatenate([positive, negative]))
    above = (ranks[:n] - rankdata(positive)) / m
    below = 1 - (ranks[n:] - rankdata(negative)) / n
    return above, below


def delong(positive: np.ndarray, negative: np.ndarray) -> Estimate:
    """The AUC with its error as published; an error of 0 where the sets are separated.

    NaN where a set is empty; the error is NaN where a set has one image.
    """
    n, m = len(positive), len(negative)
    if not n or not m:
        return Estimate(float("nan"), float("nan"))
    above, below = placements(finite(positive, "scores"), finite(negative, "scores"))
    value = float(above.mean())
    if min(n, m) < 2:
        return Estimate(value, float("nan"))
    return Estimate(value, float(np.sqrt(above.var(ddof=1) / n + below.var(ddof=1) / m)))


def stratified_auc(
    forget_scores: np.ndarray,
    forget_labels: np.ndarray,
    unseen_scores: np.ndarray,
    unseen_labels: np.ndarray,
) -> Estimate:
    """AUC of any signal, forgotten (n,) against unseen (m,) images of the same class.

    NaN if no class occurs in both. Raises ValueError for scores that are not finite.
    """
    a, b = finite(forget_scores, "forget scores"), finite(unseen_scores, "unseen scores")
    total, value, variance = 0, 0.0, 0.0
    for _, mine, theirs in pairs(forget_labels, unseen_labels):
        above, below = placements(a[mine], b[theirs])
        n, m = len(mine), len(theirs)
        total += n
        value += n * above.mean()
        variance += n**2 * (_spread(above) / n + _spread(below) / m)
    if not total:
        return Estimate(float("nan"), float("nan"))
    return Estimate(float(value / total), float(np.sqrt(variance) / total))


def _spread(placed: np.ndarray) -> float:
    return float((((placed - placed.mean()) ** 2).sum() + CHANCE) / len(placed))


def null_error(forget_labels: np.ndarray, unseen_labels: np.ndarray) -> float:
    """Standard error of the stratified AUC at chance: sum_k w_k^2 (n_k + m_k + 1) / (12 n_k m_k).

    NaN if no class occurs in both.
    """
    total, variance = 0, 0.0
    for _, mine, theirs in pairs(forget_labels, unseen_labels):
        n, m = len(mine), len(theirs)
        total += n
        variance += n * (n + m + 1) * CHANCE / m
    return float(np.sqrt(variance) / total) if total else float("nan")


def membership_auc(forget: Outputs, unseen: Outputs) -> tuple[float, float]:
    """Stratified AUC of the margin, forgotten against unseen images, and its error at chance.

    0.5 is what a model that never saw them gives; 1 is a model that knows them all; below 0.5 they
    stand out by being too unlikely. Both are NaN if no class occurs in both sets, the first also
    where logits are not finite.
    """
    error = null_error(forget.labels, unseen.labels)
    a, b = forget.margin, unseen.margin
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return float("nan"), error
    return stratified_auc(a, forget.labels, b, unseen.labels).value, error
