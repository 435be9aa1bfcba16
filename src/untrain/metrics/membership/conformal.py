"""Which single images still look trained-on? Conformal p-values against unseen ones of their class.

u_i = (1 + #{j unseen of class y_i: s_j >= s_i}) / (m_{y_i} + 1): uniform if the model never
depended on the forgotten images (Mondrian conformal prediction, Vovk et al. 2005; outlier tests:
Bates et al. 2023, arXiv 2104.08279). Small for an image that is surer than unseen ones. Three
readings: the mean (0.5), the shape (Kolmogorov and Smirnov), and the list of images at a
false-discovery level (Benjamini and Hochberg 1995), which the shared unseen images leave valid.
Resolution: no p is under 1 / (m_k + 1), so few images can be listed only with many unseen ones.
Where classes are too small, scores are centred and scaled in each class by median and MAD of its
unseen images and compared with all classes, mixed as the forgotten ones are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import kstwo, kstwobign

from untrain.metrics.membership.strata import finite, matched_weights, pairs
from untrain.rng import numpy_rng

LEVEL = 0.1
"""False-discovery level of the list."""
OWN = 50
"""Unseen images with which a class's median and MAD are known well enough to pool by them."""


@dataclass(frozen=True)
class Conformal:
    """Per-image evidence.

    p (n,): small for an image that looks trained-on; NaN where its class has no unseen image.
    listed: rows of the images on the list, surest first. level: its false-discovery rate.
    smallest: the fewest images that could have been listed together; None if none could.
    mean: of p made continuous, 0.5 without membership, below it with. shape: the KS distance of
    these from uniform, shape_p its p-value. pooled: whether p compares across classes.
    """

    p: np.ndarray
    listed: np.ndarray
    level: float
    smallest: int | None
    mean: float
    shape: float
    shape_p: float
    pooled: bool
    left_out: int


def conformal(
    forget_scores: np.ndarray,
    forget_labels: np.ndarray,
    unseen_scores: np.ndarray,
    unseen_labels: np.ndarray,
    *,
    level: float = LEVEL,
    pooled: bool | None = None,
    seed: int = 0,
) -> Conformal:
    """Conformal p-values of the forgotten images (n,) against the unseen (m,), and their list.

    pooled: compare across classes after centring and scaling; None: where that lists fewer images
    than classes alone could. Takes O((n + m) log(n + m)). Raises ValueError for scores that are not
    finite.
    """
    a, b = finite(forget_scores, "forget scores"), finite(unseen_scores, "unseen scores")
    p, smooth, finest = _mondrian(a, forget_labels, b, unseen_labels, seed)
    smallest = fewest(finest, level)
    effective = _effective(forget_labels, unseen_labels)
    used = False
    if pooled or (pooled is None and smallest != 1):
        across = _pooled(a, forget_labels, b, unseen_labels)
        fewer = fewest(across[1], level)
        used = bool(pooled or (fewer or np.inf) < (smallest or np.inf))
        if used:
            p, smallest = across[0], fewer
    known = ~np.isnan(p)
    smooth = smooth[~np.isnan(smooth)]
    shape, shape_p = _shape(smooth, effective)
    return Conformal(
        p=p,
        listed=discoveries(p, level),
        level=level,
        smallest=smallest,
        mean=float(smooth.mean()) if len(smooth) else float("nan"),
        shape=shape,
        shape_p=shape_p,
        pooled=used,
        left_out=int((~known).sum()),
    )


def discoveries(p: np.ndarray, level: float = LEVEL) -> np.ndarray:
    """Rows of the images that Benjamini and Hochberg list at the level, smallest p first."""
    order = np.argsort(p, kind="stable")
    order = order[~np.isnan(p[order])]
    passed = np.flatnonzero(p[order] <= level * np.arange(1, len(order) + 1) / len(order) + 1e-12)
    return np.asarray(order[: passed[-1] + 1] if len(passed) else order[:0])


def fewest(finest: np.ndarray, level: float = LEVEL) -> int | None:
    """The fewest images that could be listed together, given the smallest p each could have.

    With one class of m unseen images: the k for which m + 1 >= n / (level k).
    """
    finest = np.sort(finest[~np.isnan(finest)])
    k = np.arange(1, len(finest) + 1)
    enough = np.flatnonzero(finest <= level * k / max(len(finest), 1) + 1e-12)
    return int(enough[0]) + 1 if len(enough) else None


def _mondrian(
    a: np.ndarray, forget_labels: np.ndarray, b: np.ndarray, unseen_labels: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """p within the class, the same made continuous at random, and the smallest that p could be."""
    p, smooth, finest = (np.full(len(a), np.nan) for _ in range(3))
    chance = numpy_rng(seed, "conformal").random(len(a))
    for _, mine, theirs in pairs(forget_labels, unseen_labels):
        unseen, m = np.sort(b[theirs]), len(theirs)
        at_least = m - np.searchsorted(unseen, a[mine], side="left")
        above = m - np.searchsorted(unseen, a[mine], side="right")
        p[mine] = (1 + at_least) / (m + 1)
        smooth[mine] = (above + chance[mine] * (1 + at_least - above)) / (m + 1)
        finest[mine] = 1 / (m + 1)
    return p, smooth, finest


def _pooled(
    a: np.ndarray, forget_labels: np.ndarray, b: np.ndarray, unseen_labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """p across classes, of scores in units of their class; classes under OWN keep their own p."""
    p, _, finest = _mondrian(a, forget_labels, b, unseen_labels, 0)
    a, b = a.copy(), b.copy()
    mine_too, theirs_too = np.zeros(len(a), dtype=bool), np.zeros(len(b), dtype=bool)
    for _, mine, theirs in pairs(forget_labels, unseen_labels):
        middle = np.median(b[theirs])
        scale = np.median(abs(b[theirs] - middle))
        if len(theirs) >= OWN and scale > 0:
            a[mine], b[theirs] = (a[mine] - middle) / scale, (b[theirs] - middle) / scale
            mine_too[mine], theirs_too[theirs] = True, True
    if not theirs_too.any():
        return p, finest
    weights = matched_weights(forget_labels[mine_too], unseen_labels[theirs_too])
    order = np.argsort(b[theirs_too], kind="stable")
    below = np.concatenate([[0.0], np.cumsum(weights[order])])
    m = 1 / (weights**2).sum()  # how many equally weighted images these are worth
    place = np.searchsorted(b[theirs_too][order], a[mine_too], side="left")
    p[mine_too] = (1 + m * np.clip(1 - below[place], 0, 1)) / (m + 1)
    finest[mine_too] = 1 / (m + 1)
    return p, finest


def _effective(forget_labels: np.ndarray, unseen_labels: np.ndarray) -> float:
    """Size of one sample whose distribution function is as uncertain as that of these p-values."""
    weights = matched_weights(forget_labels, unseen_labels)
    n = int(np.isin(forget_labels, unseen_labels).sum())
    return 1 / (1 / n + float((weights**2).sum())) if n else 0.0


def _shape(smooth: np.ndarray, effective: float) -> tuple[float, float]:
    """KS distance from uniform and its p-value; NaN and 1 without images."""
    n = len(smooth)
    if not n:
        return float("nan"), 1.0
    ordered, steps = np.sort(smooth), np.arange(n + 1) / n
    distance = float(max((steps[1:] - ordered).max(), (ordered - steps[:-1]).max()))
    size = int(effective)
    if size < 1:
        return distance, 1.0
    exact = kstwo.sf(distance, size) if size < 1000 else kstwobign.sf(distance * effective**0.5)
    return distance, float(exact)
