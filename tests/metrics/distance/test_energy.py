"""Energy distance: loops, 0 in expectation, and a p-value that is uniform without a difference."""

from __future__ import annotations

import math

import numpy as np
import pytest
from chosen import features
from scipy.stats import kstest
from slow import frozen

from untrain.metrics.distance import energy as module
from untrain.metrics.distance.energy import by_class, energy


def normal(n: int, seed: int, d: int = 4, shift: float = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d)) + shift


def slow(x: np.ndarray, y: np.ndarray, unbiased: bool) -> float:
    """Three double loops."""
    n, m = len(x), len(y)
    across = sum(math.dist(a, b) for a in x for b in y) / (n * m)
    own = sum(math.dist(a, b) for a in x for b in x) / (n * (n - 1) if unbiased else n * n)
    other = sum(math.dist(a, b) for a in y for b in y) / (m * (m - 1) if unbiased else m * m)
    return 2 * across - own - other


@pytest.mark.parametrize("unbiased", [True, False])
@pytest.mark.parametrize("block", [3, 512])
def test_it_is_the_formula(unbiased: bool, block: int) -> None:
    x, y = normal(11, 0), normal(7, 1, shift=0.5)
    ours = energy(x, y, unbiased, block)
    assert ours == pytest.approx(slow(x, y, unbiased), rel=1e-10)


@pytest.mark.parametrize("name", ["energy", "energy unbiased"])
def test_it_has_the_frozen_value(name: str) -> None:
    inputs, value = frozen(name)
    x, y = (np.array(inputs[part]) for part in "xy")
    assert energy(x, y, bool(inputs.get("unbiased"))) == pytest.approx(value, rel=1e-10)


def test_one_point_each_by_hand() -> None:
    assert energy(np.array([[0.0]]), np.array([[3.0]]), unbiased=False) == 6
    assert energy(normal(5, 0), normal(5, 0), unbiased=False) == pytest.approx(0, abs=1e-7)
    assert math.isnan(energy(normal(1, 0), normal(5, 1)))


def test_by_class_is_the_weighted_coefficient_of_the_classes() -> None:
    x, y = normal(30, 0), normal(40, 1, shift=1)
    f, u = np.array([0] * 10 + [1] * 20), np.array([0] * 25 + [1] * 15)
    forget, unseen = features(x, f, "f"), features(y, u, "u")
    found = by_class(forget, unseen)
    expected = []
    for label in (0, 1):
        a, b = forget.of(label), unseen.of(label)
        mean = np.mean([math.dist(p, q) for p in a for q in b])
        expected.append(slow(a, b, True) / (2 * mean))
    np.testing.assert_allclose(found.by_class, expected, rtol=1e-9)
    assert found.distance.value == pytest.approx((expected[0] + 2 * expected[1]) / 3)
    assert found.p < 0.01
    assert abs(found.floor.value) < 3 * found.floor.error


def test_scale_and_rotation_of_the_features_change_nothing() -> None:
    x, y = normal(20, 0), normal(20, 1, shift=1)
    turned = np.linalg.qr(normal(4, 9))[0]
    one = by_class(features(x), features(y)).distance.value
    two = by_class(features(4 * x @ turned), features(4 * y @ turned)).distance.value
    assert two == pytest.approx(one, rel=0.01)  # half precision


def test_p_is_uniform_and_the_value_zero_without_a_difference(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "DRAWS", 200)
    labels = np.arange(40) % 2
    found = [
        by_class(features(normal(40, 2 * s), labels), features(normal(40, 2 * s + 1), labels), s)
        for s in range(200)
    ]
    assert kstest([one.p for one in found], "uniform").pvalue > 0.01
    values = np.array([one.distance.value for one in found])
    assert abs(values.mean()) < 3 * values.std() / np.sqrt(len(values))
    inside = [abs(one.distance.value) < 2 * one.distance.error for one in found]
    assert np.mean(inside) > 0.93


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_images_of_a_class(n: int) -> None:
    found = by_class(features(normal(n, 0)), features(normal(9, 1)))
    assert math.isnan(found.distance.value)
    assert (found.p, len(found.classes)) == (1, 0)


def test_three_unseen_images_have_no_floor() -> None:
    found = by_class(features(normal(9, 0)), features(normal(3, 1)))
    assert math.isfinite(found.distance.value)
    assert math.isnan(found.floor.value)


def test_features_that_are_all_the_same_do_not_differ() -> None:
    found = by_class(features(np.ones((6, 2))), features(np.ones((8, 2))))
    assert (found.distance.value, found.p) == (0, 1)


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="not finite"):
        energy(normal(4, 0) * np.inf, normal(4, 1))
