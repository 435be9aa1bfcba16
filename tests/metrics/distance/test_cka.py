"""Debiased CKA: the estimator written out, its invariances, and 0 for independent features."""

from __future__ import annotations

import numpy as np
import pytest

from untrain.metrics.distance.cka import cka, hsic


def normal(n: int, d: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d))


def slow_hsic(x: np.ndarray, y: np.ndarray) -> float:
    """Song et al. 2012, equation 5, with the matrices themselves."""
    n = len(x)
    k, ell = x @ x.T, y @ y.T
    np.fill_diagonal(k, 0)
    np.fill_diagonal(ell, 0)
    one = np.ones(n)
    whole = np.trace(k @ ell) + (one @ k @ one) * (one @ ell @ one) / ((n - 1) * (n - 2))
    return float((whole - 2 / (n - 2) * one @ k @ ell @ one) / (n * (n - 3)))


def test_hsic_is_the_formula() -> None:
    x, y = normal(12, 5, 0), normal(12, 7, 1)
    assert hsic(x, y).value == pytest.approx(slow_hsic(x, y), rel=1e-10)
    by = np.sqrt(slow_hsic(x, x) * slow_hsic(y, y))
    assert cka(x, y).value == pytest.approx(slow_hsic(x, y) / by, rel=1e-8)


def test_one_for_the_same_up_to_rotation_scale_and_shift() -> None:
    x = normal(60, 8, 0)
    turned = np.linalg.qr(normal(8, 8, 1))[0]
    found = cka(x, -3.7 * x @ turned + 5)
    assert found.value == pytest.approx(1, abs=1e-10)
    assert found.error == pytest.approx(0, abs=1e-8)


def test_about_zero_for_independent_features_of_many_dimensions() -> None:
    """The biased estimator gives .9 here."""
    found = [cka(normal(50, 512, 2 * s), normal(50, 512, 2 * s + 1)).value for s in range(10)]
    assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(10)
    assert max(map(abs, found)) < 0.2


def test_the_error_is_that_of_repeated_samples() -> None:
    found = []
    for seed in range(40):
        x = normal(150, 6, seed)
        found.append(
            cka(x, x @ np.diag([1, 1, 1, 0.2, 0.2, 0.2]) + 0.5 * normal(150, 6, 99 + seed))
        )
    assert np.mean([one.error for one in found]) == pytest.approx(
        np.std([one.value for one in found]), rel=0.4
    )


def test_half_precision_features_keep_their_digits() -> None:
    x = normal(80, 16, 0)
    assert cka((100 * x + 900).astype(np.float16), x).value == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("x", [np.ones((20, 3)), np.zeros((3, 3)), np.zeros((0, 3))])
def test_nothing_to_compare(x: np.ndarray) -> None:
    assert np.isnan(cka(x, x).value)


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="same images, got 5 and 6"):
        cka(normal(5, 2, 0), normal(6, 2, 0))
    with pytest.raises(ValueError, match="not finite"):
        cka(normal(5, 2, 0) * np.nan, normal(5, 2, 0))
