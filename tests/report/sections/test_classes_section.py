"""Harm by class from counts that are known by hand, with both kinds of interval."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from by_hand import RETRAINS, answered, asked, figure, missing, row, rows_of, run, table
from scipy.stats import t

from untrain.bench.job import Result
from untrain.report.sections.classes import SECTION
from untrain.report.sections.per_class import Z, harms

NAMES = ["cat", "dog", "<b>eel</b>"]


def answers(test: list[int], images: int = 100, **more: Any) -> dict[str, Any]:
    """Right answers of each class on the test set; all are right on retained images."""
    counts = {str(k): [right, images] for k, right in enumerate(test)}
    kept = {str(k): [50, 50] for k in range(len(test))}
    names = [*NAMES, *(f"class {k}" for k in range(len(NAMES), len(test)))]
    return {"classes": names, "accuracy": {"test": counts, "retain": kept} | more}


def models(label: str, by_seed: list[list[int]], **more: Any) -> list[Result]:
    return [
        run(label, RETRAINS[seed % 3], seed, audits={"answers": answers(test, **more)})
        for seed, test in enumerate(by_seed)
    ]


RETRAIN = models("retrain", [[80, 70, 60], [82, 70, 64], [78, 73, 62]])
FT = models("ft", [[70, 70, 65], [70, 72, 66], [72, 71, 65]])


def test_three_seeds_have_a_student_interval_of_paired_differences() -> None:
    (test,) = harms(table(RETRAIN, FT), "test")
    cat = test.classes[0]
    apart = np.array([-10.0, -12.0, -6.0])
    assert (cat.name, test.binomial) == ("cat", False)
    assert cat.difference == pytest.approx(apart.mean())
    half = t.ppf(0.975, 2) * apart.std(ddof=1) / 3**0.5
    assert cat.half == pytest.approx(half)
    assert [one.name for one in test.classes] == ["cat", "dog", "<b>eel</b>"]


def test_one_seed_has_a_binomial_interval_and_says_so() -> None:
    of = table(RETRAIN[:1], FT[:1])
    (test,) = harms(of, "test")
    shares = [(right + Z**2 / 2) / (100 + Z**2) for right in (80, 70)]
    error = math.sqrt(sum(p * (1 - p) / (100 + Z**2) for p in shares))
    assert test.classes[0].half == pytest.approx(100 * Z * error)
    assert test.binomial
    said = answered(SECTION, of)
    assert "no class loses more accuracy on test images than chance explains" in said.sentence
    assert "the largest loss is cat's, 10.0 points" in said.sentence
    assert any("fewer than 3 seeds" in note for note in figure(said).table.notes)


def test_the_sentence_names_who_loses_and_the_largest_loss_of_all() -> None:
    worse = models("not", [[80, 30, 60], [82, 31, 64], [78, 32, 62]])
    said = answered(SECTION, table(RETRAIN, FT, worse)).sentence
    # both have the same gap here, so the table's order decides
    assert said == (
        "Under FT 1 of 3 classes loses accuracy on test images by more than chance, cat (-9.3), in "
        "points beside Retrain. The largest loss under any method is dog's under NoT: 40.0 points."
    )


def test_intervals_that_leave_zero_out_are_marked_and_names_are_text() -> None:
    rows = rows_of(answered(SECTION, table(RETRAIN, FT)))
    test = {one["class"]: one for one in rows if one["images"] == "test"}
    assert test["cat"]["tells"] == (abs(test["cat"]["points"]) > test["cat"]["high"] + 9.333)
    assert not test["dog"]["tells"]
    assert "<b>eel</b>" in test


def test_a_hundred_classes_draw_twenty_and_list_all() -> None:
    draw = np.random.default_rng(0)
    one, other = (draw.integers(30, 90, 100).tolist() for _ in range(2))
    said = answered(SECTION, table(models("retrain", [one]), models("ft", [other])))
    drawn = {r["class"]: r["points"] for r in rows_of(said) if r["images"] == "test"}
    assert len(drawn) == 20
    apart = sorted(np.abs(np.array(other) - np.array(one)))[-20:]
    assert min(map(abs, drawn.values())) == pytest.approx(min(apart))
    assert sum(line[1] == "test images" for line in figure(said).table.rows) == 100


def test_forgotten_classes_are_called_so() -> None:
    kept = {"0": [9, 10], "1": [9, 10], "2": [0, 0]}
    more = {"retain": kept, "forget": {"2": [0, 50]}}
    of = table(
        [run("retrain", RETRAINS[0], audits={"answers": answers([80, 70, 0], **more)})],
        [run("ft", RETRAINS[0], audits={"answers": answers([80, 60, 0], **more)})],
    )
    assert "<b>eel</b> (forgotten)" in {one["class"] for one in rows_of(answered(SECTION, of))}


def test_without_a_retrain_of_its_own_all_of_them_are_taken() -> None:
    alone = [run("ft", RETRAINS[0], 7, audits={"answers": answers([70, 70, 65])})]
    (test,) = harms(table(RETRAIN, alone), "test")
    assert test.classes[0].difference == pytest.approx(70 - 80)


def test_rows_without_answers_are_named() -> None:
    said = answered(SECTION, table(RETRAIN, FT, row("not", 3)))
    assert missing(said)[0].what == "Accuracy by class of NoT"
    assert missing(said)[0].command == "untrain report it"


def test_nothing_measured_no_retrain_no_method() -> None:
    said = answered(SECTION, table(row("retrain", 0), row("not", 3)))
    assert said.sentence.startswith("Not measured")
    assert missing(said)[0].what == "Accuracy by class of all models"
    assert not answered(SECTION, table(FT)).parts  # the first section tells how to train one
    assert asked(SECTION, table(RETRAIN)) is None
