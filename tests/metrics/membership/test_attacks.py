"""The table of attacks: what is one attack by several names, thresholds that are not tuned on
what they judge, and one p-value for all."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import kstest

from untrain.metrics import signals
from untrain.metrics.evidence import Outputs
from untrain.metrics.membership.attacks import attacks, balanced_accuracy, compare

CLASSES = 4


def draw(size: int, seed: int, known: float = 0) -> Outputs:
    chance = np.random.default_rng(seed)
    labels = np.arange(size) % CLASSES
    logits = chance.normal(0, 1, (size, CLASSES))
    logits[np.arange(size), labels] += 1.5 + known
    return Outputs(logits.astype(np.float32), labels, np.arange(size).astype(str))


def test_a_row_for_every_attack() -> None:
    forget, unseen = draw(200, 0, known=1), draw(400, 1)
    norms = np.ones(200), np.ones(400)
    found = attacks(forget, unseen, forget_norms=norms[0], unseen_norms=norms[1], deals=500)
    names = [one.name for one in found.rows]
    assert names == [*signals.SIGNALS, "last-layer gradient"]
    for one in found.rows:
        assert one.auc.value - 0.5 > 2 * one.auc.error
        assert one.p < 0.05
        assert 0.5 < one.balanced.value < 0.8
        assert one.tpr is not None
    assert found.joint < 0.01
    assert (found.n, found.m, found.left_out) == (200, 400, 0)
    assert found.strongest is not None
    assert [one.name for one in attacks(forget, unseen, deals=9).rows] == names[:-1]


def test_loss_confidence_and_margin_are_one_attack() -> None:
    forget, unseen = draw(300, 0, known=0.5), draw(500, 1)
    scores = {
        one.__name__: (one(forget), one(unseen))
        for one in (signals.loss, signals.confidence, signals.margin)
    }
    rows = compare(scores, forget.labels, unseen.labels, deals=99).rows
    values = [one.auc.value for one in rows]
    assert max(values) - min(values) < 1e-12
    assert len({one.p for one in rows}) == 1
    assert len({one.balanced.value for one in rows}) == 1


def test_correctness_is_the_gap_of_accuracies() -> None:
    forget, unseen = draw(400, 0, known=0.7), draw(800, 1)
    row = next(one for one in attacks(forget, unseen, deals=9).rows if one.name == "correctness")
    gap = signals.correct(forget).mean() - signals.correct(unseen).mean()
    assert row.auc.value == pytest.approx((1 + gap) / 2, abs=1e-12)  # classes are of one size
    reverse = attacks(unseen, forget, deals=9).rows[names().index("correctness")]
    assert reverse.auc.value == pytest.approx(1 - row.auc.value, abs=1e-12)


def names() -> list[str]:
    return list(signals.SIGNALS)


def test_one_p_value_for_all_attacks_is_uniform_without_membership() -> None:
    """Taking the smallest would not be."""
    found = [attacks(draw(48, 2 * k), draw(96, 2 * k + 1), deals=99, seed=k) for k in range(60)]
    joint = [one.joint for one in found]
    smallest = [min(row.p for row in one.rows) for one in found]
    assert kstest(joint, "uniform").pvalue > 0.01
    assert np.mean(np.array(smallest) <= 0.1) > np.mean(np.array(joint) <= 0.1)


def test_the_threshold_is_not_tuned_on_what_it_judges() -> None:
    chance, values = np.random.default_rng(0), []
    for seed in range(200):
        labels, others = np.arange(40) % 2, np.arange(60) % 2
        one = balanced_accuracy(
            chance.normal(size=40), labels, chance.normal(size=60), others, seed
        )
        values.append(one.value)
    assert np.mean(values) == pytest.approx(0.5, abs=3 * np.std(values) / math.sqrt(200))
    assert np.std(values) == pytest.approx(one.error, rel=0.25)


@pytest.mark.parametrize("sign", [1, -1])
def test_separated_sets_are_separated_from_either_side(sign: int) -> None:
    labels = np.zeros(30, int)
    a, b = np.random.default_rng(0).random((2, 30))
    found = balanced_accuracy(sign * (a + 2), labels, sign * b, labels)
    assert found.value > 0.9
    assert found.error > 0


def test_ties_cannot_be_parted() -> None:
    labels = np.zeros(20, int)
    found = balanced_accuracy(np.ones(20), labels, np.ones(20), labels)
    assert found.value == 0.5


def test_nothing_in_common_has_no_value() -> None:
    forget, unseen = draw(40, 0), draw(80, 1)
    unseen.labels[:] = CLASSES - 1
    some = attacks(forget, unseen, deals=9)
    assert (some.n, some.left_out) == (10, 30)
    none = attacks(forget.take(forget.labels == 0), unseen, deals=9)
    assert (none.n, none.left_out, none.joint) == (0, 10, 1)
    assert none.strongest is None
    assert all(math.isnan(one.auc.value) and one.tpr is None for one in none.rows)
    assert all(math.isnan(one.balanced.value) for one in none.rows)


def test_a_diverged_model_is_an_error() -> None:
    forget, unseen = draw(8, 0), draw(8, 1)
    unseen.logits[0, 0] = np.nan
    with pytest.raises(ValueError, match="logits are not finite"):
        attacks(forget, unseen)
