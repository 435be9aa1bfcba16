"""Accuracies on the four sets, and how often two models agree."""

from __future__ import annotations

import numpy as np

from untrain.metrics.evidence import Outputs


def accuracy(outputs: Outputs) -> float:
    """Percent of images whose largest logit is the label; NaN for an empty set."""
    if len(outputs) == 0:
        return float("nan")
    return float(100 * (outputs.predictions == outputs.labels).mean())


def agreement(one: Outputs, other: Outputs) -> float:
    """Percent of images on which two models predict the same class.

    Raises ValueError if the two did not see the same images in the same order.
    """
    if not np.array_equal(one.keys, other.keys):
        raise ValueError("agreement needs outputs on the same images")
    return float(100 * (one.predictions == other.predictions).mean())


def destinations(outputs: Outputs, classes: int) -> np.ndarray:
    """Where images go: the share of each predicted class, (classes,), summing to 1."""
    return np.bincount(outputs.predictions, minlength=classes) / max(1, len(outputs))
