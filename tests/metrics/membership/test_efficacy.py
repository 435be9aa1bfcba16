"""MIA efficacy: the fast attack is the full one, and it behaves as an attack must."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.svm import SVC

from untrain.metrics.membership.efficacy import attack, mia_efficacy

KINDS = ("separated", "overlapping", "saturated", "bimodal")


def confidences(kind: str, count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Members and non-members of a simulated model."""
    chance = np.random.default_rng(seed)
    if kind == "separated":
        return chance.beta(30, 1, count), chance.beta(3, 1, count)
    if kind == "overlapping":
        return chance.beta(8, 2, count), chance.beta(5, 2, count)
    if kind == "saturated":
        members, others = chance.beta(20, 1, count), chance.beta(2, 1, count)
        members[chance.random(count) < 0.7] = 1
        others[chance.random(count) < 0.4] = 1
        return members, others
    members, others = chance.beta(40, 0.5, count), chance.beta(0.6, 0.4, count)
    return members, others


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [150, 2000])
def test_binned_attack_decides_as_the_full_one(kind: str, count: int) -> None:
    members, others = confidences(kind, count)
    judged = np.concatenate(confidences(kind, 500, seed=1))
    fast, full = attack(members, others, judged), attack(members, others, judged, exact=True)
    assert 0.02 < full.mean() < 0.98
    assert (fast != full).mean() <= 0.005


def test_exact_attack_is_the_papers_machine() -> None:
    members, others = confidences("overlapping", 400)
    judged = np.concatenate(confidences("overlapping", 200, seed=1))
    machine = SVC(C=3, gamma="auto", kernel="rbf")
    machine.fit(np.concatenate([members, others])[:, None], [1] * 400 + [0] * 400)
    called = machine.predict(judged[:, None])
    np.testing.assert_array_equal(attack(members, others, judged, exact=True), called)
    assert mia_efficacy(members, others, judged, exact=True) == pytest.approx(
        100 * (called == 0).mean(), abs=0.5
    )


@pytest.mark.parametrize("kind", KINDS)
def test_held_out_images_are_judged_as_those_of_their_kind(kind: str) -> None:
    members, others = confidences(kind, 1000)
    for held_out, fitted in zip(confidences(kind, 1000, seed=1), (members, others), strict=True):
        value = mia_efficacy(members, others, held_out)
        rate = mia_efficacy(members, others, fitted)
        assert abs(value - rate) <= 300 * math.sqrt(2 * 0.25 / 1000)


def test_more_confident_images_are_called_members() -> None:
    members, others = confidences("separated", 500)
    assert mia_efficacy(members, others, np.full(10, 0.99)) == 0
    assert mia_efficacy(members, others, np.full(10, 0.3)) == 100


def test_order_and_company_of_the_judged_do_not_matter() -> None:
    members, others = confidences("overlapping", 500)
    judged = np.concatenate(confidences("overlapping", 50, seed=1))
    value = mia_efficacy(members, others, judged)
    assert value == mia_efficacy(members, others, judged[::-1])
    halves = [mia_efficacy(members, others, half) for half in (judged[:50], judged[50:])]
    assert value == pytest.approx(np.mean(halves))


def test_classes_are_balanced_inside() -> None:
    members, others = confidences("overlapping", 4000)
    few, judged = others[:1000], others[2000:3000]
    balanced = mia_efficacy(members[:1000], few, judged)
    unbalanced = 100 * (1 - attack(members, few, judged).mean())
    assert mia_efficacy(members, few, judged) == pytest.approx(balanced, abs=5)
    assert abs(unbalanced - balanced) > 10


@pytest.mark.parametrize("exact", [True, False])
def test_constant_confidence_tells_nothing(exact: bool) -> None:
    same = np.ones(20)
    assert mia_efficacy(same, same, same, exact=exact) == 0
    assert attack(same[:5], same, same, exact=exact).all()


@pytest.mark.parametrize("empty", [0, 1, 2])
def test_an_empty_set_has_no_value(empty: int) -> None:
    sets = [np.linspace(0, 1, 9)] * 3
    sets[empty] = np.zeros(0)
    assert math.isnan(mia_efficacy(*sets))
