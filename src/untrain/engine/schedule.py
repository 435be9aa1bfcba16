"""Learning-rate schedules, per epoch or per step, each with a linear warm-up."""

from __future__ import annotations

import math

from untrain.methods.contract import Trained


def learning_rate(recipe: Trained, time: float, step: float = 1.0) -> float:
    """The learning rate at `time` epochs (an integer when moved per epoch).

    time: in [0, epochs). step: the time between two changes of the rate, in epochs, so that the
    first change of a warm-up is not at zero.
        lr(t) = warm(t) * (lr_min + (lr - lr_min) * decay(t / epochs))
        warm(t) = min(1, (t + step) / (warmup * epochs))
    The step schedule decays lr itself by 0.1 at 50 % and 75 %, as Retrain of the CoUn paper.
    """
    progress = time / recipe.epochs
    ramp = recipe.warmup * recipe.epochs
    warm = min(1.0, (time + step) / ramp) if ramp > 0 else 1.0
    if recipe.schedule == "constant":
        return recipe.lr * warm
    if recipe.schedule == "step":
        return float(recipe.lr * warm * 0.1 ** ((progress >= 0.5) + (progress >= 0.75)))
    decay = 1 - progress if recipe.schedule == "linear" else (1 + math.cos(math.pi * progress)) / 2
    return warm * (recipe.lr_min + (recipe.lr - recipe.lr_min) * decay)
