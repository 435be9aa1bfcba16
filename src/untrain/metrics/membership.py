"""Can forgotten images be told from images that were never seen? The class-stratified AUC."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from untrain.metrics.evidence import Outputs


def auc(positive: np.ndarray, negative: np.ndarray) -> float:
    """P(positive > negative) + P(equal) / 2, by mid-ranks."""
    n, m = len(positive), len(negative)
    ranks = rankdata(np.concatenate([positive, negative]))
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * m))


def membership_auc(forget: Outputs, unseen: Outputs) -> tuple[float, float]:
    """AUC of the margin, forgotten against unseen images of the same class, and its null error.

    The AUC of each class is weighted by its share of the forgotten images. 0.5 is what a model
    that never saw them gives; 1 is a model that knows them all; below 0.5 they stand out by
    being too unlikely. The second number is the standard error at 0.5. Both are NaN if no
    class occurs in both sets.
    """
    labels, counts = np.unique(forget.labels, return_counts=True)
    a, b = forget.margin, unseen.margin
    values, errors, weights = [], [], []
    for label, n in zip(labels, counts, strict=True):
        m = int((unseen.labels == label).sum())
        if m == 0:
            continue
        values.append(auc(a[forget.labels == label], b[unseen.labels == label]))
        errors.append((n + m + 1) / (12 * n * m))
        weights.append(n)
    if not weights:
        return float("nan"), float("nan")
    share = np.asarray(weights) / np.sum(weights)
    return float(share @ np.asarray(values)), float(np.sqrt(share**2 @ np.asarray(errors)))
