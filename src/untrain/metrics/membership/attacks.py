"""The classic membership attacks on one model, each forgotten against unseen of the same class.

A row per signal: class-stratified AUC with DeLong's error, its permutation p-value, the balanced
accuracy of a threshold chosen on one half of the images and used on the other, TPR at FPR 1 %
(Carlini et al. 2022, arXiv 2112.03570). Several attacks are several chances: the joint p-value is
of the largest one, under one dealing for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from untrain.metrics import signals
from untrain.metrics.estimate import Estimate
from untrain.metrics.evidence import Outputs
from untrain.metrics.membership.auc import stratified_auc
from untrain.metrics.membership.lowfpr import LowFpr, tpr_at_fpr
from untrain.metrics.membership.permutation import DEALS, auc_column, permutation_test
from untrain.metrics.membership.strata import by_class, left_out, matched_weights
from untrain.rng import numpy_rng


@dataclass(frozen=True)
class Attack:
    """One attack: AUC, its two-sided p, balanced accuracy (0.5 is chance), TPR at FPR 1 %.

    The last is 0 where more than 1 % of unseen images share the highest score (correctness).
    """

    name: str
    auc: Estimate
    p: float
    balanced: Estimate
    tpr: LowFpr | None


@dataclass(frozen=True)
class Attacks:
    """All attacks. joint: p-value of the strongest, corrected for looking at all.

    n, m: forgotten and unseen images compared. left_out: forgotten ones without unseen images of
    their class.
    """

    rows: tuple[Attack, ...]
    joint: float
    n: int
    m: int
    left_out: int

    @property
    def strongest(self) -> Attack | None:
        """The attack with the smallest p-value, the farther from chance among equals."""
        ordered = sorted(self.rows, key=lambda one: (one.p, -abs(one.auc.value - 0.5)))
        return ordered[0] if ordered and self.n else None


def attacks(
    forget: Outputs,
    unseen: Outputs,
    *,
    forget_norms: np.ndarray | None = None,
    unseen_norms: np.ndarray | None = None,
    deals: int = DEALS,
    seed: int = 0,
) -> Attacks:
    """Run every attack that needs one forward pass.

    forget_norms (n,), unseen_norms (m,): |f| of the features before a linear head with a bias, for
    the last-layer gradient attack; without them it is left out.
    Raises ValueError for logits or norms that are not finite.
    """
    scores = {name: (one(forget), one(unseen)) for name, one in signals.SIGNALS.items()}
    if forget_norms is not None and unseen_norms is not None:
        scores["last-layer gradient"] = (
            signals.gradient(forget, forget_norms),
            signals.gradient(unseen, unseen_norms),
        )
    return compare(scores, forget.labels, unseen.labels, deals=deals, seed=seed)


def compare(
    scores: Mapping[str, tuple[np.ndarray, np.ndarray]],
    forget_labels: np.ndarray,
    unseen_labels: np.ndarray,
    *,
    deals: int = DEALS,
    seed: int = 0,
) -> Attacks:
    """The same for any scores by name: of the forgotten (n,) and of the unseen images (m,)."""
    labels = np.concatenate([forget_labels, unseen_labels])
    forgotten = np.arange(len(labels)) < len(forget_labels)
    columns = [auc_column(np.concatenate(pair), forgotten, labels) for pair in scores.values()]
    dealt = permutation_test(np.stack(columns, 1), forgotten, labels, deals=deals, seed=seed)
    rows = tuple(
        Attack(
            name,
            stratified_auc(a, forget_labels, b, unseen_labels),
            float(p),
            balanced_accuracy(a, forget_labels, b, unseen_labels, seed),
            tpr_at_fpr(a, forget_labels, b, unseen_labels),
        )
        for (name, (a, b)), p in zip(scores.items(), dealt.p, strict=True)
    )
    missing = left_out(forget_labels, unseen_labels)
    return Attacks(rows, dealt.joint, dealt.n, dealt.m, missing)


def balanced_accuracy(
    forget_scores: np.ndarray,
    forget_labels: np.ndarray,
    unseen_scores: np.ndarray,
    unseen_labels: np.ndarray,
    seed: int = 0,
) -> Estimate:
    """(TPR + TNR) / 2 on one half of the images, at the best threshold of the other half.

    Unseen images weigh so that their classes are mixed as the forgotten ones'. The threshold may
    call the lower side members: over-forgetting is as revealing. NaN where a half is empty.
    """
    sets = []
    for scores, labels in ((forget_scores, forget_labels), (unseen_scores, unseen_labels)):
        half = _half(labels, seed)
        sets += [(scores[half], labels[half]), (scores[~half], labels[~half])]
    (a, a_labels), (a_held, held_labels), (b, b_labels), (b_held, b_held_labels) = sets
    weights = matched_weights(a_labels, b_labels)
    held = matched_weights(held_labels, b_held_labels)
    if not weights.any() or not held.any():
        return Estimate(float("nan"), float("nan"))
    a, a_held = a[np.isin(a_labels, b_labels)], a_held[np.isin(held_labels, b_held_labels)]
    threshold, above = _best_threshold(a, b, weights)
    hit = float(((a_held > threshold) == above).mean())
    miss = float(held @ ((b_held > threshold) == above))
    variance = _binomial(hit, len(a_held)) + _binomial(miss, 1 / float((held**2).sum()))
    return Estimate((hit + 1 - miss) / 2, float(np.sqrt(variance) / 2))


def _best_threshold(a: np.ndarray, b: np.ndarray, weights: np.ndarray) -> tuple[float, bool]:
    """Where weighted shares of a and b above it differ most, and whether a lies above it."""
    scores = np.concatenate([a, b])
    order = np.argsort(scores, kind="stable")
    lead = np.concatenate([np.full(len(a), -1 / len(a)), weights])[order].cumsum()
    ordered = scores[order]
    last = np.append(ordered[1:] != ordered[:-1], True)  # a threshold cannot part equal scores
    place = int(np.argmax(np.where(last, abs(lead), -1)))
    return float(ordered[place]), bool(lead[place] >= 0)


def _half(labels: np.ndarray, seed: int) -> np.ndarray:
    """bool: a random half of each class, the larger where a class is odd."""
    half = np.zeros(len(labels), dtype=bool)
    chance = numpy_rng(seed, "attacks", "half")
    for rows in by_class(labels).values():
        half[chance.permutation(rows)[: (len(rows) + 1) // 2]] = True
    return half


def _binomial(share: float, size: float) -> float:
    """Variance of a share, with half a success and half a failure added so that it is not 0."""
    smoothed = (share * size + 0.5) / (size + 1)
    return smoothed * (1 - smoothed) / size
