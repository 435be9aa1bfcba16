"""Accuracies: how the sets add up, and what two models share."""

from __future__ import annotations

import math

import numpy as np
import pytest
from synthetic import CLASSES, FORGET, evidence, simulated

from untrain.metrics.accuracy import accuracy, agreement, destinations
from untrain.metrics.evidence import view

NOTHING = np.zeros(0, dtype=int)


@pytest.mark.parametrize(("percent", "size"), [(0, 10), (70, 10), (100, 10), (62.5, 8)])
def test_accuracy_is_the_percentage_of_right_images(percent: float, size: int) -> None:
    assert accuracy(simulated("test", percent, size=size)) == pytest.approx(percent)


def test_retain_and_forget_accuracy_add_up_to_train() -> None:
    found = evidence(retain=90, forget=40)
    seen, train = view(found, FORGET), found.sets["train"]
    parts = sum(len(part) * accuracy(part) for part in (seen.retain, seen.forget))
    assert parts == pytest.approx(len(train) * accuracy(train))


def test_nothing_has_no_accuracy() -> None:
    assert math.isnan(accuracy(simulated("test", 50).take(NOTHING)))


def test_a_model_agrees_with_itself() -> None:
    one = simulated("test", 50)
    assert agreement(one, one) == 100


def test_agreement_counts_equal_predictions_whether_right_or_wrong() -> None:
    one = simulated("test", 50, size=8)
    other = simulated("test", 50, size=8)
    other.logits[:2] = 10 * np.eye(CLASSES)[(one.predictions[:2] + 1) % CLASSES]
    assert agreement(one, other) == agreement(other, one) == 75


def test_agreement_needs_the_same_images_in_the_same_order() -> None:
    one = simulated("test", 50)
    with pytest.raises(ValueError, match="same images"):
        agreement(one, one.take(np.arange(len(one))[::-1]))
    with pytest.raises(ValueError, match="same images"):
        agreement(one, one.take(np.arange(3)))


def test_destinations_are_shares_of_predictions() -> None:
    outputs = simulated("test", 50)
    shares = destinations(outputs, CLASSES + 1)
    slow = [sum(p == k for p in outputs.predictions) / len(outputs) for k in range(CLASSES + 1)]
    np.testing.assert_allclose(shares, slow)
    assert shares.sum() == pytest.approx(1)
