"""The audit: which rows there are, what is in them, and what is missing without Retrain."""

from __future__ import annotations

import math

import numpy as np
import pytest
from synthetic import CLASS, FORGET, evidence

from untrain.errors import UserError
from untrain.metrics.accuracy import accuracy, agreement
from untrain.metrics.audit import GAP, Audit, Subject, audit
from untrain.metrics.evidence import view
from untrain.metrics.gap import floor_of_means, gap_of_means
from untrain.metrics.membership.efficacy import mia_efficacy


def subject(label: str, seed: int = 0, keys: np.ndarray = FORGET, **accuracies: float) -> Subject:
    return Subject(label, evidence(10 * seed, keys=keys, **accuracies), seed)


ORIGINAL = subject("original", forget=100, loc=4)
RETRAINS = [subject("retrain", seed, other=70 + seed) for seed in (1, 2)]
FT = [subject("ft", seed, forget=80 + 5 * seed) for seed in (1, 2, 3)]


@pytest.fixture(scope="module")
def made() -> Audit:
    return audit([*FT[:1], ORIGINAL, *FT[1:], subject("coun", 1)], RETRAINS, FORGET)


def test_original_and_retrain_lead_the_methods(made: Audit) -> None:
    assert [row.label for row in made.rows] == ["original", "retrain", "ft", "coun"]


def test_equal_labels_are_seeds_of_one_row(made: Audit) -> None:
    row = made.row("ft")
    assert row.seeds == [1, 2, 3]
    assert row.values["unlearn_accuracy"] == pytest.approx([13.333, 10, 6.667], abs=1e-3)
    assert row.mean("unlearn_accuracy") == pytest.approx(10)


def test_deviation_needs_three_seeds(made: Audit) -> None:
    assert made.row("ft").std("unlearn_accuracy") == pytest.approx(10 / 3)
    assert math.isnan(made.row("retrain").std("unlearn_accuracy"))
    assert math.isnan(made.row("coun").std("unlearn_accuracy"))


def test_interval_is_students_and_needs_three_seeds(made: Audit) -> None:
    half = 4.302653 * (10 / 3) / math.sqrt(3)
    assert made.row("ft").interval("unlearn_accuracy") == pytest.approx(half, rel=1e-6)
    assert math.isnan(made.row("retrain").interval("unlearn_accuracy"))


def test_every_value_is_its_measure_on_the_right_set(made: Audit) -> None:
    seen = view(RETRAINS[0].evidence, FORGET)
    values = {name: many[0] for name, many in made.row("retrain").values.items()}
    assert values["retain_accuracy"] == accuracy(seen.retain) == 100
    assert values["unlearn_accuracy"] == pytest.approx(30)
    assert values["test_accuracy"] == pytest.approx(71, abs=1)
    attacked = (seen.retain.confidence, seen.test.confidence, seen.forget.confidence)
    assert values["mia_efficacy"] == mia_efficacy(*attacked)
    assert made.row("original").mean("membership_auc") > 0.8
    assert abs(values["membership_auc"] - 0.5) < 0.2


def test_gap_is_between_means_and_beside_its_floor(made: Audit) -> None:
    mine, theirs = made.row("ft").matrix(), made.row("retrain").matrix()
    assert mine.shape == (3, len(GAP))
    gap = made.row("ft").gap
    assert gap["average"] == gap_of_means(mine, theirs) > 0
    assert gap["floor"] == floor_of_means(theirs, 3) > 0
    assert "average" not in made.row("retrain").gap


def test_paired_gap_needs_a_retrain_of_every_seed(made: Audit) -> None:
    assert made.row("ft").gap["paired"] is None  # there is no Retrain of seed 3
    mine, theirs = made.row("coun").matrix(), made.row("retrain").matrix()
    assert made.row("coun").gap["paired"] == pytest.approx(np.abs(mine - theirs[:1]).mean())


def test_agreement_is_with_retrain_and_retrains_own_is_between_retrains(made: Audit) -> None:
    one, two, method = (view(s.evidence, FORGET).forget for s in (*RETRAINS, subject("coun", 1)))
    between = agreement(one, two)
    assert made.row("retrain").values["agreement"] == [between, between]
    expected = (agreement(method, one) + agreement(method, two)) / 2
    assert made.row("coun").mean("agreement") == pytest.approx(expected)


def test_one_retrain_agrees_with_none_and_has_no_floor() -> None:
    made = audit(FT, RETRAINS[:1], FORGET)
    assert math.isnan(made.row("retrain").mean("agreement"))
    assert math.isnan(made.row("ft").gap["floor"])
    assert any("train another with --seed" in note for note in made.notes)


