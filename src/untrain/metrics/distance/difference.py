"""Forgotten less unseen, class by class: the mean difference of any number per image.

sum_c w_c (mean_f - mean_u),  w_c: share of the forgotten images;  variance sum_c w_c^2 s^2/n
"""

from __future__ import annotations

import numpy as np

from untrain.metrics.estimate import Estimate


def difference(
    forget: np.ndarray, forget_labels: np.ndarray, unseen: np.ndarray, unseen_labels: np.ndarray
) -> Estimate:
    """Over the classes that both sets have at least two finite values of; NaN if there is none.

    forget (n,), unseen (m,), with labels.
    """
    keep, held = np.isfinite(forget), np.isfinite(unseen)
    forget, forget_labels = forget[keep].astype(np.float64), forget_labels[keep]
    unseen, unseen_labels = unseen[held].astype(np.float64), unseen_labels[held]
    values, variances, sizes = [], [], []
    for label in np.intersect1d(forget_labels, unseen_labels):
        a, b = forget[forget_labels == label], unseen[unseen_labels == label]
        if len(a) > 1 and len(b) > 1:
            values.append(a.mean() - b.mean())
            variances.append(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b))
            sizes.append(len(a))
    if not sizes:
        return Estimate(float("nan"), float("nan"))
    share = np.array(sizes) / np.sum(sizes)
    return Estimate(float(share @ values), float(np.sqrt(share**2 @ variances)))
