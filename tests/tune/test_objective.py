"""The objective on tune halves: closed-form cases, and whole classes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from untrain.metrics.evidence import Outputs
from untrain.tune.objective import Standing, distance, level, standing

NONE = np.zeros(0, dtype=np.int64)


def answers(margins: np.ndarray, labels: np.ndarray, classes: int = 4) -> Outputs:
    """Outputs with these margins: z_y = margin + log(C - 1), all others 0."""
    logits = np.zeros((len(margins), classes), dtype=np.float32)
    logits[np.arange(len(margins)), labels] = margins + np.log(classes - 1)
    return Outputs(logits, labels, np.arange(len(margins)).astype(str))


def drawn(count: int, seed: int, shift: float = 0.0, classes: int = 4) -> Outputs:
    chance = np.random.default_rng(seed)
    return answers(chance.normal(shift, 1, count), chance.integers(0, classes, count), classes)


def stand(forget: Outputs, val: Outputs, whole: bool = False) -> Standing:
    return standing(forget, val, gone=NONE, whole_classes=whole, chance=0.25)


def test_a_model_that_treats_both_alike_is_inside() -> None:
    found = stand(drawn(2000, 0), drawn(2000, 1))
    assert found.objective < 0.1
    assert found.inside(0.05)
    assert not found.over_forgotten


@pytest.mark.parametrize(("shift", "over"), [(2.0, False), (-2.0, True)])
def test_a_model_that_knows_them_or_shuns_them_is_not(shift: float, over: bool) -> None:
    found = stand(drawn(4000, 0, shift), drawn(4000, 1))
    assert found.over_forgotten is over
    assert not found.inside(0.05)
    # P(N(2, 1) > N(0, 1)) = Phi(sqrt 2) = 0.921, and W1 of a shift is the shift
    assert found.objective == pytest.approx(0.421 + 2, abs=0.1)


def test_few_images_are_never_inside() -> None:
    assert not stand(drawn(40, 0), drawn(2000, 1)).inside(0.05)


def test_the_distance_of_a_shift_is_the_shift_in_deviations() -> None:
    b, labels = np.random.default_rng(0).normal(0, 3, 400), np.zeros(400, dtype=int)
    assert distance(b + 6, labels, b, labels) == pytest.approx(6 / b.std())


def test_the_distance_weights_val_to_the_classes_of_forget() -> None:
    """Three of class 0 and one of class 1, as if val held each of its images so often."""
    a, a_labels = np.array([0.0, 1.0, 2.0, 9.0]), np.array([0, 0, 0, 1])
    b, b_labels = np.array([0.5, 8.0, 7.0, 50.0]), np.array([0, 1, 1, 2])
    repeated = np.array([0.5] * 6 + [8.0, 7.0])  # class 2 is not forgotten
    expected = wasserstein_distance(a, repeated) / repeated.std()
    assert distance(a, a_labels, b, b_labels) == pytest.approx(expected)
    assert np.isnan(distance(a, a_labels, b[3:], b_labels[3:]))


def test_constant_val_margins_do_not_divide_by_zero() -> None:
    labels = np.zeros(3, dtype=int)
    assert distance(np.ones(3), labels, np.ones(3), labels) == 0
    assert distance(np.ones(3), labels, np.zeros(3), labels) == 1


def test_the_level_is_stratified() -> None:
    """Class 0: all forgotten right, half of val; class 1: none of one, all of val."""
    forget = answers(np.array([2.0, 2, 2, -2]), np.array([0, 0, 0, 1]))
    val = answers(np.array([2.0, -2, 2, 2, 2]), np.array([0, 0, 1, 1, 3]))
    accuracy, goal, difference = level(forget, val)
    assert accuracy == 0.75
    assert goal == pytest.approx(0.75 * 0.5 + 0.25 * 1)
    assert difference.value == pytest.approx(0.75 - goal)
    spreads = [(3 / 4, 2 / 4, 2), (1 / 4, 3 / 4, 2)]  # weight, share with two more, images
    own = (4 / 6) * (2 / 6) / 4
    assert difference.error**2 == pytest.approx(
        own + sum(w**2 * p * (1 - p) / m for w, p, m in spreads)
    )


def test_whole_classes_are_judged_by_chance() -> None:
    known, gone = drawn(200, 0, 3.0), drawn(200, 1, -3.0)
    above = stand(known, known, whole=True)
    assert above.auc.value == pytest.approx(0.5)
    assert above.objective == pytest.approx(above.forget - 0.25)
    assert not above.inside(0.4)
    below = stand(gone, gone, whole=True)
    assert below.inside(0.001)
    assert not below.over_forgotten


def test_val_accuracy_is_of_the_classes_that_stay() -> None:
    val = answers(np.array([2.0, -2, -2]), np.array([0, 1, 1]))
    found = standing(val, val, gone=np.array([1]), whole_classes=False, chance=0.25)
    assert found.val == 1
