"""How far forgotten images lie from the centre of each retained class, as CoUn's table 4 has it.

    mu_k    = mean of f(x) over retained x of class k
    d[c, k] = mean over forgotten x of class c of ||f(x) - mu_k||_2
    none: d;  within: d / rms ||f(x) - mu_k|| over retained x of class k;  row_sum: d / sum_k d;
    row_max: d / max_k d;  minmax: (d - min_k d) / (max_k d - min_k d)

Khalil et al. 2025, arXiv 2509.16391. The paper does not name its normalisation; the printed values
fit row_max. Its own class keeps memorised images closer than unseen ones: `own_class`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.stats import rankdata

from untrain.metrics.distance.difference import difference
from untrain.metrics.embeddings import Classes, Features
from untrain.metrics.estimate import Estimate
from untrain.rng import numpy_rng

KINDS = ("none", "within", "row_sum", "row_max", "minmax")
BOOT = 200
"""Replicates of a bootstrap over images."""


class Profile(NamedTuple):
    """classes (K,): those of the images. retained (R,). counts (K,). rows float64 (K, R)."""

    classes: np.ndarray
    retained: np.ndarray
    counts: np.ndarray
    rows: np.ndarray


class Comparison(NamedTuple):
    """l1: sum over retained classes of |d - d'|. spearman: of the order of the classes.

    Both are means over images, with a bootstrap error over them.
    """

    l1: Estimate
    spearman: Estimate


def profile(sample: Features, classes: Classes, kind: str = "row_max") -> Profile:
    """The table of a sample under one model. Raises ValueError for an unknown kind."""
    far, retained = distances(sample, classes), np.flatnonzero(classes.counts)
    present, counts = np.unique(sample.labels, return_counts=True)
    rows = np.array([far[sample.labels == label].mean(0) for label in present])
    table = normalised(rows.reshape(len(present), len(retained)), classes, kind)
    return Profile(present, retained, counts, table)


def distances(sample: Features, classes: Classes) -> np.ndarray:
    """||f(x) - mu_k||, float64 (S, R), R retained classes. Raises ValueError if not finite."""
    x = sample.features.astype(np.float64)
    centres = classes.centroids[classes.counts > 0].astype(np.float64)
    if not (np.isfinite(x).all() and np.isfinite(centres).all()):
        raise ValueError("features are not finite")
    squares = np.square(x).sum(1)[:, None] + np.square(centres).sum(1) - 2 * x @ centres.T
    return np.asarray(np.sqrt(np.clip(squares, 0, None)))


def normalised(rows: np.ndarray, classes: Classes, kind: str) -> np.ndarray:
    """Rows (..., R) in one of KINDS; a row that is the same everywhere is 0 in minmax."""
    low, high = rows.min(-1, keepdims=True), rows.max(-1, keepdims=True)
    scales = {
        "none": np.ones(1),
        "within": classes.radius[classes.counts > 0].astype(np.float64),
        "row_sum": rows.sum(-1, keepdims=True),
        "row_max": high,
        "minmax": high - low,
    }
    if kind not in scales:
        raise ValueError(f"kind is one of {', '.join(KINDS)}, not {kind}")
    top, scale = rows - (low if kind == "minmax" else 0), scales[kind]
    return np.asarray(np.divide(top, scale, out=np.zeros_like(rows), where=scale > 0))


def compare(
    one: tuple[Features, Classes], other: tuple[Features, Classes], kind: str = "row_max"
) -> Comparison:
    """Two models on the same sample. Raises ValueError unless it is the same, in one order."""
    (mine, a), (theirs, b) = one, other
    if not np.array_equal(mine.keys, theirs.keys):
        raise ValueError("two models are compared on the same images")
    both = (a.counts > 0) & (b.counts > 0)
    if not len(mine.labels) or not both.any():
        return Comparison(*[Estimate(float("nan"), float("nan"))] * 2)
    far = [distances(sample, classes) for sample, classes in (one, other)]
    chance = numpy_rng(0, "centroids", "bootstrap")
    l1, rho, sizes = [], [], []
    for label in np.unique(mine.labels):
        of = np.flatnonzero(mine.labels == label)
        weights = chance.multinomial(len(of), np.full(len(of), 1 / len(of)), BOOT) / len(of)
        weights = np.vstack([np.full((1, len(of)), 1 / len(of)), weights])  # the data first
        p, q = (normalised(weights @ f[of], c, kind) for f, c in zip(far, (a, b), strict=True))
        l1.append(np.abs(p - q).sum(1))
        rho.append(_spearman(p, q))
        sizes.append(len(of))
    return Comparison(*(_estimate(np.average(v, axis=0, weights=sizes)) for v in (l1, rho)))


def excess(
    forget: Features, unseen: Features, classes: Classes
) -> tuple[Profile, dict[tuple[int, int], Estimate]]:
    """Forgotten less unseen images: how much further they lie from each centre, in its radii.

    The table (classes that both sets have two images of), and the Estimate of each class and
    retained class: 0 is expected where the forgotten images were never seen.
    """
    far = [normalised(distances(s, classes), classes, "within") for s in (forget, unseen)]
    retained = np.flatnonzero(classes.counts)
    found: dict[tuple[int, int], Estimate] = {}
    for label in np.intersect1d(forget.labels, unseen.labels):
        one, other = (s.labels == label for s in (forget, unseen))
        if one.sum() < 2 or other.sum() < 2:
            continue
        for place, k in enumerate(retained):
            a, b = far[0][one, place], far[1][other, place]
            found[int(label), int(k)] = difference(a, np.zeros(len(a)), b, np.zeros(len(b)))
    present = np.array(sorted({label for label, _ in found}), dtype=np.int64)
    rows = [[found[int(c), int(k)].value for k in retained] for c in present]
    counts = np.array([(forget.labels == c).sum() for c in present], dtype=np.int64)
    table = np.array(rows).reshape(len(present), len(retained))
    return Profile(present, retained, counts, table), found


def own_class(forget: Features, unseen: Features, classes: Classes) -> Estimate:
    """Distance to the own class's centre, forgotten less unseen, in radii of that class.

    Below 0: memorised. Mean over forgotten images of classes that are retained and in both sets;
    NaN if there is none.
    """
    mine, theirs = (own_distance(sample, classes) for sample in (forget, unseen))
    return difference(mine, forget.labels, theirs, unseen.labels)


def own_distance(sample: Features, classes: Classes) -> np.ndarray:
    """Distance to the own class's centre in radii of that class, (S,); NaN for a class gone."""
    retained = np.flatnonzero(classes.counts)
    far = normalised(distances(sample, classes), classes, "within")
    own, rows = np.full(len(sample.labels), np.nan), np.isin(sample.labels, retained)
    own[rows] = far[rows, np.searchsorted(retained, sample.labels[rows])]
    return own


def _spearman(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Rank correlation of each row (B, R); NaN for one class, or where all are the same."""
    a, b = (rankdata(rows, axis=1) - (rows.shape[1] + 1) / 2 for rows in (p, q))
    size = np.sqrt(np.square(a).sum(1) * np.square(b).sum(1))
    whole = (a * b).sum(1)
    return np.asarray(np.divide(whole, size, out=np.full(len(p), np.nan), where=size > 0))


def _estimate(replicates: np.ndarray) -> Estimate:
    return Estimate(float(replicates[0]), float(replicates[1:].std(ddof=1)))
