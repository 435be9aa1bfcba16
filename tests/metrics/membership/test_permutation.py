"""The permutation test: exact where it can be counted, uniform where nothing differs."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import kstest

from untrain.metrics.membership import stratified_auc
from untrain.metrics.membership.permutation import (
    auc_column,
    mean_column,
    permutation_test,
)

LABELS = np.array([0] * 7 + [1] * 6)
FORGET = np.array([1, 1, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0], dtype=bool)


def every_deal() -> list[np.ndarray]:
    """All ways to deal 3 of 7 and 2 of 6."""
    deals = []
    for first in combinations(range(7), 3):
        for second in combinations(range(7, 13), 2):
            forget = np.zeros(13, dtype=bool)
            forget[[*first, *second]] = True
            deals.append(forget)
    return deals


@pytest.mark.parametrize("two_sided", [True, False])
@pytest.mark.parametrize("ties", [True, False])
def test_p_is_the_share_of_all_deals(two_sided: bool, ties: bool) -> None:
    chance = np.random.default_rng(1)
    values = chance.normal(size=(13, 2)) + 0.8 * FORGET[:, None]
    values = values.round(0) if ties else values
    sums = np.array([values[forget].sum(0) for forget in every_deal()])
    z, observed = (one - sums.mean(0) for one in (sums, values[FORGET].sum(0)))
    z, observed = z / sums.std(0), observed / sums.std(0)
    if two_sided:
        z, observed = abs(z), abs(observed)
    found = permutation_test(values, FORGET, LABELS, two_sided=two_sided)
    assert abs(found.z) == pytest.approx(abs(observed), rel=1e-9)  # exact mean and variance
    assert found.p == pytest.approx((z >= observed - 1e-9).mean(0), abs=0.015)
    assert found.joint == pytest.approx((z.max(1) >= observed.max() - 1e-9).mean(), abs=0.015)
    assert (found.n, found.m, found.deals) == (5, 8, 10_000)


def test_more_forgotten_than_unseen_are_dealt_from_the_other_side() -> None:
    values = np.random.default_rng(2).normal(size=13)
    few, many = (permutation_test(values, one, LABELS) for one in (FORGET, ~FORGET))
    assert few.p == pytest.approx(many.p, abs=0.015)
    assert few.z == pytest.approx(-many.z)


def test_p_values_are_uniform_where_nothing_differs() -> None:
    """Alone and jointly, over 200 replicates."""
    chance = np.random.default_rng(3)
    labels = np.arange(90) % 3
    alone, joint = [], []
    for seed in range(200):
        forget = chance.random(90) < 0.3
        values = chance.normal(size=(90, 3)) + labels[:, None]
        values[:, 2] = values[:, 0] + 0.1 * values[:, 2]  # columns that hang together
        found = permutation_test(values, forget, labels, deals=199, seed=seed)
        alone.append(found.p[0])
        joint.append(found.joint)
    assert kstest(alone, "uniform").pvalue > 0.01
    assert kstest(joint, "uniform").pvalue > 0.01


def test_a_difference_is_found_in_one_of_many_columns() -> None:
    chance = np.random.default_rng(4)
    forget, labels = np.arange(300) < 100, np.arange(300) % 5
    values = chance.normal(size=(300, 5))
    values[:, 3] += 0.6 * forget
    found = permutation_test(values, forget, labels)
    assert found.joint >= found.p[3]
    assert found.joint < 0.001
    assert np.argmax(abs(found.z)) == 3


def test_columns_move_as_the_auc_and_as_the_difference_of_means() -> None:
    chance = np.random.default_rng(5)
    labels, scores = np.arange(60) % 3, chance.normal(size=60).round(1)
    right = (scores > 0).astype(float)
    aucs, means, sums = [], [], []
    for _ in range(20):
        forget = np.zeros(60, dtype=bool)
        for label, n in ((0, 3), (1, 7), (2, 12)):
            forget[chance.permutation(np.flatnonzero(labels == label))[:n]] = True
        rest = ~forget
        aucs.append(stratified_auc(scores[forget], labels[forget], scores[rest], labels[rest])[0])
        shares = [
            n * (right[forget & (labels == k)].mean() - right[rest & (labels == k)].mean())
            for k, n in ((0, 3), (1, 7), (2, 12))
        ]
        means.append(sum(shares) / 22)
        columns = (auc_column(scores, forget, labels), mean_column(right, forget, labels))
        sums.append([one[forget].sum() / 22 for one in columns])
    for values, total in zip((aucs, means), np.array(sums).T, strict=True):
        assert np.diff(values) == pytest.approx(np.diff(total), abs=1e-12)


def test_what_tells_nothing_has_p_1() -> None:
    constant = permutation_test(np.ones(13), FORGET, LABELS)
    assert (constant.p[0], constant.joint) == (1, 1)
    apart = permutation_test(np.arange(4.0), np.array([1, 1, 0, 0], bool), np.array([0, 0, 1, 1]))
    assert (apart.p[0], apart.n, apart.m) == (1, 0, 0)
    empty = permutation_test(np.zeros(0), np.zeros(0, bool), np.zeros(0, int))
    assert (empty.joint, empty.n) == (1, 0)
    with pytest.raises(ValueError, match="values are not finite"):
        permutation_test(np.full(13, np.nan), FORGET, LABELS)


def test_no_memory_beyond_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dealt in pieces, with results that do not depend on where the pieces end but for chance."""
    values = np.random.default_rng(6).normal(size=13) + FORGET
    whole = permutation_test(values, FORGET, LABELS)
    monkeypatch.setattr("untrain.metrics.membership.permutation.CELLS", 1000)
    assert permutation_test(values, FORGET, LABELS).p == pytest.approx(whole.p, abs=0.015)
