"""What the demo says: each sentence is a finding that holds or does not, computed from evidence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from untrain.metrics.accuracy import accuracy, destinations
from untrain.metrics.audit import Audit
from untrain.metrics.evidence import View

GONE = 5.0
"""Percent of a forgotten class that may still be recognised for it to count as gone."""
LEFT = 0.2
"""Share of the harm of wrong labels that may be left for them to no longer hurt."""
NEAR = 3.0
"""Points of accuracy within which a model counts as being as good as Retrain."""

FAR = 1.5
"""How many times the distance of two Retrains still counts as their own."""


@dataclass(frozen=True)
class Finding:
    """One claim, whether it holds in this run, and the sentence that says so."""

    claim: str
    holds: bool
    sentence: str


def class_is_gone(views: dict[str, View], name: str, method: str) -> Finding:
    """The forgotten class is no longer recognised, on images that were trained on."""
    known = {label: accuracy(view.forget) for label, view in views.items()}
    holds = known[method] <= GONE
    sentence = (
        f"The class is {'gone' if holds else 'not gone'}: {method} recognises "
        f"{known[method]:.0f} % of the forgotten {name}s (Original {known['original']:.0f} %, "
        f"Retrain {known['retrain']:.0f} %)."
    )
    return Finding(f"class gone ({method})", holds, sentence)


def goes_where_retrain_sends_it(
    views: dict[str, View], classes: list[str], method: str, again: str
) -> Finding:
    """Forgotten images go to the classes that Retrain sends them to, as far as two Retrains agree.

    The distance is the total variation between the shares of predicted classes, in [0, 1].
    """
    mine, theirs, second = (
        destinations(views[label].forget, len(classes)) for label in (method, "retrain", again)
    )
    distance, floor = np.abs(mine - theirs).sum() / 2, np.abs(second - theirs).sum() / 2
    holds = bool(distance <= FAR * floor)
    sentence = (
        f"Its images went to {_top(mine, classes)}; with Retrain to {_top(theirs, classes)}. "
        f"The distance is {distance:.2f} of 1, {'about as far as' if holds else 'further than'} "
        f"two Retrains lie apart ({floor:.2f})."
    )
    return Finding(f"goes where Retrain sends it ({method})", holds, sentence)


def _top(shares: np.ndarray, classes: list[str]) -> str:
    order = np.argsort(-shares)[:3]
    return ", ".join(f"{classes[k]} ({100 * shares[k]:.0f} %)" for k in order if shares[k] > 0)


def recognised(view: View, digit: int) -> float:
    """Percent of the test images of a digit that are recognised."""
    return accuracy(view.test.take(view.test.labels == digit))


def labels_no_longer_hurt(views: dict[str, View], digit: int, method: str) -> Finding:
    """Most of what the wrong labels cost on new images of the digit is won back."""
    right = {label: recognised(view, digit) for label, view in views.items()}
    cost = right["retrain"] - right["original"]
    holds = cost > 0 and right["retrain"] - right[method] <= LEFT * cost
    sentence = (
        f"The wrong labels {'no longer hurt' if holds else 'still hurt'}: {method} recognises "
        f"{right[method]:.0f} % of new {digit}s (Original {right['original']:.0f} %, "
        f"Retrain {right['retrain']:.0f} %): {right[method] - right['original']:.0f} of the "
        f"{cost:.0f} points that they cost are won back."
    )
    return Finding(f"wrong labels no longer hurt ({method})", holds, sentence)


def useful(audit: Audit, method: str) -> Finding:
    """Test accuracy is within a few points of Retrain's."""
    mine = audit.row(method).mean("test_accuracy")
    goal = audit.row("retrain").mean("test_accuracy")
    holds = mine >= goal - NEAR
    sentence = (
        f"Test accuracy is {mine:.1f} % ({method}) beside Retrain's {goal:.1f} %: "
        f"{abs(goal - mine):.1f} points {'less' if mine < goal else 'more'}."
    )
    return Finding(f"test accuracy near Retrain's ({method})", holds, sentence)


def cheaper(audit: Audit, method: str) -> Finding:
    """It took less arithmetic than training again."""
    share = audit.row(method).mean("relative_flops")
    sentence = f"{method} cost {share:.2f} of Retrain's arithmetic."
    return Finding(f"cheaper than Retrain ({method})", share < 1, sentence)
