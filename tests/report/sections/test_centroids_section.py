"""Distances to class centres: of a class that is gone, and of classes that stay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import altair as alt
import pytest
from made_results import report

from untrain.report.content import Answer, Figure, Missing
from untrain.report.data import Report
from untrain.report.sections import centroids

AUDITS = ("accuracy", "centroids")


def holding(of: Report, values: Mapping[str, Mapping[str, Any]]) -> Report:
    (table,) = of.tables
    rows = []
    for row in table.rows:
        audits = {"centroids": values[row.label]} if row.label in values else {}
        rows.append(replace(row, runs=tuple(replace(run, audits=audits) for run in row.runs)))
    return replace(of, tables=(replace(table, rows=tuple(rows)),))


def values(forget: list[float], unseen: list[float]) -> dict[str, Any]:
    return {
        "classes": ["cat", "dog", "cow"], "gone": [0], "retained": [1, 2], "radius": [1, 1],
        "forget": {"0": forget}, "unseen": {"0": unseen}, "own_class": {"value": None},
    }  # fmt: skip


def told(of: Report) -> Answer:
    answer = centroids.SECTION.answer(of, of.tables[0])
    assert answer is not None
    return answer


@pytest.fixture(scope="module")
def base() -> Report:
    return report(methods=["coun", "ft"], seeds=2, audits=("accuracy",))


def test_a_class_that_is_gone(base: Report) -> None:
    of = holding(
        base,
        {
            "original": values([4, 4], [4, 4]),
            "retrain": values([1, 2], [1, 2]),
            "coun": values([3, 5], [2, 5]),
            "ft": values([6, 4], [6, 4]),
        },
    )
    answer = told(of)
    assert "Under Retrain, forgotten images of class cat lie nearest to dog" in answer.sentence
    assert "so it is under 1 of 2 methods" in answer.sentence
    assert "CoUn's distances differ least from Retrain's, by 0.10; two Retrains' by 0.00" in (
        answer.sentence
    )
    profiles, apart = [part for part in answer.parts if isinstance(part, Figure)]
    drawn = profiles.specs[0]["data"]["values"]
    coun = [one for one in drawn if one["method"] == "coun"]
    assert {(one["series"], one["class"]): one["far"] for one in coun} == {
        ("forgotten images", "dog"): 0.6,
        ("forgotten images", "cow"): 1.0,
        ("unseen images", "dog"): 0.4,
        ("unseen images", "cow"): 1.0,
    }
    assert [*profiles.controls[0].options] == ["coun", "ft", "original"]
    assert profiles.table.head == ["model", "dog", "cow", "L1"]
    assert [row[0] for row in apart.table.rows] == ["Original", "Retrain", "CoUn", "FT"]


def test_classes_that_stay(base: Report) -> None:
    own = values([1, 1], [1, 1]) | {"retained": [0, 1, 2], "gone": []}
    of = holding(
        base,
        {
            "retrain": own | {"own_class": {"value": 0.01, "error": 0.1}},
            "coun": own | {"own_class": {"value": -0.25, "error": 0.1}},
        },
    )
    answer = told(of)
    assert answer.sentence == (
        "Forgotten images lie nearest to their class under CoUn: 0.250 nearer than unseen ones, in "
        "radii of the class (Retrain 0.010 further). Nearer is memorised."
    )
    assert any(isinstance(part, Missing) and "FT" in part.what for part in answer.parts)


def test_what_was_not_measured_has_its_command(base: Report) -> None:
    (missing,) = told(base).parts
    assert isinstance(missing, Missing)
    assert missing.command == f"{base.command} --measure all"


@pytest.mark.parametrize("options", [{}, {"rule": "class:5"}, {"rule": "class:5", "classes": 100}])
def test_charts_are_charts(options: dict[str, Any]) -> None:
    for part in told(report(methods=1, seeds=2, audits=AUDITS, **options)).parts:
        assert isinstance(part, Figure)
        for spec in part.specs:
            alt.Chart.from_dict(spec)


def test_without_retrain_nothing_is_compared() -> None:
    answer = told(report(methods=["coun"], seeds=1, rule="class:5", retrain=False, audits=AUDITS))
    assert "No Retrain was measured" in answer.sentence
