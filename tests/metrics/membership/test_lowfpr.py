"""Recognition at few mistakes: thresholds from unseen images, limits that hold."""

from __future__ import annotations

import numpy as np
import pytest

from untrain.metrics.estimate import clopper_pearson
from untrain.metrics.membership.lowfpr import qmia, tpr_at_fpr


def one_class(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return values, np.zeros(len(values), dtype=int)


def test_the_threshold_lets_one_in_a_hundred_through() -> None:
    forget = np.array([200.0, 99.5, 99.0, 50.0])
    found = tpr_at_fpr(*one_class(forget), *one_class(np.arange(100.0)))
    assert found is not None
    assert (found.threshold, found.hits, found.rate) == (98, 3, 0.75)
    assert found.interval == clopper_pearson(3, 4)
    assert (found.n, found.m, found.fpr) == (4, 100, 0.01)


@pytest.mark.parametrize("m", [20, 250, 999])
def test_no_more_unseen_images_than_allowed_are_above(m: int) -> None:
    unseen = np.random.default_rng(m).normal(size=m)
    found = tpr_at_fpr(*one_class(np.zeros(1)), *one_class(unseen))
    assert found is not None
    above = (unseen > found.threshold).sum()
    assert above / m <= 0.01 < (above + 1) / m


def test_few_unseen_images_leave_the_rate_uncertain() -> None:
    """1 - 0.05^(1/m) where the threshold is the highest of m."""
    found = tpr_at_fpr(*one_class(np.zeros(1)), *one_class(np.arange(50.0)))
    assert found is not None
    assert found.fpr_high == pytest.approx(1 - 0.05 ** (1 / 50))


def test_one_in_a_thousand_needs_a_thousand() -> None:
    assert tpr_at_fpr(*one_class(np.zeros(9)), *one_class(np.arange(999.0)), fpr=0.001) is None
    assert tpr_at_fpr(*one_class(np.zeros(9)), *one_class(np.arange(1000.0)), fpr=0.001)
    assert tpr_at_fpr(*one_class(np.zeros(9)), np.zeros(3), np.ones(3, int)) is None
    assert tpr_at_fpr(*one_class(np.zeros(0)), *one_class(np.zeros(9))) is None
    with pytest.raises(ValueError, match="forget scores are not finite"):
        tpr_at_fpr(*one_class(np.array([np.inf])), *one_class(np.zeros(9)))


def test_the_mix_of_classes_does_not_pass_for_recognition() -> None:
    """An easy class that is rare among the unseen."""
    chance = np.random.default_rng(0)
    forget, unseen = np.repeat([0, 1], [50, 950]), np.repeat([0, 1], [9000, 1000])
    a, b = chance.normal(4 * forget), chance.normal(4 * unseen)
    found = tpr_at_fpr(a, forget, b, unseen)
    assert found is not None
    assert found.p > 0.05
    blind = tpr_at_fpr(*one_class(a), *one_class(b))
    assert blind is not None
    assert blind.p < 1e-6


def test_without_membership_p_is_rarely_small() -> None:
    """It counts that the threshold is drawn, too; a binomial p would not."""
    chance, small, rates = np.random.default_rng(1), 0, []
    for _ in range(800):
        found = tpr_at_fpr(*one_class(chance.normal(size=500)), *one_class(chance.normal(size=200)))
        assert found is not None
        small += found.p <= 0.05
        rates.append(found.rate)
    assert small / 800 <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 800)
    assert np.mean(rates) == pytest.approx(3 / 201, abs=0.002)  # two of 200 lie above it


def difficult(n: int, chance: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Margins that mostly follow how hard an image is, labels, and how hard it is."""
    labels, hard = np.arange(n) % 3, chance.normal(0, 3, n)
    return labels + hard + chance.normal(0, 0.5, n), labels, hard


def test_a_threshold_per_image_sees_what_a_common_one_does_not() -> None:
    chance = np.random.default_rng(2)
    (a, y, hard), (b, z, harder) = difficult(300, chance), difficult(2000, chance)
    a += 1.5  # known, by half the spread of difficulty
    common = tpr_at_fpr(a, y, b, z)
    own = qmia(a, y, b, z, forget_difficulty=hard, unseen_difficulty=harder)
    label_only = qmia(a, y, b, z)
    assert common is not None
    assert own is not None
    assert label_only is not None
    assert common.rate < 0.1 < 0.5 < own.rate
    assert label_only.rate < 0.1
    assert (own.n, own.m) == (300, 1000)


def test_a_threshold_per_image_keeps_its_rate_without_membership() -> None:
    chance, rates = np.random.default_rng(3), []
    for seed in range(12):
        (a, y, hard), (b, z, harder) = difficult(1000, chance), difficult(400, chance)
        found = qmia(a, y, b, z, forget_difficulty=hard, unseen_difficulty=harder, seed=seed)
        assert found is not None
        rates.append(found.rate)
    assert np.mean(rates) == pytest.approx(3 / 201, abs=3 * 0.01 / np.sqrt(12))


def test_a_threshold_per_image_needs_unseen_images() -> None:
    assert qmia(np.zeros(4), np.zeros(4, int), np.zeros(2), np.ones(2, int)) is None
    assert qmia(np.zeros(4), np.zeros(4, int), np.zeros(1), np.zeros(1, int)) is None
