"""MIA efficacy: the share of forgotten images that a confidence attack takes for non-members.

The measure of SalUn, l1-sparse and CoUn (Fan et al. 2024, arXiv 2310.12508; Jia et al. 2023,
arXiv 2304.04934): an RBF support vector machine on the probability of the true class learns
to tell retain images (members) from test images (non-members) and judges the forgotten ones.
"""

from __future__ import annotations

import numpy as np

from untrain.rng import numpy_rng

BINS = 400
"""Quantile bins of the fast mode."""


def mia_efficacy(
    members: np.ndarray,
    nonmembers: np.ndarray,
    judged: np.ndarray,
    *,
    exact: bool = False,
    seed: int = 0,
) -> float:
    """Percent of `judged` that the attack calls non-members; compare it with Retrain's.

    members, nonmembers, judged: confidences in the true class, in [0, 1], of any length. The
    two classes are balanced by a seeded draw, which is part of the definition (an imbalance of
    4 to 1 halves the value).
    exact: fit the SVM on every image (quadratic in their number) instead of on weighted bins.
    Returns NaN if a set is empty.
    """
    if min(len(members), len(nonmembers), len(judged)) == 0:
        return float("nan")
    size = min(len(members), len(nonmembers))
    members = numpy_rng(seed, "mia", "members").permutation(members)[:size]
    nonmembers = numpy_rng(seed, "mia", "nonmembers").permutation(nonmembers)[:size]
    return float(100 * (1 - attack(members, nonmembers, judged, exact).mean()))


def attack(
    members: np.ndarray, nonmembers: np.ndarray, judged: np.ndarray, exact: bool = False
) -> np.ndarray:
    """The attack's decision on each judged confidence: 1 for a member, 0 for a non-member."""
    from sklearn.svm import SVC

    x = np.concatenate([members, nonmembers])
    y = np.repeat([1, 0], [len(members), len(nonmembers)])
    if np.ptp(x) == 0:
        return np.ones(len(judged), dtype=int)  # no information: everything looks like a member
    if exact:
        machine = SVC(C=3, gamma="auto").fit(x[:, None], y)
    else:
        (one, weight_one), (two, weight_two) = binned(members, x), binned(nonmembers, x)
        points, weights = np.concatenate([one, two]), np.concatenate([weight_one, weight_two])
        labels = np.repeat([1, 0], [len(one), len(two)])
        machine = SVC(C=3, gamma="auto", tol=1e-5)
        machine.fit(points[:, None], labels, sample_weight=weights)
    return np.asarray(machine.predict(judged[:, None]))


def binned(values: np.ndarray, pooled: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and count of the values in each quantile bin of the pooled ones."""
    edges = np.unique(np.quantile(pooled, np.linspace(0, 1, BINS + 1)[1:-1]))
    place = np.searchsorted(edges, values, side="right")
    count = np.bincount(place)
    total = np.bincount(place, weights=values)
    return total[count > 0] / count[count > 0], count[count > 0]
