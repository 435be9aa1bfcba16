"""What a model that never saw the images would give, and the terms on which one is judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm, t

from untrain.metrics.estimate import Estimate
from untrain.metrics.evidence import View
from untrain.metrics.membership.permutation import DEALS


@dataclass(frozen=True)
class Terms:
    """margin: how far an AUC may lie from its goal. alpha: share of each test that can fail.

    level: of each equivalence test, without which nothing passes. lr: the higher rate of healing.
    epochs: passes over retain that healing takes. loss: points of test accuracy that may be lost,
    a line of its own beside the verdict; NaN asks for none. deals: of each permutation test.
    samples: of forgotten and of unseen images that are relearnt.
    """

    margin: float = 0.05
    alpha: float = 0.01
    level: float = 0.05
    lr: float = float("nan")
    epochs: int = 5
    loss: float = float("nan")
    deals: int = DEALS
    samples: int = 10


@dataclass(frozen=True)
class Goal:
    """The goal of a statistic and its error: known for images from one source, else measured.

    chance: whether forgotten and unseen images may be exchanged (then the goal is exact).
    fails: whether lying far from it can fail a model. words: what the goal is.
    """

    value: float
    error: float = 0.0
    chance: bool = True
    fails: bool = True
    words: str = "chance"

    def apart(self, found: Estimate) -> Estimate:
        """How far a statistic lies from the goal, with the error of both."""
        return Estimate(found.value - self.value, float(np.hypot(found.error, self.error)))


def measured_goal(
    views: Sequence[View], statistic: Callable[[View], float], alpha: float, fails: bool
) -> Goal:
    """The goal where forgotten and unseen images are not of one source: the mean over models that
    never saw the forgotten ones (at least two).

    Its error is that of predicting one more such model, s sqrt(1 + 1/R), widened so that normal
    quantiles at alpha are Student's with R - 1 degrees of freedom. fails: models of another recipe
    or network differ by more than seeds do, so that nothing fails beside them.
    """
    values = np.array([statistic(one) for one in views])
    count = len(values)
    wide = t.ppf(1 - alpha / 2, count - 1) / norm.ppf(1 - alpha / 2)
    error = values.std(ddof=1) * (1 + 1 / count) ** 0.5 * wide
    return Goal(float(values.mean()), float(error), False, fails, f"mean of {count} models")
