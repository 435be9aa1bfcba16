"""Conformal p-values: uniform without membership, a list that holds its level, its resolution."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest

from untrain.metrics.membership import stratified_auc
from untrain.metrics.membership.conformal import OWN, conformal, discoveries, fewest


def draw(counts: list[int], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores of classes that differ in mean and spread."""
    labels = np.repeat(np.arange(len(counts)), counts)
    chance = np.random.default_rng(seed)
    return chance.normal(2.0 * labels, 1 + 0.5 * labels), labels


def slow(a: np.ndarray, y: np.ndarray, b: np.ndarray, z: np.ndarray) -> list[float]:
    p = []
    for score, label in zip(a, y, strict=True):
        same = [other for other, one in zip(b, z, strict=True) if one == label]
        p.append((1 + sum(other >= score for other in same)) / (len(same) + 1))
    return p


def test_p_is_its_formula_with_ties() -> None:
    (a, y), (b, z) = draw([9, 4], 0), draw([12, 30], 1)
    a, b = a.round(), b.round()
    found = conformal(a, y, b, z, pooled=False)
    assert found.p == pytest.approx(slow(a, y, b, z))
    assert found.left_out == 0
    assert not found.pooled


def test_the_mean_is_the_auc() -> None:
    (a, y), (b, z) = draw([400, 300], 0), draw([900, 500], 1)
    found = conformal(a + 0.5, y, b, z)
    auc = stratified_auc(a + 0.5, y, b, z).value
    assert found.mean == pytest.approx(1 - auc, abs=2e-3)


def test_uniform_on_two_halves_of_unseen_images() -> None:
    """The list is empty, and the shape's p is itself uniform though the p-values share a set."""
    shapes, means, listed = [], [], 0
    for seed in range(200):
        (a, y), (b, z) = draw([60, 40], 2 * seed), draw([50, 90], 2 * seed + 1)
        found = conformal(a, y, b, z, seed=seed)
        shapes.append(found.shape_p)
        means.append(found.mean)
        listed += len(found.listed) > 0
    assert kstest(shapes, "uniform").pvalue > 0.01
    assert np.mean(means) == pytest.approx(0.5, abs=3 * np.std(means) / np.sqrt(200))
    assert listed / 200 <= 0.1 + 2 * np.sqrt(0.1 * 0.9 / 200)


@pytest.mark.parametrize("unseen", [OWN, 200])
def test_pooled_p_is_uniform_though_its_constants_are_estimated(unseen: int) -> None:
    """At the smallest class that may be pooled: the tail, which the list is made of."""
    tails, listed = [], 0
    for seed in range(60):
        (a, y), (b, z) = draw([30] * 6, 2 * seed), draw([unseen] * 6, 2 * seed + 1)
        found = conformal(a, y, b, z, pooled=True)
        tails.append([(found.p <= level).mean() for level in (0.02, 0.5)])
        listed += len(found.listed) > 0
    assert np.mean(tails, axis=0) == pytest.approx([0.02, 0.5], rel=0.25, abs=0.004)
    assert listed / 60 <= 0.1 + 2 * np.sqrt(0.1 * 0.9 / 60)


def test_known_images_are_listed_and_few_others() -> None:
    (a, y), (b, z) = draw([50, 50], 0), draw([1500, 1500], 1)
    a[[3, 60, 61]] += 30
    found = conformal(a, y, b, z)
    assert {3, 60, 61} <= set(found.listed.tolist())
    assert len(found.listed) <= 4
    assert found.smallest == 1
    assert found.shape_p > 0.01


def test_a_shape_that_leaves_the_mean_alone_is_seen() -> None:
    (a, y), (b, z) = draw([300], 0), draw([2000], 1)
    found = conformal(1.6 * a, y, b, z)
    assert found.mean == pytest.approx(0.5, abs=0.04)
    assert found.shape_p < 0.001


def test_the_list_is_that_of_benjamini_and_hochberg() -> None:
    p = np.array([0.04, 0.5, np.nan, 0.001, 0.9, 0.02])
    assert discoveries(p, 0.1).tolist() == [3, 5, 0]  # limits 0.02, 0.04, 0.06
    assert discoveries(p, 0.01).tolist() == [3]
    assert discoveries(np.full(3, np.nan)).tolist() == []


def test_the_resolution_by_its_formula() -> None:
    """n = 600, k = 1, level 0.1 takes 6000 unseen images."""
    assert fewest(np.full(600, 1 / 6000)) == 1
    assert fewest(np.full(600, 1 / 5999)) == 2
    assert fewest(np.full(600, 1 / 601)) == 10
    assert fewest(np.full(20, 1 / 5)) is None
    assert fewest(np.zeros(0)) is None


def test_small_classes_are_pooled_and_say_so() -> None:
    (a, y), (b, z) = draw([30] * 6, 0), draw([300] * 6, 1)
    a[0] += 50
    found, alone = conformal(a, y, b, z), conformal(a, y, b, z, pooled=False)
    assert found.pooled
    assert (found.smallest, alone.smallest) == (1, 6)
    assert found.p[0] < 1 / 301 == alone.p[0]
    assert found.listed.tolist() == [0]
    assert alone.listed.tolist() == []


def test_classes_too_small_to_pool_keep_their_own_p() -> None:
    (a, y), (b, z) = draw([30, 30, 5], 0), draw([300, 300, 8], 1)
    found, alone = conformal(a, y, b, z, pooled=True), conformal(a, y, b, z, pooled=False)
    np.testing.assert_array_equal(found.p[y == 2], alone.p[y == 2])


def test_images_without_an_unseen_one_of_their_class_have_none() -> None:
    found = conformal(np.zeros(3), np.array([0, 0, 5]), np.ones(4), np.zeros(4, int))
    assert np.isnan(found.p).tolist() == [False, False, True]
    assert found.left_out == 1
    nothing = conformal(np.zeros(3), np.full(3, 5), np.ones(4), np.zeros(4, int))
    assert (nothing.smallest, nothing.shape_p, len(nothing.listed)) == (None, 1, 0)
    assert np.isnan(nothing.mean)
    with pytest.raises(ValueError, match="unseen scores are not finite"):
        conformal(np.zeros(1), np.zeros(1, int), np.array([np.nan]), np.zeros(1, int))
