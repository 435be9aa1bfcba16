"""How far a model is from treating forgotten images as unseen ones, on tune halves.

    J = |AUC - 1/2| + W1(margins of D_f, margins of val) / sd(margins of val)

AUC is class-stratified; for W1, the mean distance between sorted values, val is weighted to the
classes of D_f. A model must not over-forget: accuracy on D_f at least that on val of the same
classes, less two standard errors. Where whole classes are forgotten there is no such floor; what
the accuracy on D_f is above chance is added to J instead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import wasserstein_distance

from untrain.metrics.estimate import Estimate
from untrain.metrics.evidence import Outputs
from untrain.metrics.membership import stratified_auc

LEVEL = 0.9
"""Of the interval of the AUC that has to lie within the margin."""


@dataclass(frozen=True)
class Standing:
    """Where a model stands on the tune halves.

    forget, goal: accuracy in [0, 1] on D_f, and on val of the same classes. level: their
    difference. val: accuracy on val of the classes that stay.
    """

    auc: Estimate
    distance: float
    forget: float
    goal: float
    level: Estimate
    val: float
    whole_classes: bool
    chance: float

    @property
    def objective(self) -> float:
        above = max(0.0, self.forget - self.chance) if self.whole_classes else 0.0
        return abs(self.auc.value - 0.5) + self.distance + above

    @property
    def over_forgotten(self) -> bool:
        """Whether accuracy on D_f is more than two standard errors below that on val."""
        return not self.whole_classes and self.level.value < -2 * self.level.error

    def inside(self, margin: float) -> bool:
        """Whether a run may stop here: the AUC's interval is within the margin of 1/2; of whole
        classes, the accuracy on D_f is at most chance."""
        if self.whole_classes:
            return self.forget <= self.chance
        return not self.over_forgotten and self.auc.within(0.5 - margin, 0.5 + margin)

    def values(self) -> dict[str, float | list[float]]:
        """Plain values for run.json."""
        return {
            "objective": self.objective,
            "auc": self.auc.value,
            "interval": list(self.auc.interval(LEVEL)),
            "distance": self.distance,
            "forget_accuracy": self.forget,
            "goal": self.goal,
            "val_accuracy": self.val,
        }


def standing(
    forget: Outputs, val: Outputs, *, gone: np.ndarray, whole_classes: bool, chance: float
) -> Standing:
    """Measure a model. gone: classes that do not stay."""
    stays = ~np.isin(val.labels, gone)
    a, b = forget.margin, val.margin
    accuracy, goal, difference = level(forget, val)
    return Standing(
        auc=stratified_auc(a, forget.labels, b, val.labels),
        distance=distance(a, forget.labels, b, val.labels),
        forget=accuracy,
        goal=goal,
        level=difference,
        val=share(right(val)[stays]),
        whole_classes=whole_classes,
        chance=chance,
    )


def level(forget: Outputs, val: Outputs) -> tuple[float, float, Estimate]:
    """Accuracy on D_f, on val of the same classes, and their difference with its error.

    Only classes that have images in both count; val is weighted to the classes of D_f. Errors are
    those of shares that are pulled towards 1/2 by two images, so that none of them is 0.
    """
    both = np.intersect1d(forget.labels, val.labels)
    hits = right(forget)[np.isin(forget.labels, both)]
    goal = variance = 0.0
    for label in both:
        weight = float((forget.labels == label).sum()) / len(hits)
        beside = right(val)[val.labels == label]
        goal += weight * share(beside)
        variance += weight**2 * spread(beside)
    error = float(np.sqrt(variance + spread(hits)))
    return share(hits), goal, Estimate(share(hits) - goal, error)


def distance(a: np.ndarray, a_labels: np.ndarray, b: np.ndarray, b_labels: np.ndarray) -> float:
    """W1 between the values a and b, in standard deviations of b; b weighted to the classes of a.

    Classes that are not in both are left out. NaN if there is none.
    """
    both = np.intersect1d(a_labels, b_labels)
    if not len(both):
        return float("nan")
    a, a_labels = a[np.isin(a_labels, both)], a_labels[np.isin(a_labels, both)]
    b, b_labels = b[np.isin(b_labels, both)], b_labels[np.isin(b_labels, both)]
    sizes = {label: ((a_labels == label).sum(), (b_labels == label).sum()) for label in both}
    weights = np.array([sizes[label][0] / sizes[label][1] for label in b_labels])
    weights /= weights.sum()
    deviation = float(np.sqrt(weights @ (b - weights @ b) ** 2))
    moved = float(wasserstein_distance(a, b, v_weights=weights))
    return moved / deviation if deviation > 0 else float(moved > 0)


def right(outputs: Outputs) -> np.ndarray:
    """Which predictions are the label, bool (N,)."""
    return np.asarray(outputs.predictions == outputs.labels)


def share(hits: np.ndarray) -> float:
    return float(hits.mean()) if len(hits) else float("nan")


def spread(hits: np.ndarray) -> float:
    """Variance of a share, with one hit and one miss added."""
    near = (hits.sum() + 1) / (len(hits) + 2)
    return float(near * (1 - near) / len(hits)) if len(hits) else 0.0
