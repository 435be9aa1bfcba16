"""A classifier learns to tell forgotten from unseen images; on images it has not seen, can it?

C2ST (Lopez-Paz and Oquab 2017, arXiv 1610.06545), with the AUC as its statistic: it finds shapes
that leave the mean of every signal alone. Logistic regression on the features, centred by class,
and on each one's rank within its class through seven hat functions; cross-fitted over five folds
that keep classes; AUC within class and within fold, then averaged.
Differences: AUC for accuracy. Scores of different folds are never compared: each fold's classifier
has seen the other labels, which pulls a pooled AUC under one half. The folds teach each other, so
that at chance their AUCs hang together: for a linear rule the variance of their mean is twice that
of independent ones, and the error here counts this (simulated: 1.3 to 1.4 times the naive error).
A gradient boosting took twenty times as long and found no more on the shapes of the tests.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from untrain.metrics import signals
from untrain.metrics.estimate import Estimate
from untrain.metrics.evidence import Outputs
from untrain.metrics.membership.auc import stratified_auc
from untrain.metrics.membership.strata import by_class, finite, matched_weights
from untrain.rng import numpy_rng

FOLDS = 5
FEWEST = 10
"""Images of each kind under which there is nothing to learn from."""
TOGETHER = 2.0
"""Variance of the mean of the folds' AUCs at chance over that of independent folds."""
HATS = 7
STRENGTH = 0.005
"""Inverse of the ridge penalty."""
SHRINK = 5
"""Images that the mean of all counts for beside a class's own mean."""
WIDE = 40
"""Features beyond which ranks are left out: there are then enough directions to learn."""
TOP = 10
"""How many sorted probabilities are features."""


def outputs_features(outputs: Outputs, extra: np.ndarray | None = None) -> np.ndarray:
    """(N, F): the largest probabilities, p_y, minus entropy, margin, and extra columns.

    extra (N, E): whatever else is known of each image, such as its steadiness under augmentation or
    `signals.gradient`. Raises ValueError for values that are not finite.
    """
    columns = [signals.confidence(outputs), signals.entropy(outputs), signals.margin(outputs)]
    largest = -np.sort(-np.exp(outputs.log_probabilities), axis=1)[:, :TOP]
    made = np.column_stack([largest, *columns])
    if extra is None:
        return made
    return np.hstack([made, finite(extra, "extra columns").reshape(len(outputs), -1)])


def c2st(
    x_forget: np.ndarray,
    y_forget: np.ndarray,
    x_unseen: np.ndarray,
    y_unseen: np.ndarray,
    *,
    folds: int = FOLDS,
    seed: int = 0,
) -> Estimate:
    """Cross-fitted AUC of a classifier, forgotten (n, F) against unseen (m, F) images.

    y: labels; both sets are compared and weighted within class. 0.5 where the two cannot be told
    apart. NaN with fewer than FEWEST images of either kind in common classes. Raises ValueError for
    features that are not finite.
    """
    x = np.concatenate([finite(x_forget, "forget features"), finite(x_unseen, "unseen features")])
    labels = np.concatenate([y_forget, y_unseen])
    forgotten = np.arange(len(labels)) < len(y_forget)
    common = np.isin(labels, np.intersect1d(y_forget, y_unseen))
    x, labels, forgotten = x[common], labels[common], forgotten[common]
    if min(forgotten.sum(), (~forgotten).sum()) < FEWEST:
        return Estimate(float("nan"), float("nan"))
    fold = assign_folds(labels, forgotten, folds, seed)
    found: list[tuple[int, Estimate]] = []
    for number in range(folds):
        held = fold == number
        score = _learn(x[~held], labels[~held], forgotten[~held], x[held], labels[held])
        mine, theirs = forgotten[held], ~forgotten[held]
        one = stratified_auc(score[mine], labels[held][mine], score[theirs], labels[held][theirs])
        if not np.isnan(one.value):
            found.append((int(mine.sum()), one))
    if not found:
        return Estimate(float("nan"), float("nan"))
    weights = np.array([count for count, _ in found], dtype=np.float64)
    weights /= weights.sum()
    value = float(weights @ [one.value for _, one in found])
    variance = float(weights**2 @ np.square([one.error for _, one in found]))
    return Estimate(value, float(np.sqrt(TOGETHER * variance)))


def assign_folds(labels: np.ndarray, forgotten: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """(N,) fold of each image, even within each class and kind."""
    fold = np.zeros(len(labels), dtype=np.int64)
    chance = numpy_rng(seed, "c2st", "folds")
    dealt = 0
    for rows in by_class(2 * labels + forgotten).values():
        fold[chance.permutation(rows)] = (np.arange(len(rows)) + dealt) % folds
        dealt += len(rows)  # so that small classes fill all folds
    return fold


def _learn(
    x: np.ndarray,
    labels: np.ndarray,
    forgotten: np.ndarray,
    held: np.ndarray,
    held_labels: np.ndarray,
) -> np.ndarray:
    """Fit on x; scores of the held images, higher for what looks forgotten; 0 where none fits."""
    from sklearn.linear_model import LogisticRegression

    weights = np.ones(len(labels))
    weights[~forgotten] = matched_weights(labels[forgotten], labels[~forgotten]) * forgotten.sum()
    if not weights[~forgotten].any():
        return np.zeros(len(held))
    parts = _prepared(x, labels, held, held_labels)
    machine = LogisticRegression(C=STRENGTH, max_iter=200, tol=1e-3)
    machine.fit(parts[0], forgotten, sample_weight=weights)
    return np.asarray(machine.decision_function(parts[1]))


def _prepared(
    x: np.ndarray, labels: np.ndarray, held: np.ndarray, held_labels: np.ndarray
) -> list[np.ndarray]:
    """Features of both sets in units that x sets within its classes, blind to who is forgotten.

    Centred by class and scaled; up to WIDE of them also as hat functions of their rank.
    """
    centre = x.mean(0)
    parts, ranks = [x.copy(), held.copy()], [np.full(x.shape, 0.5), np.full(held.shape, 0.5)]
    others = by_class(held_labels)
    for label, rows in by_class(labels).items():
        theirs = others.get(label, rows[:0])
        middle = (x[rows].sum(0) + SHRINK * centre) / (len(rows) + SHRINK)
        parts[0][rows] -= middle
        parts[1][theirs] -= middle
        if x.shape[1] <= WIDE:
            pooled = rankdata(np.concatenate([x[rows], held[theirs]]), axis=0)[len(rows) :]
            ranks[0][rows] = (rankdata(x[rows], axis=0) - 0.5) / len(rows)
            ranks[1][theirs] = (pooled - rankdata(held[theirs], axis=0)) / len(rows)
    scale = np.sqrt(np.square(parts[0]).mean(0))
    parts = [one / np.where(scale > 0, scale, 1) for one in parts]
    if x.shape[1] > WIDE:
        return parts
    return [np.hstack([a, _hats(b)]) for a, b in zip(parts, ranks, strict=True)]


def _hats(ranks: np.ndarray) -> np.ndarray:
    """(N, F * HATS): each rank in [0, 1] as the weights of the two knots around it."""
    places = ranks[:, :, None] * (HATS - 1) - np.arange(HATS)
    return np.asarray(np.clip(1 - abs(places), 0, None).reshape(len(ranks), -1) * HATS**0.5)
