"""Calibration error: bins by hand, 0 for labels drawn from the probabilities, and its ends."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from untrain.metrics.calibration import calibration
from untrain.metrics.evidence import Outputs


def outputs(p: np.ndarray, labels: np.ndarray) -> Outputs:
    """Probabilities of class 1 of two classes."""
    logits = np.stack([np.zeros(len(p)), np.log(p) - np.log1p(-p)], 1).astype(np.float32)
    return Outputs(logits, labels, np.arange(len(p)).astype(str))


def random(n: int, seed: int, classes: int = 5) -> Outputs:
    """Labels drawn from the probabilities themselves."""
    chance = np.random.default_rng(seed)
    made = Outputs(
        (2 * chance.normal(size=(n, classes))).astype(np.float32),
        np.zeros(n, np.int64),
        np.arange(n).astype(str),
    )
    p = np.exp(made.log_probabilities)
    labels = np.array([chance.choice(classes, p=row / row.sum()) for row in p])
    return replace(made, labels=labels)


@pytest.mark.parametrize("equal_width", [False, True])
def test_bins_by_hand(equal_width: bool) -> None:
    p, labels = np.array([0.6, 0.65, 0.9, 0.95]), np.array([1, 0, 1, 1])
    found = calibration(outputs(p, labels), 2, equal_width)
    # equal mass: {.6, .65} and {.9, .95}; equal width: all four lie above one half
    expected = 0.5 * abs(0.5 - 0.625) + 0.5 * abs(1 - 0.925)
    assert found.ece == pytest.approx(abs(0.75 - p.mean()) if equal_width else expected, abs=1e-6)
    assert found.nll == pytest.approx(-np.log([0.6, 0.35, 0.9, 0.95]).mean(), rel=1e-6)
    assert found.brier == pytest.approx(2 * np.square([0.4, 0.65, 0.1, 0.05]).mean(), rel=1e-5)


def test_labels_of_the_probabilities_come_to_the_floor() -> None:
    found = [calibration(random(300, seed)) for seed in range(20)]
    debiased = np.array([one.debiased for one in found])
    assert abs(debiased.mean()) < 3 * debiased.std() / np.sqrt(20)
    assert np.mean([one.floor for one in found]) > 0.03
    assert np.std([one.ece for one in found]) == pytest.approx(
        np.mean([one.spread for one in found]), rel=0.5
    )
    assert calibration(random(5000, 0)).ece < 0.5 * found[0].floor


def test_no_confidence_leaves_accuracy_against_chance() -> None:
    flat = random(400, 0)
    flat = replace(flat, logits=flat.logits * 1e-6)
    right = (flat.predictions == flat.labels).mean()
    assert calibration(flat, bins=1).ece == pytest.approx(abs(right - 0.2), abs=1e-4)


def test_empty_and_bad_input() -> None:
    one = random(10, 0)
    assert math.isnan(calibration(one.take(np.zeros(0, int))).ece)
    assert calibration(one, bins=100).n == 10
    with pytest.raises(ValueError, match="at least one bin"):
        calibration(one, bins=0)
    with pytest.raises(ValueError, match="not finite"):
        calibration(replace(one, logits=one.logits * np.nan))
