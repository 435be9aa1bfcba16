"""The classifier two-sample test: one half for equals, and shapes that the mean does not show."""

from __future__ import annotations

import math

import numpy as np
import pytest

from untrain.metrics.estimate import Estimate
from untrain.metrics.evidence import Outputs
from untrain.metrics.membership import stratified_auc
from untrain.metrics.membership.twosample import assign_folds, c2st, outputs_features

CLASSES = 5


def draw(size: int, chance: np.random.Generator, kind: str = "") -> Outputs:
    """Normal margins in every class; shapes differ in what their name says."""
    labels, rows = np.arange(size) % CLASSES, np.arange(size)
    margin = chance.normal(0, 2, size)
    if kind == "two humps":
        margin = np.sign(margin) * (abs(margin) / 2 + 0.9)
    z = chance.normal(0, 0.5 if kind == "flat others" else 1.5, (size, CLASSES))
    z[rows, labels] = -np.inf
    z[rows, labels] = np.log(np.exp(z).sum(1)) + margin + labels
    return Outputs(z.astype(np.float32), labels, rows.astype(str))


def told_apart(forget: Outputs, unseen: Outputs, seed: int = 0) -> Estimate:
    sets = (outputs_features(forget), forget.labels, outputs_features(unseen), unseen.labels)
    return c2st(*sets, seed=seed)


def test_two_halves_of_unseen_images_are_at_one_half_and_the_error_is_right() -> None:
    chance = np.random.default_rng(0)
    found = [told_apart(draw(50, chance), draw(100, chance), seed) for seed in range(30)]
    values, errors = np.array(found).T
    assert values.mean() == pytest.approx(0.5, abs=3 * errors.mean() / math.sqrt(30))
    covered = np.mean([low <= 0.5 <= high for low, high in (one.interval() for one in found)])
    assert covered >= 0.93 - 2 * math.sqrt(0.05 * 0.95 / 30)
    assert values.std() > 1.1 * errors.mean() / math.sqrt(2)  # folds hang together


@pytest.mark.parametrize("kind", ["two humps", "flat others"])
def test_a_shape_that_leaves_the_loss_alone_is_found(kind: str) -> None:
    chance = np.random.default_rng(5)
    forget, unseen = draw(300, chance, kind), draw(900, chance)
    mean = stratified_auc(forget.margin, forget.labels, unseen.margin, unseen.labels)
    assert abs(mean.value - 0.5) < 2 * mean.error
    found = told_apart(forget, unseen)
    assert found.interval(0.99)[0] > 0.55


def test_the_mix_of_classes_does_not_pass_for_membership() -> None:
    chance = np.random.default_rng(2)
    forget, unseen = draw(1500, chance), draw(1500, chance)
    few = forget.take(chance.random(1500) < (forget.labels + 1) / 8)
    many = unseen.take(chance.random(1500) < (5 - unseen.labels) / 5)
    found = told_apart(few, many)
    assert abs(found.value - 0.5) < 2.6 * found.error


def test_folds_keep_classes_and_kinds() -> None:
    labels, forgotten = np.repeat([0, 1, 2], [23, 40, 2]), np.arange(65) % 4 == 0
    fold = assign_folds(labels, forgotten, 5, seed=0)
    for label in (0, 1, 2):
        for kind in (True, False):
            counts = np.bincount(fold[(labels == label) & (forgotten == kind)], minlength=5)
            assert np.ptp(counts) <= 1
    assert np.ptp(np.bincount(fold[forgotten], minlength=5)) <= 3


def test_any_features_will_do_constant_and_many_ones_too() -> None:
    chance = np.random.default_rng(3)
    labels, others = np.arange(100) % 2, np.arange(300) % 2
    for width in (1, 60):
        x, z = chance.normal(size=(100, width)), chance.normal(size=(300, width))
        x[:, 0] += 2
        assert c2st(x, labels, z, others).value > 0.7
    assert c2st(np.ones((100, 2)), labels, np.ones((300, 2)), others).value == 0.5


def test_extra_columns_are_used() -> None:
    chance = np.random.default_rng(4)
    forget, unseen = draw(100, chance), draw(300, chance)
    steady = [outputs_features(forget, np.full(100, 1.0)), outputs_features(unseen, np.zeros(300))]
    assert steady[0].shape == (100, CLASSES + 4)
    assert c2st(steady[0], forget.labels, steady[1], unseen.labels).value == 1


def test_too_few_images_and_bad_ones() -> None:
    x, labels = np.zeros((9, 2)), np.zeros(9, int)
    found = c2st(x, labels, np.zeros((50, 2)), np.zeros(50, int))
    assert math.isnan(found.value)
    assert math.isnan(found.error)
    assert math.isnan(c2st(x, labels, x, labels + 1).value)
    with pytest.raises(ValueError, match="unseen features are not finite"):
        c2st(x, labels, np.full((9, 2), np.inf), labels)
