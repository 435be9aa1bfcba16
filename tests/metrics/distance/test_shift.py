"""Tests of destinations: uniform without a difference, and errors that are right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from chosen import EVEN, answers, drawn, random_outputs
from scipy.stats import kstest

from untrain.metrics.distance import destination, shift


def test_a_class_that_the_other_set_lacks_is_left_out_and_told() -> None:
    one = answers(np.array([0, 0, 1]), np.array([0, 1, 1]), 3)
    other = answers(np.array([1, 1]), np.array([1, 1]), 3, "u")
    found = shift.between_sets(one, other)
    assert (found.n, found.left_out, found.distance.value) == (1, 2, 0)
    empty = shift.between_sets(one, other.take(np.zeros(0, int)))
    assert np.isnan(empty.distance.value)
    assert (empty.p, empty.left_out) == (1, 3)


def test_identical_models_do_not_differ() -> None:
    outputs = random_outputs(60, 4, 0)
    found = shift.between_models(outputs, outputs)
    assert found.distance == (0, 0)
    assert found.p == 1
    assert destination.soft_distance(outputs, outputs) == 0


@pytest.mark.parametrize("paired", [False, True])
def test_p_is_uniform_without_a_difference(paired: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shift, "DRAWS", 400)
    monkeypatch.setattr(shift, "BOOT", 10)
    test = shift.between_models if paired else shift.between_sets
    found = []
    for seed in range(200):
        one = drawn(60, 2 * seed, EVEN)
        found.append(test(one, drawn(60, 2 * seed + 1, EVEN), seed).p)
    assert kstest(found, "uniform").pvalue > 0.01


@pytest.mark.parametrize("paired", [False, True])
def test_p_is_small_where_classes_go_elsewhere(paired: bool) -> None:
    test = shift.between_models if paired else shift.between_sets
    one = drawn(300, 0, np.array([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5]]))
    found = test(one, drawn(300, 1, np.array([[0.5, 0.0, 0.5], [0.5, 0.5, 0.0]])))
    assert found.p < 0.001
    assert found.interval[0] < found.distance.value < found.interval[1]
    assert found.distance.value == pytest.approx(0.5, abs=0.06)
    assert 0.005 < found.distance.error < 0.05


def test_the_bootstrap_is_that_of_repeated_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shift, "DRAWS", 10)
    far = EVEN[:, ::-1]
    repeated = [
        shift.between_sets(drawn(80, seed, EVEN), drawn(80, 500 + seed, far), seed)
        for seed in range(100)
    ]
    values = [one.distance.value for one in repeated]
    errors = [one.distance.error for one in repeated]
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.2)
    assert np.mean([one.interval[0] < 0.4 < one.interval[1] for one in repeated]) > 0.9


def test_bad_input() -> None:
    one = random_outputs(6, 3, 0)
    with pytest.raises(ValueError, match="same images"):
        shift.between_models(one, replace(one, keys=one.keys[::-1]))
    nothing = replace(one, logits=one.logits * np.nan)
    for compare in (shift.between_sets, shift.between_models):
        with pytest.raises(ValueError, match="not finite"):
            compare(one, nothing)
