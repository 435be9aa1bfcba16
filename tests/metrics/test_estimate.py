"""Intervals cover what they say, and an equivalence is only claimed inside the margin."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom

from untrain.metrics.estimate import Estimate, clopper_pearson, wilson


@pytest.mark.parametrize(("trials", "share"), [(20, 0.05), (50, 0.3), (300, 0.9), (1000, 0.01)])
def test_intervals_of_a_share_cover_it(trials: int, share: float) -> None:
    """Summed over all outcomes, so nothing is drawn; Wilson's holds on average over shares."""
    hits = np.arange(trials + 1)
    chance = binom.pmf(hits, trials, share)
    for interval, least in ((clopper_pearson, 0.95), (wilson, 0.91)):
        inside = [low <= share <= high for low, high in (interval(int(k), trials) for k in hits)]
        assert chance[inside].sum() >= least


def test_wilson_covers_95_percent_on_average() -> None:
    hits, shares = np.arange(101), np.linspace(0.02, 0.98, 97)
    low, high = np.array([wilson(int(k), 100) for k in hits]).T
    covered = [binom.pmf(hits, 100, one)[(low <= one) & (one <= high)].sum() for one in shares]
    assert np.mean(covered) >= 0.945


def test_no_mistake_in_so_many_images_bounds_the_rate() -> None:
    """1 - 0.05^(1/m): 3 % at 100, 0.3 % at 1000 (one-sided 95 %)."""
    for m, bound in ((100, 0.0295), (1000, 0.00299)):
        assert clopper_pearson(0, m, level=0.9)[1] == pytest.approx(bound, rel=0.01)
        assert clopper_pearson(0, m, level=0.9)[1] == pytest.approx(1 - 0.05 ** (1 / m))


def test_all_and_none_reach_the_ends_and_no_trial_says_nothing() -> None:
    for interval in (clopper_pearson, wilson):
        assert interval(0, 9)[0] == 0
        assert interval(9, 9)[1] == 1
        assert interval(0, 0) == (0, 1)


def test_equivalence_is_two_one_sided_tests() -> None:
    z = 1.6448536
    assert Estimate(0.5, 0.05 / z * 0.999).within(0.45, 0.55)
    assert not Estimate(0.5, 0.05 / z * 1.001).within(0.45, 0.55)
    assert not Estimate(0.56, 0.001).within(0.45, 0.55)
    assert not Estimate(math.nan, math.nan).within(0.45, 0.55)
    low, high = Estimate(0.5, 0.1).interval(0.9)
    assert (low, high) == pytest.approx((0.5 - 0.1 * z, 0.5 + 0.1 * z))


def test_p_value() -> None:
    assert Estimate(0.5 + 1.96 * 0.01, 0.01).p(0.5) == pytest.approx(0.05, abs=1e-4)
    assert Estimate(0.5, 0).p(0.5) == 1
    assert Estimate(0.6, 0).p(0.5) == 0
    assert Estimate(math.nan, math.nan).p(0.5) == 1
