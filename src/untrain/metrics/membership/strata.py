"""Forgotten beside unseen images of the same class: every comparison here stays within a class.

Otherwise a different mix of classes in the two sets would pass for membership.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


def by_class(labels: np.ndarray) -> dict[int, np.ndarray]:
    """Rows of each class, in order."""
    order = np.argsort(labels, kind="stable")
    found, starts = np.unique(labels[order], return_index=True)
    return dict(zip(found.tolist(), np.split(order, starts[1:]), strict=True)) if len(found) else {}


def pairs(
    forget_labels: np.ndarray, unseen_labels: np.ndarray
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Class, its rows among the forgotten, its rows among the unseen; classes that occur in both.

    Sorted by class. Time is that of sorting the labels.
    """
    unseen = by_class(unseen_labels)
    for label, rows in by_class(forget_labels).items():
        if label in unseen:
            yield label, rows, unseen[label]


def left_out(forget_labels: np.ndarray, unseen_labels: np.ndarray) -> int:
    """How many forgotten images have no unseen image of their class, so that no test sees them."""
    return int((~np.isin(forget_labels, unseen_labels)).sum())


def matched_weights(forget_labels: np.ndarray, unseen_labels: np.ndarray) -> np.ndarray:
    """(m,) weights of unseen images with which their classes are mixed as the forgotten ones'.

    They sum to 1 over the classes that occur in both; others weigh 0.
    """
    weights = np.zeros(len(unseen_labels))
    for _, rows, others in pairs(forget_labels, unseen_labels):
        weights[others] = len(rows) / len(others)
    return weights / weights.sum() if weights.any() else weights


def finite(values: np.ndarray, what: str) -> np.ndarray:
    """The values in float64. Raises ValueError, naming them, if one is NaN or infinite."""
    values = np.asarray(values, dtype=np.float64)
    if not np.isfinite(values).all():
        raise ValueError(f"{what} are not finite")
    return values
