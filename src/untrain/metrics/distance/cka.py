"""How alike the features of two models are, whatever their rotation and scale: debiased CKA.

    K = X X', L = Y Y' without their diagonals, n images
    HSIC(X, Y) = [tr(K L) + (1'K 1)(1'L 1) / ((n-1)(n-2)) - 2/(n-2) 1'K L 1] / (n (n-3))
    CKA = HSIC(X, Y) / sqrt(HSIC(X, X) HSIC(Y, Y))

Kornblith et al. 2019, arXiv 1905.00414; the unbiased HSIC of Song et al. 2012 (JMLR 13). The biased
one calls independent features alike wherever there are more features than a small share of images.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from untrain.metrics.estimate import Estimate

LEAST = 4
"""Images below which the unbiased HSIC does not exist."""


class Hsic(NamedTuple):
    """value, and the share float64 (n,) of each image in it, of mean about `value`."""

    value: float
    shares: np.ndarray


def cka(x: np.ndarray, y: np.ndarray) -> Estimate:
    """Features (n, D) and (n, D') of the same images; 1 for alike, about 0 for independent.

    The error is that of the images drawn (delta method). NaN for fewer than four images or
    features that are constant. Raises ValueError for rows that do not match or are not finite.
    """
    if len(x) != len(y):
        raise ValueError(f"CKA needs features of the same images, got {len(x)} and {len(y)}")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("features are not finite")
    if len(x) < LEAST:
        return Estimate(float("nan"), float("nan"))
    a, b = _centred(x), _centred(y)
    both, one, other = hsic(a, b), hsic(a, a), hsic(b, b)
    if not (one.value > 0 and other.value > 0):
        return Estimate(float("nan"), float("nan"))
    scale = np.sqrt(one.value * other.value)
    value = both.value / scale
    own = one.shares / one.value + other.shares / other.value
    moved = 2 * (both.shares / scale - value * own / 2)  # influence of each image
    return Estimate(float(value), float(moved.std(ddof=1) / np.sqrt(len(x))))


def hsic(x: np.ndarray, y: np.ndarray) -> Hsic:
    """Unbiased linear HSIC of features (n, D), (n, D'), in memory of D x D'."""
    n = len(x)
    kii, lii = np.square(x).sum(1), np.square(y).sum(1)
    k = x @ x.sum(0) - kii  # row sums of K without its diagonal
    ell = y @ y.sum(0) - lii
    rows = ((x @ (x.T @ y)) * y).sum(1) - kii * lii  # row sums of K * L
    shares = rows - 2 / (n - 2) * k * ell
    whole = shares.sum() + k.sum() * ell.sum() / ((n - 1) * (n - 2))
    return Hsic(float(whole / (n * (n - 3))), shares / (n - 3))


def _centred(x: np.ndarray) -> np.ndarray:
    """float64 of mean 0 and size 1: nothing changes but rounding."""
    x = x.astype(np.float64)
    x = x - x.mean(0)
    size = np.sqrt(np.square(x).mean())
    return np.asarray(x / size) if size > 0 else x
