"""The stratified AUC of any signal: its intervals cover, and never close by accident."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm
from slow import delong as slow_delong

from untrain.metrics.membership import stratified_auc
from untrain.metrics.membership.auc import delong, null_error
from untrain.metrics.membership.strata import left_out, matched_weights, pairs


def labelled(counts: list[int]) -> np.ndarray:
    return np.repeat(np.arange(len(counts)), counts)


def test_stratified_delong_is_the_weighted_sum_over_classes() -> None:
    chance = np.random.default_rng(0)
    forget, unseen = labelled([40, 25, 9]), labelled([60, 30, 31])
    a, b = chance.normal(forget * 2 + 0.7, 1).round(1), chance.normal(unseen * 2, 1).round(1)
    found = stratified_auc(a, forget, b, unseen)
    value, variance = 0.0, 0.0
    for label, n in enumerate([40, 25, 9]):
        auc, error = slow_delong(a[forget == label], b[unseen == label])
        value += n / 74 * auc
        variance += (n / 74) ** 2 * error**2
    assert found.value == pytest.approx(value, abs=1e-12)
    assert found.error == pytest.approx(math.sqrt(variance), rel=0.02)  # one more degree of freedom


@pytest.mark.parametrize("shift", [0.0, 1.0])
@pytest.mark.parametrize("counts", [[15, 6], [30] * 2, [2] * 6])
def test_intervals_cover(shift: float, counts: list[int]) -> None:
    """At least 93 % of nominal 95 %, less two errors of 300 draws."""
    chance = np.random.default_rng(len(counts))
    forget, unseen = labelled(counts), labelled([40] * len(counts))
    truth = norm.cdf(shift / math.sqrt(2))
    covered = 0
    for _ in range(300):
        a, b = chance.normal(forget + shift, 1), chance.normal(unseen, 1)
        low, high = stratified_auc(a, forget, b, unseen).interval()
        covered += low <= truth <= high
    assert covered / 300 >= 0.93 - 2 * math.sqrt(0.05 * 0.95 / 300)


def test_bootstrap_agrees_with_delong() -> None:
    chance = np.random.default_rng(0)
    forget, unseen = labelled([60, 40]), labelled([90, 160])
    a, b = chance.normal(forget + 0.8, 1), chance.normal(unseen, 1)
    found = stratified_auc(a, forget, b, unseen)
    sets = [(a[forget == k], b[unseen == k]) for k in (0, 1)]
    values = []
    for _ in range(500):  # within class
        aucs = [
            (chance.choice(x, len(x))[:, None] > chance.choice(y, len(y))).mean() for x, y in sets
        ]
        values.append(0.6 * aucs[0] + 0.4 * aucs[1])
    assert np.std(values) == pytest.approx(found.error, rel=0.12)
    assert np.mean(values) == pytest.approx(found.value, abs=3 * found.error / math.sqrt(500))


@pytest.mark.parametrize("counts", [[1], [4], [1, 1, 1]])
def test_separated_or_constant_scores_do_not_close_the_interval(counts: list[int]) -> None:
    forget, unseen = labelled(counts), labelled([9] * len(counts))
    separated = stratified_auc(1.0 + forget, forget, -1.0 * unseen, unseen)
    assert separated.value == 1
    constant = stratified_auc(0.0 * forget, forget, 0.0 * unseen, unseen)
    assert constant.value == 0.5
    for one in (separated, constant):
        assert 0.25 / sum(counts) < one.error <= 0.31 / math.sqrt(sum(counts))
    assert delong(1.0 + np.arange(4), -np.arange(9.0)).error == 0  # what is guarded against


def test_one_image_is_not_claimed_to_be_known() -> None:
    """At chance, one image's error is that of the null."""
    one, m = labelled([1]), labelled([1000])
    error = stratified_auc(
        np.array([0.0]), one, np.random.default_rng(0).normal(size=1000), m
    ).error
    assert error == pytest.approx(null_error(one, m), rel=0.05)


def test_images_without_an_unseen_one_of_their_class_are_counted() -> None:
    forget, unseen = labelled([3, 4, 5]), np.array([0, 0, 2, 7])
    assert left_out(forget, unseen) == 4
    assert [label for label, _, _ in pairs(forget, unseen)] == [0, 2]
    weights = matched_weights(forget, unseen)
    assert weights == pytest.approx([3 / 16, 3 / 16, 5 / 8, 0])
    assert not matched_weights(forget, unseen + 10).any()


def test_nothing_in_common_has_no_value_and_non_finite_scores_are_named() -> None:
    for empty in (np.zeros(0, dtype=int), np.array([5])):
        found = stratified_auc(np.zeros(len(empty)), empty, np.zeros(4), labelled([4]))
        assert math.isnan(found.value)
        assert math.isnan(found.error)
    with pytest.raises(ValueError, match="unseen scores are not finite"):
        stratified_auc(np.zeros(1), np.zeros(1), np.array([np.nan]), np.zeros(1))
