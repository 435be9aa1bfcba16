"""Likelihood beside references: RMIA's identities, small requests, the value to reach."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import kstest

from untrain.metrics.estimate import Estimate
from untrain.metrics.membership.auc import auc
from untrain.metrics.membership.reference import exposure, log_ratio, reference_auc, rmia


def likelihoods(n: int, known: float, seed: int, models: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """log p_y of the model and of references (R, n), all ruled by how hard the images are."""
    chance = np.random.default_rng(seed)
    hard = chance.normal(0, 3, n)
    margins = hard + chance.normal(0, 0.6, (models + 1, n))
    margins[0] += known
    logs = -np.logaddexp(0, -margins)
    return logs[0], logs[1:]


def test_the_score_ranks_as_the_ratio() -> None:
    (own, refs), (own_u, refs_u) = likelihoods(60, 1, 0), likelihoods(300, 0, 1)
    members, others = log_ratio(own, refs), log_ratio(own_u, refs_u)
    population = np.concatenate([members, others])  # fine enough to part all of them
    assert auc(rmia(members, population), rmia(others, population)) == auc(members, others)
    for gamma in (0.5, 2):  # ends are cut off, no order is turned
        scores = rmia(population, population, gamma)[np.argsort(population)]
        assert (np.diff(scores) >= 0).all()
        assert np.ptp(scores) > 0.3


def test_all_of_the_reference_is_its_likelihood() -> None:
    own, refs = likelihoods(20, 0, 0)
    ratio = own - np.log(np.exp(refs).mean(0))
    assert log_ratio(own, refs, a=1) == pytest.approx(ratio)
    usual = (1.5 * np.exp(refs).mean(0) + 0.5) / 2
    assert log_ratio(own, refs, a=0.5) == pytest.approx(own - np.log(usual))


def test_a_model_that_is_its_reference_knows_nothing() -> None:
    own, _ = likelihoods(40, 3, 0)
    assert log_ratio(own, own[None], a=1) == pytest.approx(np.zeros(40))
    (own, refs), (own_u, refs_u) = likelihoods(400, 0, 2), likelihoods(400, 0, 3)
    value = auc(log_ratio(own, refs), log_ratio(own_u, refs_u))
    assert abs(value - 0.5) < 3 * math.sqrt(801 / 12 / 400**2)


def test_likelihoods_that_vanish_stay_numbers() -> None:
    own, refs = np.array([-2000.0, 0.0]), np.array([[-3000.0, -1500.0]])
    assert log_ratio(own, refs, a=1) == pytest.approx([1000, 1500])
    assert np.isfinite(log_ratio(own, refs)).all()


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="no reference model"):
        log_ratio(np.zeros(3), np.zeros((0, 3)))
    with pytest.raises(ValueError, match="reference likelihoods are not finite"):
        log_ratio(np.zeros(1), np.array([[-np.inf]]))
    assert np.isnan(rmia(np.zeros(2), np.zeros(0))).all()


@pytest.mark.parametrize("n", [1, 5, 20])
def test_small_requests_are_ranked_exactly(n: int) -> None:
    """Without membership, p of the whole is uniform whatever the size."""
    known, differs = [], []
    for seed in range(60):
        own, refs = likelihoods(n + 60, 0, seed)
        ratios, labels = log_ratio(own, refs, a=1), np.arange(n + 60) % 2
        labels[0] = 0
        sets = (ratios[:n], labels[:n], ratios[n:], labels[n:])
        found = exposure(*sets, references=3, deals=499, seed=seed)
        known.append(found.p_known)
        differs.append(found.p_differs)
    assert kstest(known, "uniform").pvalue > 0.01
    assert kstest(differs, "uniform").pvalue > 0.01


def test_one_image_has_its_rank_for_p() -> None:
    found = exposure(
        np.array([0.5]), np.zeros(1, int), np.arange(99.0) / 50, np.zeros(99, int), references=1
    )
    assert found.records.p[0] == pytest.approx(75 / 100)
    assert found.p_known == pytest.approx(0.75, abs=0.02)
    assert (found.n, found.m) == (1, 99)


def test_references_show_a_few_known_images_that_margins_hide() -> None:
    """Five known images of one source, far easier or harder than they are known."""
    (own, refs), (own_u, refs_u) = likelihoods(5, 2.5, 7), likelihoods(600, 0, 8)
    labels, others = np.zeros(5, int), np.zeros(600, int)
    sharp = exposure(log_ratio(own, refs), labels, log_ratio(own_u, refs_u), others, references=3)
    blunt = exposure(own, labels, own_u, others, references=0)
    assert sharp.p_known < 0.01
    assert sharp.p_known < blunt.p_known / 3
    assert sharp.auc.value > blunt.auc.value


def test_what_is_too_unlikely_differs_and_is_not_known() -> None:
    (own, refs), (own_u, refs_u) = likelihoods(20, -3, 0), likelihoods(600, 0, 1)
    sets = (np.zeros(20, int), log_ratio(own_u, refs_u, a=1), np.zeros(600, int))
    found = exposure(log_ratio(own, refs, a=1), *sets, references=3)
    assert found.p_known > 0.9
    assert found.p_differs < 0.01


def test_the_value_to_reach_is_that_of_the_references() -> None:
    """Images of one source that are easier than any unseen set."""
    chance = np.random.default_rng(0)
    easy, usual = chance.normal(1, 1, (4, 200)), chance.normal(0, 1, (4, 500))
    labels, others = np.zeros(200, int), np.zeros(500, int)
    found = reference_auc(easy[:3], labels, usual[:3], others)
    assert found.tau == pytest.approx(0.76, abs=0.03)
    assert found.spread == pytest.approx(np.std(found.values, ddof=1))
    away = found.difference(Estimate(0.77, 0.02))
    assert away.value == pytest.approx(0.77 - found.tau)
    assert away.error == pytest.approx(math.sqrt(0.02**2 + found.spread**2 / 3))
    assert away.within(-0.1, 0.1)


def test_one_reference_clears_nothing() -> None:
    one = reference_auc(np.ones((1, 5)), np.zeros(5), np.zeros((1, 9)), np.zeros(9))
    assert one.tau == 1
    away = one.difference(Estimate(1, 0.01))
    assert math.isnan(away.error)
    assert not away.within(-0.5, 0.5)
    assert math.isnan(reference_auc(np.zeros((0, 5)), np.zeros(5), np.zeros((0, 9)), 0).tau)
