"""Each sentence stands where the numbers call for it, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from synthetic import FORGET, evidence

from untrain.metrics.audit import METRICS, Audit, Row
from untrain.metrics.evidence import View, view
from untrain.metrics.remarks import remark

PLAIN = {
    "retain_accuracy": 100.0,
    "unlearn_accuracy": 10.0,
    "test_accuracy": 90.0,
    "membership_auc": 0.5,
}


@pytest.fixture(scope="module")
def sample() -> View:
    """300 forgotten images, so that a binomial margin is a few points."""
    seen = view(evidence(), FORGET)
    return replace(seen, forget=seen.forget.take(np.tile(np.arange(30), 10)))


def row(label: str, seeds: int = 3, **values: float) -> Row:
    return Row(label, list(range(seeds)), {k: [v] * seeds for k, v in (PLAIN | values).items()})


def remarked(sample: View, *rows: Row) -> Audit:
    made = Audit("", list(rows), METRICS, [])
    remark(made, sample)
    return made


def of_method(sample: View, **values: float) -> str:
    """The remark on a method beside an Original with UA 0 and a Retrain with UA 10."""
    original = row("original", unlearn_accuracy=0, membership_auc=0.8)
    return remarked(sample, original, row("retrain"), row("ft", **values)).row("ft").remark


def test_unsurprising_rows_have_no_remark(sample: View) -> None:
    made = remarked(sample, row("original"), row("retrain"), row("ft"))
    assert [one.remark for one in made.rows] == ["", "", ""]


@pytest.mark.parametrize(("accuracy", "called"), [(98.9, True), (99.0, False)])
def test_an_original_that_knows_little(sample: View, accuracy: float, called: bool) -> None:
    made = remarked(sample, row("original", retain_accuracy=accuracy))
    assert ("does not know all of its training set" in made.row("original").remark) is called


def test_a_method_that_knows_every_image_as_the_original_did(sample: View) -> None:
    text = of_method(sample, unlearn_accuracy=0)
    assert "did nothing: UA 0.0, the model still knows every forgotten image" in text
    assert "below Retrain's" not in text


def test_a_method_that_knows_about_what_the_original_did(sample: View) -> None:
    assert "still knows what it was to forget" in of_method(sample, unlearn_accuracy=1)


def test_a_method_that_has_forgotten_too_little(sample: View) -> None:
    text = of_method(sample, unlearn_accuracy=3)
    assert "UA 3.0 is below Retrain's 10.0" in text
    assert "still knows" not in text


def test_a_method_that_over_forgets(sample: View) -> None:
    assert of_method(sample, unlearn_accuracy=20).startswith("UA 20.0 is above Retrain's 10.0")


@pytest.mark.parametrize("value", [6, 14])
def test_chance_differences_of_ua_pass_silently(sample: View, value: float) -> None:
    assert of_method(sample, unlearn_accuracy=value) == ""


def test_an_original_near_retrain_is_nothing_to_get_away_from(sample: View) -> None:
    rows = row("original", unlearn_accuracy=8), row("retrain"), row("ft", unlearn_accuracy=8)
    assert remarked(sample, *rows).row("ft").remark == ""


@pytest.mark.parametrize(("accuracy", "called"), [(84, True), (86, False), (97, False)])
def test_lost_utility(sample: View, accuracy: float, called: bool) -> None:
    text = of_method(sample, test_accuracy=accuracy)
    assert ("points of test accuracy" in text) is called


@pytest.mark.parametrize(("value", "called"), [(0.75, True), (0.55, False), (0.2, False)])
def test_images_that_can_still_be_told(sample: View, value: float, called: bool) -> None:
    assert ("can still be told" in of_method(sample, membership_auc=value)) is called


def test_membership_is_judged_beside_retrains(sample: View) -> None:
    rows = row("original"), row("retrain", membership_auc=0.75), row("ft", membership_auc=0.75)
    assert remarked(sample, *rows).row("ft").remark == ""
    assert "can still be told" in remarked(sample, row("ft", membership_auc=0.75)).rows[0].remark


@pytest.mark.parametrize(
    ("value", "called"), [(0.75, True), (0.25, True), (0.52, False), (float("nan"), False)]
)
def test_a_retrain_far_from_chance(sample: View, value: float, called: bool) -> None:
    made = remarked(sample, row("retrain", membership_auc=value))
    assert ("0.5 is not the goal here" in made.row("retrain").remark) is called


def test_without_a_common_class_nothing_is_said_of_membership(sample: View) -> None:
    other = sample.reference.take(sample.reference.labels == 0)
    forget = sample.forget.take(sample.forget.labels == 1)
    apart = replace(sample, forget=forget, reference=other)
    rows = (row(label, membership_auc=float("nan")) for label in ("retrain", "ft"))
    assert [one.remark for one in remarked(apart, *rows).rows] == ["", ""]


@pytest.mark.parametrize(("accuracy", "called"), [(84.9, ""), (79.0, "destroyed the model")])
def test_a_model_of_no_use(sample: View, accuracy: float, called: str) -> None:
    assert called in of_method(sample, test_accuracy=accuracy)
    assert "lost" in of_method(sample, test_accuracy=accuracy)


@pytest.mark.parametrize(("accuracy", "called"), [(96.0, False), (94.0, True)])
def test_a_retrain_that_was_not_trained_to_its_end(
    sample: View, accuracy: float, called: bool
) -> None:
    made = remarked(sample, row("original"), row("retrain", retain_accuracy=accuracy), row("ft"))
    assert ("not trained to its end" in made.row("retrain").remark) is called


def test_several_surprises_are_all_told(sample: View) -> None:
    text = of_method(sample, unlearn_accuracy=40, test_accuracy=60, membership_auc=0.9)
    assert text.count("UA ") == text.count("it lost ") == text.count("AUC ") == 1


@pytest.mark.parametrize(("value", "called"), [(0, True), (8, False), (30, False)])
def test_a_request_that_is_still_known(sample: View, value: float, called: bool) -> None:
    apart = {"unlearn_accuracy_1": value, "unlearn_accuracy_2": 10.0}
    both = {"unlearn_accuracy_1": 10.0, "unlearn_accuracy_2": 10.0}
    made = Audit("", [row("retrain", **both), row("ft", **apart)], METRICS, [])
    remark(made, sample, [150, 150])
    said = "Still known by request: UA 1 0.0 (Retrain's 10.0)."
    assert (said in made.row("ft").remark) is called
    assert "Several requests: a model's cost is that of its last one." in made.notes


def test_without_retrain_ua_and_ta_are_not_judged(sample: View) -> None:
    made = remarked(sample, row("original"), row("ft", unlearn_accuracy=90, test_accuracy=5))
    assert made.row("ft").remark == ""


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([row("ft")], {"No Retrain"}),
        ([row("ft"), row("retrain", seeds=1)], {"Floor: not known", "Fewer than 3 seeds"}),
        ([row("ft", seeds=2), row("retrain", seeds=2)], {"Fewer than 3 seeds"}),
        ([row("ft"), row("retrain")], set()),
    ],
)
def test_notes_tell_what_is_missing(sample: View, rows: list[Row], said: set[str]) -> None:
    notes = " ".join(remarked(sample, *rows).notes)
    assert "300 forgotten against 90 never seen images; standard error at chance 0." in notes
    for start in ("No Retrain", "Floor: not known", "Fewer than 3 seeds"):
        assert (start in notes) is (start in said)
