"""Is an image known beyond its difficulty? Its likelihood beside that of models that never saw it.

RMIA (Zarifzadeh, Liu and Shokri 2024, arXiv 2312.03262), offline:
    r(x) = p(x | model) / p(x),   p(x) = ((1 + a) mean_R p(x | reference) + 1 - a) / 2
    score(x) = share of population images z with r(x) / r(z) >= gamma
with p(x | .) the softmax of the label. The ranking is that of r; gamma and z only set thresholds.
1 to 4 references suffice, and they may be cheaper than the model.
For a few images each one's rank among unseen images of its class is exact by itself, and the ranks
together give one p-value for the request. For requests that are like no unseen set (one person, one
camera) the references' own AUC is the value to reach, not one half.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from untrain.metrics.estimate import Estimate
from untrain.metrics.membership.auc import stratified_auc
from untrain.metrics.membership.conformal import Conformal, conformal
from untrain.metrics.membership.permutation import DEALS, auc_column, permutation_test
from untrain.metrics.membership.strata import finite

A = 0.33
"""How far reference likelihoods are trusted as they are (1), as in public code; 1: p = p_out."""


def log_ratio(own: np.ndarray, references: np.ndarray, a: float = A) -> np.ndarray:
    """log r(x), (N,).

    own (N,), references (R, N): log p_y, which is `signals.loss`. a in [0, 1].
    Raises ValueError without a reference or with values that are not finite.
    """
    references = np.atleast_2d(finite(references, "reference likelihoods"))
    if not len(references):
        raise ValueError("no reference model is given")
    out = logsumexp(references, axis=0) - np.log(len(references))
    scaled = out + np.log((1 + a) / 2)
    usual = scaled if a == 1 else np.logaddexp(scaled, np.log((1 - a) / 2))
    return np.asarray(finite(own, "likelihoods") - usual)


def rmia(ratios: np.ndarray, population: np.ndarray, gamma: float = 1.0) -> np.ndarray:
    """Score in [0, 1] of each image, (N,), from log ratios of the images and of a population (Z,).

    The population must not hold forgotten or retained images. NaN where it is empty.
    """
    if not len(population):
        return np.full(len(ratios), np.nan)
    ordered = np.sort(finite(population, "population ratios"))
    reach = finite(ratios, "ratios") - np.log(gamma)
    return np.asarray(np.searchsorted(ordered, reach, side="right") / len(ordered))


@dataclass(frozen=True)
class Exposure:
    """A request beside references, whatever its size.

    auc: of the log ratios, forgotten against unseen of the same class. records: each image's exact
    p-value among them, and the list. p_known: of the request as a whole being known (one-sided);
    p_differs: being known or too unlikely (two-sided). references: how many. n, m: images compared.
    """

    auc: Estimate
    records: Conformal
    p_known: float
    p_differs: float
    references: int
    n: int
    m: int


def exposure(
    forget_ratios: np.ndarray,
    forget_labels: np.ndarray,
    unseen_ratios: np.ndarray,
    unseen_labels: np.ndarray,
    *,
    references: int,
    deals: int = DEALS,
    seed: int = 0,
) -> Exposure:
    """Ranks of forgotten images (n,) among unseen ones (m,) in log ratio (or any score).

    Exact for one image or thousands where both are alike but for training. Raises ValueError for
    ratios that are not finite.
    """
    ratios = np.concatenate([forget_ratios, unseen_ratios])
    labels = np.concatenate([forget_labels, unseen_labels])
    forgotten = np.arange(len(labels)) < len(forget_labels)
    sets = (forget_ratios, forget_labels, unseen_ratios, unseen_labels)
    column = auc_column(finite(ratios, "ratios"), forgotten, labels)
    one, two = (
        permutation_test(column, forgotten, labels, two_sided=sides, deals=deals, seed=seed)
        for sides in (False, True)
    )
    return Exposure(
        auc=stratified_auc(*sets),
        records=conformal(*sets, seed=seed),
        p_known=float(one.p[0]),
        p_differs=float(two.p[0]),
        references=references,
        n=one.n,
        m=one.m,
    )


@dataclass(frozen=True)
class ReferenceAuc:
    """What models that never saw the forgotten images give: the value to reach, tau.

    values (R,): AUC of each reference. tau: their mean. spread: their standard deviation, NaN for
    one reference.
    """

    values: np.ndarray
    tau: float
    spread: float

    def difference(self, auc: Estimate) -> Estimate:
        """AUC of the audited model minus tau, with error sqrt(se^2 + spread^2 / R).

        The error is NaN with one reference, so that nothing is cleared against it. Images are
        counted as drawn anew for the model, not as shared with the references: that errs towards
        a wide interval.
        """
        error = float(np.sqrt(auc.error**2 + self.spread**2 / len(self.values)))
        return Estimate(auc.value - self.tau, error)


def reference_auc(
    forget_scores: np.ndarray,
    forget_labels: np.ndarray,
    unseen_scores: np.ndarray,
    unseen_labels: np.ndarray,
) -> ReferenceAuc:
    """AUC of each reference, by any score of its own, the margin by habit.

    forget_scores (R, n), unseen_scores (R, m). Raises ValueError for scores that are not finite.
    """
    values = np.array(
        [
            stratified_auc(a, forget_labels, b, unseen_labels).value
            for a, b in zip(forget_scores, unseen_scores, strict=True)
        ]
    )
    if not len(values):
        return ReferenceAuc(values, float("nan"), float("nan"))
    spread = float(values.std(ddof=1)) if len(values) > 1 else float("nan")
    return ReferenceAuc(values, float(values.mean()), spread)
