"""Does a model know held-out images as well as those that it was trained on?

Then they may have been trained on too, and nothing that rests on them means anything. By the AUC of
the margin within classes, each with its interval: images that were trained on cannot be told from
the training images, and look better known than test images do.
"""

from __future__ import annotations

from dataclasses import dataclass

from untrain.metrics.estimate import Estimate
from untrain.metrics.evidence import Outputs
from untrain.metrics.membership.auc import stratified_auc

LEVEL = 0.99
"""Of the intervals."""
NEAR = 0.05
"""How far above 1/2 the AUC of training against held-out images may reach to count as none."""


@dataclass(frozen=True)
class Suspicion:
    """Held-out images that a model knows as it knows its training images.

    sentence: what was seen. sure: whether test images show that the model knows what it was
    trained on better than new images; else it may just not overfit.
    """

    sentence: str
    sure: bool


def suspicion(name: str, train: Outputs, held: Outputs, test: Outputs) -> Suspicion | None:
    """Why these held-out images may have been trained on; None if they look new, or are too few.

    name: of the set, for the sentence. train, held, test: answers on samples of the sets. A
    suspicion is sure where training and held-out images cannot be told apart, and held-out images
    are known better than test images. Where test images cannot be told from training images
    either, or there are none, it is not.
    """
    if not len(held) or not len(train):
        return None
    against = _auc(train, held)
    low, high = against.interval(LEVEL)
    if not low <= 0.5:
        return None  # surely less known than what was trained on
    told = _auc(train, test) if len(test) else Estimate(0.5, 0.0)
    better = len(test) > 0 and _auc(held, test).interval(LEVEL)[0] > 0.5
    nearer = against.value - 0.5 < (told.value - 0.5) / 2
    right = [
        f"{100 * _right(one):.1f} % of {of}" for one, of in ((held, name), (train, "training"))
    ]
    said = f"{' and '.join(right)} images are right"
    if better and nearer and told.interval(LEVEL)[0] > 0.5:
        what = f"{name} looks trained on: {said}, but {100 * _right(test):.1f} % of test"
        return Suspicion(what, True)
    if high > 0.5 + NEAR or told.interval(LEVEL)[0] > 0.5:
        return None
    also = f", and {100 * _right(test):.1f} % of test" if len(test) else "; there is no test set"
    return Suspicion(f"{said}{also}: trained on as well, or the model does not overfit", False)


def too_few(train: Outputs, held: Outputs) -> bool:
    """Whether these held-out images, if new, could not be told from training images even where
    those are known clearly better: a model that knows them as well says nothing."""
    if not len(held) or not len(train):
        return False
    low, high = _auc(train, held).interval(LEVEL)
    return low <= 0.5 and high > 0.5 + NEAR


def _auc(better: Outputs, worse: Outputs) -> Estimate:
    return stratified_auc(better.margin, better.labels, worse.margin, worse.labels)


def _right(outputs: Outputs) -> float:
    return float((outputs.predictions == outputs.labels).mean())
