"""Where classes go: tables by hand, the floor, words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from chosen import EVEN, answers, drawn, random_outputs

from untrain.metrics.distance import destination, shift


def test_tables_count_each_image_once() -> None:
    labels, predictions = np.array([2, 2, 2, 2, 0]), np.array([2, 1, 1, 0, 0])
    outputs = answers(labels, predictions, 3)
    table = destination.hard(outputs)
    np.testing.assert_array_equal(table.classes, [0, 2])
    np.testing.assert_array_equal(table.counts, [1, 4])
    np.testing.assert_allclose(table.rows, [[1, 0, 0], [0.25, 0.5, 0.25]])
    p = np.exp(outputs.log_probabilities)
    soft = destination.soft(outputs)
    np.testing.assert_allclose(soft.row(2), p[:4].mean(0))
    np.testing.assert_allclose(soft.rows.sum(1), 1)


def test_total_variation_by_hand_and_its_weights() -> None:
    one = answers(np.array([0, 0, 0, 1]), np.array([0, 1, 1, 2]), 3)
    other = answers(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]), 3, "u")
    tv = destination.total_variation(destination.hard(one), destination.hard(other))
    np.testing.assert_allclose(tv, [2 / 3, 1])
    found = shift.between_sets(one, other)
    assert found.distance.value == pytest.approx((3 * 2 / 3 + 1) / 4)
    assert (found.n, found.m, found.left_out) == (4, 4, 0)


def test_two_halves_of_unseen_lie_at_the_floor() -> None:
    values, floors = [], []
    for seed in range(30):
        one, other = (drawn(100, 2 * seed + k, EVEN, name) for k, name in enumerate("fu"))
        a, b = destination.hard(one), destination.hard(other)
        values.append(destination.weighted(destination.total_variation(a, b), a.counts))
        floors.append(destination.floor(a, b))
    error = np.std(values) / np.sqrt(len(values))
    assert abs(np.mean(values) - np.mean(floors)) < 3 * error


def test_top_says_where_most_go() -> None:
    names = ["a", "b", "c", "d"]
    assert destination.top(np.array([0.01, 0.61, 0.09, 0.29]), names) == "b 61 %, d 29 %, c 9 %"
    assert destination.top(np.full(4, 0.25), names, most=1) == "a 25 %"


def test_shared_errors() -> None:
    labels = np.zeros(6, np.int64)
    one = answers(labels, np.array([0, 0, 1, 1, 1, 0]), 3)
    other = answers(labels, np.array([0, 0, 0, 2, 1, 1]), 3)
    assert destination.error_jaccard(one, other).value == pytest.approx(2 / 4)
    right = answers(labels, labels, 3)
    assert np.isnan(destination.error_jaccard(right, right).value)


def test_bad_input() -> None:
    one = random_outputs(6, 3, 0)
    with pytest.raises(ValueError, match="same images"):
        destination.error_jaccard(one, replace(one, keys=one.keys[::-1]))
