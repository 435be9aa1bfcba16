"""The class-stratified AUC and its standard error at chance."""

from __future__ import annotations

import math

import numpy as np
import pytest
from synthetic import CLASSES, with_margin

from untrain.metrics.evidence import Outputs
from untrain.metrics.membership.auc import auc, membership_auc


def draw(counts: list[int], seed: int = 0, shift: float = 0) -> Outputs:
    """Normal margins with so many images of each class, classes of different difficulty."""
    labels = np.repeat(np.arange(len(counts)), counts)
    z = np.random.default_rng(seed).normal(2.0 * labels, 1)
    return with_margin(z + shift, labels)


def slow_auc(positive: np.ndarray, negative: np.ndarray) -> float:
    wins = sum((a > b) + (a == b) / 2 for a in positive for b in negative)
    return float(wins) / (len(positive) * len(negative))


@pytest.mark.parametrize("values", [3, 10**6])
def test_auc_counts_pairs_and_half_of_the_ties(values: int) -> None:
    chance = np.random.default_rng(0)
    a, b = chance.integers(0, values, 17), chance.integers(0, values, 23)
    assert auc(a, b) == pytest.approx(slow_auc(a, b), abs=1e-12)


def test_auc_of_opposite_signals_or_swapped_sets_is_the_complement() -> None:
    a, b = np.random.default_rng(0).integers(0, 9, (2, 20))
    assert auc(-a, -b) == pytest.approx(1 - auc(a, b), abs=1e-12)
    assert auc(b, a) == pytest.approx(1 - auc(a, b), abs=1e-12)


@pytest.mark.parametrize("move", [np.exp, np.arctan, lambda s: 3 * s - 7])
def test_monotone_signals_have_one_auc(move: np.ufunc) -> None:
    a, b = np.random.default_rng(0).normal(0, 1, (2, 30))
    assert auc(move(a), move(b)) == auc(a, b)


def test_loss_confidence_and_margin_have_one_auc() -> None:
    a, b = draw([40], seed=1, shift=1), draw([60], seed=2)
    values = [
        auc(a.margin, b.margin),
        auc(a.confidence, b.confidence),
        auc(np.log(a.confidence), np.log(b.confidence)),
    ]
    assert 0.6 < values[0] < 0.95
    assert max(values) - min(values) < 1e-12


def test_classes_weigh_as_their_share_of_the_forgotten() -> None:
    a, b = draw([5, 15, 1], seed=1, shift=0.7), draw([9, 4, 30], seed=2)
    per_class = [slow_auc(a.margin[a.labels == k], b.margin[b.labels == k]) for k in range(CLASSES)]
    expected = (5 * per_class[0] + 15 * per_class[1] + per_class[2]) / 21
    assert membership_auc(a, b)[0] == pytest.approx(expected, abs=1e-12)


def test_the_mix_of_classes_does_not_pass_for_membership() -> None:
    hard, easy = draw([400, 10], seed=1), draw([10, 400], seed=2)
    value, error = membership_auc(hard, easy)
    assert auc(hard.margin, easy.margin) < 0.3
    assert abs(value - 0.5) < 3 * error


def test_classes_that_were_never_seen_are_left_out() -> None:
    a, b = draw([5, 15, 10], seed=1, shift=0.7), draw([9, 0, 30], seed=2)
    kept = a.take(a.labels != 1)
    assert membership_auc(a, b) == membership_auc(kept, b)


def test_without_a_common_class_there_is_no_value() -> None:
    value, error = membership_auc(draw([5]), draw([0, 5]))
    assert math.isnan(value)
    assert math.isnan(error)


def test_error_of_one_class_is_the_textbook_one() -> None:
    _, error = membership_auc(draw([500]), draw([10_000]))
    assert error == pytest.approx(math.sqrt((500 + 10_000 + 1) / (12 * 500 * 10_000)))
    assert error == pytest.approx(0.0132, abs=5e-5)


def test_error_is_the_spread_under_the_null() -> None:
    found = [
        membership_auc(draw([12, 4], seed=2 * i), draw([30, 9], seed=2 * i + 1))
        for i in range(1500)
    ]
    values = np.array([value for value, _ in found])
    assert values.std() == pytest.approx(found[0][1], rel=0.06)
    assert abs(values.mean() - 0.5) < 3 * found[0][1] / math.sqrt(len(values))


def test_two_halves_of_one_set_are_at_chance() -> None:
    whole = draw([200, 100, 60])
    for seed in range(20):
        first = np.random.default_rng(seed).random(len(whole)) < 0.5
        value, error = membership_auc(whole.take(first), whole.take(~first))
        assert abs(value - 0.5) < 3 * error
