"""R[eps] and Theorem 1 against the definitions, with cases in which the bound must hold or not."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from untrain.metrics.distance import alignment
from untrain.metrics.distance.alignment import Theorem, curve, lemma, theorem
from untrain.metrics.embeddings import Classes, Spread, Views
from untrain.metrics.estimate import wilson


def views(moved: list[float] | np.ndarray, pixels: float = 1.0) -> Views:
    array = np.asarray(moved, np.float32)
    return Views(np.zeros(len(array), np.int64), array, np.full(len(array), pixels, np.float32))


def spread(apart: np.ndarray, means: np.ndarray) -> Spread:
    return Spread(np.arange(len(apart)), apart.astype(np.float32), means)


def classes(*counts: int) -> Classes:
    count = len(counts)
    return Classes(np.zeros((count, 2)), np.array(counts), np.ones(count))


def largest(apart: np.ndarray, delta: float) -> float:
    """The true share of the largest group within delta, by trying all."""
    size = int(np.isfinite(np.diag(apart)).sum())
    groups = (
        chosen
        for count in range(size, 0, -1)
        for chosen in combinations(range(size), count)
        if (apart[np.ix_(chosen, chosen)] <= delta).all()
    )
    return len(next(groups)) / size


def test_r_is_the_share_beyond_eps() -> None:
    found = curve(views([0.0, 0.2, 0.35, 0.9]), (0.1, 0.3, 0.5))
    np.testing.assert_allclose(found.share, [0.75, 0.5, 0.25])
    assert (found.low[1], found.high[1]) == pytest.approx(wilson(2, 4))
    assert found.at(0.3).error == pytest.approx(math.sqrt(0.25 / 4))
    assert curve(views([0.0] * 98), (0.1,)).at(0.1).error == pytest.approx(0.1 / 98**0.5, rel=0.01)
    gap = lemma(views([0.1, 0.4]), views([0.4, 0.4]), 0.3)
    assert gap.value == 0.5
    assert np.isnan(curve(views([])).share).all()


def test_sigma_is_a_true_group_and_near_the_largest() -> None:
    chance = np.random.default_rng(0)
    points = chance.normal(size=(3, 9, 2))
    apart = np.sqrt(np.square(points[:, :, None] - points[:, None]).sum(-1))
    apart[2, 7:] = apart[2, :, 7:] = np.nan  # a class of seven images
    case = spread(apart, np.eye(3))
    found = alignment.concentration(case)
    for delta, sigma in zip(*found, strict=True):
        best = min(largest(one, delta) for one in case.apart)
        assert sigma <= best
        assert sigma > best - 0.25
    assert found[1][-1] == 1


def test_theorem_by_hand() -> None:
    """Views that never move and images that coincide: rho_max is 2 eps, and the bound is 0."""
    found = theorem(
        spread(np.zeros((3, 5, 5)), np.eye(3)), views([0.0] * 6), classes(5, 5, 10), 0.1
    )
    assert found is not None
    assert found.rho_max == pytest.approx(2 * alignment.EPS[0])
    assert (found.sigma, found.misaligned, found.delta_mu, found.pairs) == (1, 0, 0, 1)
    assert (found.bound, found.error, found.vacuous) == (0, 0.1, False)


def test_theorem_adds_up() -> None:
    apart = np.full((2, 4, 4), 0.01) * (1 - np.eye(4))
    means = np.array([[0.9, 0.1], [0.2, 0.8]])
    moved = [0.02, 0.03, 0.04, 0.3]
    found = theorem(spread(apart, means), views(moved, pixels=2), classes(30, 10), 0.2)
    assert found is not None
    misaligned = float(np.mean(np.array(moved, np.float32) > found.eps))
    rho = misaligned / 0.25 + 0.15 * found.delta + 2 * found.eps
    assert found.lipschitz == pytest.approx(0.15)
    assert found.rho_max == pytest.approx(rho)
    assert found.delta_mu == pytest.approx(1 - 0.68)
    limit = 1 - rho - math.sqrt(2 * rho) - found.delta_mu / 2
    assert found.pairs == float(means[0] @ means[1] < limit)
    assert found.bound == pytest.approx(misaligned)


def test_vacuous_where_the_bound_or_a_pair_fails() -> None:
    numbers = (0.1, 0.1, 0.9, 1.0, 0.1, 0.2, 0.0)
    assert not Theorem(*numbers, pairs=1, bound=0.2, error=0.1).vacuous
    assert Theorem(*numbers, pairs=0.9, bound=0.2, error=0.1).vacuous
    assert Theorem(*numbers, pairs=1, bound=1.0, error=0.1).vacuous


def test_nothing_to_say_and_bad_input() -> None:
    one = spread(np.zeros((1, 3, 3)), np.eye(1))
    assert theorem(one, views([0.1]), classes(3), 0.0) is None
    assert theorem(spread(np.zeros((2, 3, 3)), np.eye(2)), views([]), classes(3, 3), 0.0) is None
    single = spread(np.zeros((2, 1, 1)), np.eye(2))
    assert theorem(single, views([0.0]), classes(1, 1), 0.0) is not None
    with pytest.raises(ValueError, match="not finite"):
        curve(views([math.nan]))
