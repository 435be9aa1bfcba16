"""Energy distance between the embeddings of forgotten and unseen images of the same class.

    E(X, Y) = 2 E||X - Y|| - E||X - X'|| - E||Y - Y'||         H = E / (2 E||X - Y||)

E is 0 if and only if both have one distribution. The default is the U-statistic: X' is another
image than X, so that the expected value is 0 without a difference (single values can lie below);
the V-statistic counts X' = X and is never below 0. H is free of the scale of the features, so that
models can be compared. Szekely and Rizzo 2013, doi 10.1016/j.jspi.2013.03.018; as a diagnostic of
CU (Lee et al. 2024, arXiv 2401.10458), whose loss moves forgotten embeddings.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from untrain.metrics.embeddings import Features
from untrain.metrics.estimate import Estimate
from untrain.rng import numpy_rng

MOST = 1000
"""Images of a class and set that are looked at: the first ones of the random sample."""
DRAWS = 500
"""Permutations of the test."""
SPLITS = 100
"""Random splits of unseen images for the floor."""


class Energies(NamedTuple):
    """H, averaged over classes by their forgotten images.

    distance: with an error that covers both the null and the alternative. floor: unseen against
    unseen: mean and standard deviation over splits; NaN with fewer than four of a class.
    p: permutation of forgotten and unseen within class. classes (K,), by_class (K,), n and m (K,).
    """

    distance: Estimate
    floor: Estimate
    p: float
    classes: np.ndarray
    by_class: np.ndarray
    n: np.ndarray
    m: np.ndarray


def energy(x: np.ndarray, y: np.ndarray, unbiased: bool = True, block: int = 512) -> float:
    """E of features (n, D) and (m, D), float64, in memory of block x max(n, m).

    NaN for too few rows. Raises ValueError if the features are not finite.
    """
    across = _total(x, y, block) / max(1, len(x) * len(y))
    inside = []
    for one in (x, y):
        n = len(one)
        pairs = n * (n - 1) if unbiased else n * n
        inside.append(_total(one, one, block) / pairs if pairs else np.nan)
    return float(2 * across - sum(inside)) if len(x) and len(y) else float("nan")


def by_class(forget: Features, unseen: Features, seed: int = 0) -> Energies:
    """Class by class, those that both sets have at least two images of."""
    chance = numpy_rng(seed, "energy", "permutations")
    found = []
    for label in np.unique(forget.labels):
        x, y = (one.of(int(label))[:MOST] for one in (forget, unseen))
        if len(x) >= 2 and len(y) >= 2:
            found.append((int(label), len(x), len(y), _class(x, y, chance)))
    if not found:
        nan, none = Estimate(float("nan"), float("nan")), np.zeros(0)
        return Energies(nan, nan, 1.0, none.astype(int), none, none.astype(int), none.astype(int))
    classes, n, m, parts = (list(column) for column in zip(*found, strict=True))
    share = np.array([(forget.labels == label).sum() for label in classes], dtype=float)
    share /= share.sum()
    values = np.array([part.value for part in parts])
    null = _weighted((part.null for part in parts), share)
    floor = _weighted((part.floor for part in parts), share)
    error = float(np.sqrt(share**2 @ np.array([part.error for part in parts]) ** 2 + null.var()))
    value = float(share @ values)
    p = float((1 + (null >= value - 1e-12).sum()) / (len(null) + 1))
    low = Estimate(float(floor.mean()), float(floor.std(ddof=1)))
    return Energies(
        Estimate(value, error), low, p, np.array(classes), values, np.array(n), np.array(m)
    )


class _Class(NamedTuple):
    value: float
    error: float
    null: np.ndarray
    floor: np.ndarray


def _class(x: np.ndarray, y: np.ndarray, chance: np.random.Generator) -> _Class:
    """H of one class, its first-order error, permutations (DRAWS,) and splits of y (SPLITS,)."""
    n, m = len(x), len(y)
    far = distances(np.vstack([x, y]), np.vstack([x, y]))
    np.fill_diagonal(far, 0)
    value = _coefficient(far, np.arange(n + m)[:, None] < n)[0]
    null = _coefficient(far, _masks(chance, n + m, n, DRAWS))
    floor = np.full(SPLITS, np.nan)
    if m >= 4:
        floor = _coefficient(far[n:, n:], _masks(chance, m, min(n, m // 2), SPLITS))
    across = far[:n, n:]
    h_x = 2 * (across.mean(1) - far[:n, :n].sum(1) / (n - 1))
    h_y = 2 * (across.mean(0) - far[n:, n:].sum(1) / (m - 1))
    spread = h_x.var(ddof=1) / n + h_y.var(ddof=1) / m
    scale = 2 * across.mean()
    return _Class(float(value), float(np.sqrt(spread) / scale) if scale else 0.0, null, floor)


def _coefficient(far: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """H (R,) of a distance matrix (N, N) divided by masks bool (N, R)."""
    one = masks.astype(np.float64)
    n = one.sum(0)
    m = len(far) - n
    inside, rows = far @ one, far.sum(1)
    xx = (one * inside).sum(0)
    across = one.T @ rows - xx
    yy = rows.sum() - xx - 2 * across
    between = 2 * across / (n * m)
    value = between - xx / (n * (n - 1)) - yy / (m * (m - 1))
    return np.asarray(np.divide(value, between, out=np.zeros_like(value), where=between > 0))


def _masks(chance: np.random.Generator, count: int, chosen: int, draws: int) -> np.ndarray:
    """bool (count, draws), `chosen` true in each column."""
    order = np.argsort(chance.random((count, draws)), axis=0)
    return np.asarray(order < chosen)


def _weighted(parts: Iterable[np.ndarray], share: np.ndarray) -> np.ndarray:
    """Weighted sum over classes of their replicates, classes without any left out."""
    rows = np.array(list(parts))
    known = np.isfinite(rows).all(1)
    if not known.any():
        return np.full(rows.shape[1], np.nan)
    return np.asarray(share[known] / share[known].sum() @ rows[known])


def _total(x: np.ndarray, y: np.ndarray, block: int) -> float:
    """Sum of all distances; those of a row to itself are 0 only up to rounding, and are set so."""
    total = 0.0
    for at in range(0, len(x), block):
        far = distances(x[at : at + block], y)
        if x is y:
            rows = np.arange(len(far))
            far[rows, at + rows] = 0
        total += float(far.sum())
    return total


def distances(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """float64 (n, m). Raises ValueError unless all features are finite."""
    x, y = x.astype(np.float64), y.astype(np.float64)
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("features are not finite")
    squares = np.square(x).sum(1)[:, None] + np.square(y).sum(1) - 2 * x @ y.T
    return np.asarray(np.sqrt(np.clip(squares, 0, None)))
