"""Forgotten less unseen, class by class."""

from __future__ import annotations

import math

import numpy as np
import pytest

from untrain.metrics.distance.difference import difference


def test_the_mix_of_classes_does_not_matter() -> None:
    """Classes differ by 10; within them forgotten images lie 1 higher."""
    f, u = np.array([0] * 30 + [1] * 10), np.array([0] * 10 + [1] * 50 + [2] * 5)
    chance = np.random.default_rng(0)
    a, b = 10 * f + 1 + chance.normal(size=40), 10 * u + chance.normal(size=65)
    found = difference(a, f, b, u)
    parts = [(a[f == k].mean() - b[u == k].mean()) for k in (0, 1)]
    assert found.value == pytest.approx(0.75 * parts[0] + 0.25 * parts[1])
    assert abs(found.value - 1) < 3 * found.error


def test_the_error_covers() -> None:
    chance = np.random.default_rng(1)
    f, u = np.arange(40) % 2, np.arange(60) % 2
    found = [difference(chance.normal(size=40), f, chance.normal(size=60), u) for _ in range(300)]
    assert np.mean([abs(one.value) < 1.96 * one.error for one in found]) > 0.92


def test_no_class_in_both() -> None:
    labels = np.zeros(4, np.int64)
    assert math.isnan(difference(np.ones(4), labels, np.ones(4), labels + 1).value)
    assert math.isnan(difference(np.full(4, np.nan), labels, np.ones(4), labels).value)