def test_without_retrain_there_is_no_gap_and_a_note_says_how_to_make_one() -> None:
    made = audit([ORIGINAL, *FT], [], FORGET)
    assert [row.label for row in made.rows] == ["original", "ft"]
    assert all(row.gap == {} for row in made.rows)
    assert math.isnan(made.row("ft").mean("agreement"))
    assert any("untrain train --forget" in note for note in made.notes)


def test_a_subject_called_retrain_is_a_retrain(made: Audit) -> None:
    mixed = audit([RETRAINS[0], *FT], RETRAINS[1:], FORGET)
    assert len(mixed.row("retrain").seeds) == 2
    assert mixed.row("ft").gap["average"] == pytest.approx(made.row("ft").gap["average"])
    assert mixed.row("ft").mean("agreement") == pytest.approx(made.row("ft").mean("agreement"))


def test_retrains_share_a_row_whatever_their_labels() -> None:
    gold = [Subject(f"gold{s.seed}", s.evidence, s.seed) for s in RETRAINS]
    assert [row.label for row in audit(FT, gold, FORGET).rows] == ["retrain", "ft"]


def test_a_gone_class_has_its_own_column() -> None:
    retrains = [subject("retrain", keys=CLASS, forget=0)]
    method = subject("ft", keys=CLASS, loc=2, forget=100)
    test = method.evidence.sets["test"]
    test.logits[test.labels == 0] = [-1, 0, 0]  # class 0 is never named
    seen = view(method.evidence, CLASS)
    kept = accuracy(seen.test_kept)
    attacked = [part.confidence for part in (seen.retain, seen.test_kept, seen.forget)]
    made = audit([method], retrains, CLASS)
    assert [metric.short for metric in made.metrics][-1] == "TA gone"
    assert made.row("ft").mean("gone_test_accuracy") == 0
    assert made.row("ft").mean("test_accuracy") == kept > accuracy(test)
    assert made.row("ft").mean("mia_efficacy") == mia_efficacy(*attacked)


def test_a_random_request_has_no_column_of_gone_classes(made: Audit) -> None:
    assert [metric.short for metric in made.metrics] == ["RA", "UA", "TA", "MIA", "AUC", "agree"]


def test_choices_are_measured_on_val() -> None:
    found = evidence()
    found.sets["val"].logits[:] = np.eye(3)[found.sets["val"].labels]
    made = audit([Subject("ft", found)], [], FORGET, choosing=True)
    assert made.row("ft").mean("test_accuracy") == 100
    assert audit([Subject("ft", found)], [], FORGET).row("ft").mean("test_accuracy") < 80


def test_costs_are_relative_to_the_mean_retrain() -> None:
    retrains = [
        Subject("retrain", s.evidence, s.seed, {"flops": flops, "seconds": 10.0})
        for s, flops in zip(RETRAINS, (90.0, 110.0), strict=True)
    ]
    made = audit([Subject("ft", FT[0].evidence, 1, {"flops": 25.0})], retrains, FORGET)
    assert made.row("ft").values["relative_flops"] == [0.25]
    assert "relative_seconds" not in made.row("ft").values
    assert made.row("retrain").values["relative_flops"] == [1.0]


def test_each_of_several_requests_has_a_column() -> None:
    requests = [FORGET[:12], FORGET[12:]]
    made = audit(FT, RETRAINS, FORGET, requests=requests)
    assert [metric.short for metric in made.metrics][-2:] == ["UA 1", "UA 2"]
    for row in made.rows:
        assert len(row.values["unlearn_accuracy_1"]) == len(row.seeds)
        one, two = (row.mean(f"unlearn_accuracy_{number}") for number in (1, 2))
        assert (12 * one + 18 * two) / 30 == pytest.approx(row.mean("unlearn_accuracy"))
    seen = view(FT[0].evidence, FORGET[:12])
    values = made.row("ft").values["unlearn_accuracy_1"]
    assert values[0] == pytest.approx(100 - accuracy(seen.forget))


def test_the_gap_is_on_the_union_of_all_requests() -> None:
    requests = [FORGET[:12], FORGET[12:]]
    divided = audit(FT, RETRAINS, FORGET, requests=requests)
    whole = audit(FT, RETRAINS, FORGET)
    assert divided.row("ft").gap["average"] == whole.row("ft").gap["average"]
    assert divided.row("ft").matrix().tolist() == whole.row("ft").matrix().tolist()
    assert audit(FT, RETRAINS, FORGET, requests=[FORGET]).metrics == whole.metrics


def test_images_that_no_model_knows_cannot_be_forgotten() -> None:
    with pytest.raises(UserError, match="forgotten keys"):
        audit(FT, RETRAINS, np.array(["elsewhere"]))
