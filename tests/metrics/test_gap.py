"""Both average gaps, their floors between Retrains, and the interval."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from untrain.metrics.gap import (
    floor_of_gaps,
    floor_of_means,
    gap_interval,
    gap_of_means,
    mean_of_gaps,
    tow,
)

COUN = np.array([0, 0.27, 0.24, 0.58])
"""Standard deviations of RA, UA, TA and MIA that the CoUn paper prints for Retrain."""


def spread(stds: np.ndarray, seeds: int) -> np.ndarray:
    """(seeds, metrics) with exactly these sample standard deviations."""
    z = np.random.default_rng(0).normal(size=(seeds, len(stds)))
    return (z - z.mean(0)) / z.std(0, ddof=1) * stds


@pytest.fixture
def three() -> np.ndarray:
    """Three groups of five seeds."""
    return np.random.default_rng(0).normal(size=(3, 5, 4))


def test_gaps_follow_their_formulas() -> None:
    values, retrain = np.array([[90.0, 10.0], [94.0, 16.0]]), np.array([[92.0, 12.0]] * 2)
    assert gap_of_means(values, retrain) == pytest.approx((0 + 1) / 2)
    assert mean_of_gaps(values, retrain) == pytest.approx((2 + 2 + 2 + 4) / 4)


@pytest.mark.parametrize("gap", [gap_of_means, mean_of_gaps])
def test_gaps_are_distances(gap: Callable[..., float], three: np.ndarray) -> None:
    a, b, c = three
    assert gap(a, a) == 0
    assert gap(a, b) == gap(b, a) > 0
    assert gap(a, c) <= gap(a, b) + gap(b, c)


def test_gap_of_means_is_never_the_larger(three: np.ndarray) -> None:
    a, b, _ = three
    assert gap_of_means(a, b) < mean_of_gaps(a, b)
    assert gap_of_means(a[:1], b[:1]) == mean_of_gaps(a[:1], b[:1])


def test_paired_gaps_need_pairs(three: np.ndarray) -> None:
    with pytest.raises(ValueError, match="one Retrain per seed"):
        mean_of_gaps(three[0], three[1][:3])


@pytest.mark.parametrize(("seeds", "retrains"), [(1, 2), (3, 5), (10, 10)])
def test_floor_of_means_is_what_retrains_differ_by(seeds: int, retrains: int) -> None:
    chance = np.random.default_rng(0)
    mine = chance.normal(0, COUN, (4000, seeds, 4))
    theirs = chance.normal(0, COUN, (4000, retrains, 4))
    gaps = [gap_of_means(a, b) for a, b in zip(mine, theirs, strict=True)]
    floors = [floor_of_means(b, seeds) for b in theirs]
    assert np.mean(floors) == pytest.approx(np.mean(gaps), rel=0.05)


def test_floor_of_gaps_is_what_paired_retrains_differ_by() -> None:
    a, b = np.random.default_rng(0).normal(0, COUN, (2, 20_000, 4))
    floors = [floor_of_gaps(pair) for pair in a.reshape(-1, 2, 4)]
    assert np.mean(floors) == pytest.approx(mean_of_gaps(a, b), rel=0.05)


def test_floors_of_couns_printed_deviations() -> None:
    retrain = spread(COUN, 10)
    assert floor_of_means(retrain, 10) == pytest.approx(0.10, abs=0.005)
    assert floor_of_gaps(retrain) == pytest.approx(0.31, abs=0.01)


def test_one_retrain_has_no_floor() -> None:
    assert math.isnan(floor_of_means(np.ones((1, 4)), 3))
    assert math.isnan(floor_of_gaps(np.ones((1, 4))))


def test_interval_holds_the_gap_and_widens_with_the_spread() -> None:
    shift = np.array([0.5, 2, 1, 3])
    narrow, wide = (
        gap_interval(spread(k * COUN, 8) + shift, spread(COUN, 6), draws=400) for k in (1, 3)
    )
    assert narrow[0] < gap_of_means(shift[None], np.zeros((1, 4))) < narrow[1]
    assert narrow[1] - narrow[0] < wide[1] - wide[0]


def test_interval_covers_the_true_gap() -> None:
    shift = np.array([2, 2, 1, 3])
    chance = np.random.default_rng(0)
    covered = 0
    for _ in range(100):
        low, high = gap_interval(
            chance.normal(shift, COUN, (10, 4)), chance.normal(0, COUN, (9, 4)), draws=150
        )
        covered += low <= shift.mean() <= high
    assert 85 <= covered <= 99


def test_interval_of_paired_seeds_leaves_out_what_they_share() -> None:
    retrain = spread(3 * COUN, 8)
    low, high = gap_interval(retrain + 1, retrain, draws=200)
    assert low == pytest.approx(1)
    assert high == pytest.approx(1)


def test_two_seeds_have_no_interval(three: np.ndarray) -> None:
    assert all(map(math.isnan, gap_interval(three[0][:2], three[1])))
    assert all(map(math.isnan, gap_interval(three[0], three[1][:2])))


def test_tug_of_war_by_hand() -> None:
    found = tow(np.array([60.0, 99.0, 80.0]), np.array([70.0, 100.0, 78.0]))
    assert found == pytest.approx((0.9 * 0.99 * 0.98, 0.9, 0.99, 0.98))
    gaps = 0.1 + 0.01 + 0.02
    assert 1 - gaps <= found.value <= 1 - gaps + gaps**2


def test_tug_of_war_with_itself_is_one() -> None:
    values = np.array([12.3, 45.6, 78.9])
    assert tow(values, values) == (1, 1, 1, 1)
    with pytest.raises(ValueError, match="forget, retain and test"):
        tow(np.ones(4), np.ones(4))
