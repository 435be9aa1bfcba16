"""The smallest margin: a table of sizes, and how often it is really noticed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm

from untrain.metrics.membership.power import (
    chance_error,
    cleared,
    noticed,
    records_needed,
    smallest_margin,
    stratified_margin,
)

TABLE = {
    1000: (0.191, 0.123, 0.089, 0.056, 0.046, 0.038, 0.032, 0.030),
    5000: (0.189, 0.120, 0.085, 0.050, 0.040, 0.029, 0.021, 0.017),
    10_000: (0.189, 0.120, 0.085, 0.050, 0.039, 0.028, 0.019, 0.015),
}


def classes(count: int, size: int) -> np.ndarray:
    return np.arange(size) % count


@pytest.mark.parametrize("m", TABLE)
def test_the_smallest_margin_by_the_table(m: int) -> None:
    sizes = (20, 50, 100, 300, 500, 1000, 2500, 4500)
    found = [smallest_margin(n, m) for n in sizes]
    assert found == pytest.approx(TABLE[m], abs=6e-4)
    assert [records_needed(one, m) for one in found] == pytest.approx(sizes, abs=1)


def test_margins_of_one_class_and_of_real_counts() -> None:
    assert stratified_margin(classes(1, 50), classes(1, 900)) == smallest_margin(50, 900)
    many = stratified_margin(classes(10, 50), classes(10, 900))
    assert smallest_margin(50, 900) < many < 1.05 * smallest_margin(50, 900)
    assert records_needed(0.001, 100) is None
    assert math.isnan(smallest_margin(0, 100))
    assert math.isnan(stratified_margin(classes(1, 3), np.array([1])))


def test_margins_are_noticed_and_cleared_as_often_as_they_say() -> None:
    error, z = chance_error(300, 5000), np.random.default_rng(0).normal(size=20_000)
    noticing = (noticed(error) / error + z > norm.ppf(0.95)).mean()
    clearing = (abs(z) < cleared(error) / error - norm.ppf(0.95)).mean()
    assert (noticing, clearing) == pytest.approx((0.9, 0.9), abs=0.01)
