"""Do two sets of predictions go to the same classes? Total variation, its error, and a test.

    G = 2 sum_c sum_k O log(O / E)        over both tables of counts, class by class

Forgotten against unseen images under one model are independent: permutations exchange images of a
class. Two models on the same images are paired: permutations swap the predictions of single images.
Both null distributions are drawn exactly, from counts alone. The bootstrap is multinomial.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from untrain.metrics.distance.destination import (
    counts_of,
    floor,
    hard,
    total_variation,
)
from untrain.metrics.estimate import Estimate
from untrain.metrics.evidence import Outputs
from untrain.rng import numpy_rng

DRAWS = 2000
"""Permutations of a test."""
BOOT = 500
"""Replicates of a bootstrap."""


class Shift(NamedTuple):
    """How two tables differ.

    distance: mean total variation and its bootstrap error. interval: 95 %, bootstrap, moved by the
    bias of the bootstrap. floor: what equal tables of these sizes differ by; NaN for two models on
    the same images. p: of the permutation test. classes: those compared, each with n and m images;
    by_class: their total variation. left_out: images of classes that the other set lacks.
    """

    distance: Estimate
    interval: tuple[float, float]
    floor: float
    p: float
    n: int
    m: int
    classes: np.ndarray
    by_class: np.ndarray
    left_out: int


def between_sets(forget: Outputs, unseen: Outputs, seed: int = 0) -> Shift:
    """One model on two sets of different images, class by class: forgotten against unseen."""
    _finite(forget, unseen)
    classes = forget.logits.shape[1]
    a, b = (counts_of(o.labels, o.predictions, classes) for o in (forget, unseen))
    both = np.flatnonzero((a.sum(1) > 0) & (b.sum(1) > 0))
    left = len(forget) - int(a[both].sum())
    if not len(both):
        return _nothing(left)
    chance = numpy_rng(seed, "shift", "sets")
    weights, observed, null = a[both].sum(1) / a[both].sum(), 0.0, np.zeros(DRAWS)
    boot = np.zeros((BOOT, len(both)))
    for place, label in enumerate(both):
        n, m = int(a[label].sum()), int(b[label].sum())
        pooled = a[label] + b[label]
        cells = np.flatnonzero(pooled)
        observed += float(_g(a[label, cells][None], pooled[cells])[0])
        drawn = chance.multivariate_hypergeometric(pooled[cells], n, DRAWS, method="marginals")
        null += _g(drawn, pooled[cells])
        one = chance.multinomial(n, a[label, cells] / n, BOOT) / n
        other = chance.multinomial(m, b[label, cells] / m, BOOT) / m
        boot[:, place] = np.abs(one - other).sum(1) / 2
    mine, theirs = hard(forget), hard(unseen)
    by_class = total_variation(mine, theirs)[np.isin(mine.classes, both)]
    least = floor(mine, theirs)
    sizes = (int(a[both].sum()), int(b[both].sum()))
    found = _bootstrap(float(weights @ by_class), boot @ weights)
    return Shift(*found, least, _p(null, observed), *sizes, both, by_class, left)


def between_models(one: Outputs, other: Outputs, seed: int = 0) -> Shift:
    """Two models on the same images. Raises ValueError if they are not the same, in one order."""
    _finite(one, other)
    if not np.array_equal(one.keys, other.keys):
        raise ValueError("two models are compared on the same images")
    if not len(one):
        return _nothing(0)
    classes = one.logits.shape[1]
    chance = numpy_rng(seed, "shift", "models")
    present, sizes = np.unique(one.labels, return_counts=True)
    observed, null, boot = 0.0, np.zeros(DRAWS), np.zeros((BOOT, len(present)))
    for place, label in enumerate(present):
        of = one.labels == label
        pairs = one.predictions[of] * classes + other.predictions[of]
        cells, counts = np.unique(pairs, return_counts=True)
        into = _signs(*np.divmod(cells, classes))
        total = np.abs(into).T @ counts
        drawn = chance.binomial(counts, 0.5, (DRAWS, len(counts)))
        moved = (2 * drawn - counts) @ into  # one's counts less the other's
        observed += float(_g((total[None] + counts[None] @ into) / 2, total)[0])
        null += _g((total + moved) / 2, total)
        again = chance.multinomial(len(pairs), counts / len(pairs), BOOT)
        boot[:, place] = np.abs(again @ into).sum(1) / 2 / len(pairs)
    by_class = total_variation(hard(one), hard(other))
    weights = sizes / sizes.sum()
    found = _bootstrap(float(weights @ by_class), boot @ weights)
    both = (len(one), len(other))
    return Shift(*found, float("nan"), _p(null, observed), *both, present, by_class, 0)


def _signs(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(cells, classes that occur): +1 at a, -1 at b; a cell of two equal classes is all 0."""
    places = np.unique(np.concatenate([a, b]), return_inverse=True)[1].reshape(2, len(a))
    into, rows = np.zeros((len(a), int(places.max()) + 1)), np.arange(len(a))
    np.add.at(into, (rows, places[0]), 1.0)
    np.add.at(into, (rows, places[1]), -1.0)
    return into


def _g(counts: np.ndarray, pooled: np.ndarray) -> np.ndarray:
    """2 sum O log(O / E) of tables (R, K) and what is left of the pooled counts (K,)."""
    rest = pooled - counts
    n, m = counts.sum(1, keepdims=True), rest.sum(1, keepdims=True)
    whole = np.maximum(n + m, 1)

    def part(seen: np.ndarray, size: np.ndarray) -> np.ndarray:
        expected = size * pooled / whole
        ratio = np.divide(seen, expected, out=np.ones(expected.shape), where=seen > 0)
        return np.asarray((seen * np.log(ratio)).sum(1))

    return np.asarray(2 * (part(counts, n) + part(rest, m)))


def _p(null: np.ndarray, observed: float) -> float:
    """(1 + #at least as large) / (permutations + 1); equal sums may differ by rounding."""
    return float((1 + (null >= observed - 1e-9 * (1 + abs(observed))).sum()) / (len(null) + 1))


def _bootstrap(value: float, replicates: np.ndarray) -> tuple[Estimate, tuple[float, float]]:
    low, high = np.quantile(replicates, [0.025, 0.975]) - (replicates.mean() - value)
    error = float(replicates.std(ddof=1))
    return Estimate(value, error), (max(0.0, float(low)), min(1.0, float(high)))


def _nothing(left: int) -> Shift:
    nan, none = float("nan"), np.zeros(0)
    return Shift(Estimate(nan, nan), (nan, nan), nan, 1.0, 0, 0, none.astype(int), none, left)


def _finite(*outputs: Outputs) -> None:
    if not all(np.isfinite(one.logits).all() for one in outputs):
        raise ValueError("logits are not finite")
