"""Histograms over seeds, and how far two sets lie apart."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from made_results import report

from untrain.report.charts.confidence import Histogram, overlap
from untrain.report.content import Figure, Missing
from untrain.report.data import Report
from untrain.report.sections import confidence


@pytest.fixture(scope="module")
def whole() -> Report:
    return report(methods=2, seeds=2, audits=("accuracy", "answers"))


def changed(of: Report, label: str, answers: dict[str, Any] | None) -> Report:
    (table,) = of.tables
    rows = []
    for row in table.rows:
        if row.label == label:
            runs = [
                replace(run, audits={"answers": answers} if answers else {}) for run in row.runs
            ]
            row = replace(row, runs=tuple(runs))
        rows.append(row)
    return replace(of, tables=(replace(table, rows=tuple(rows)),))


def counted(**sets: list[int]) -> dict[str, Any]:
    means = {name: 0.25 + 0.5 * counts[1] / max(1, sum(counts)) for name, counts in sets.items()}
    told = {"low": 0.0, "high": 1.0, "counts": sets, "means": means}
    return {"histograms": {"confidence": told}}


def test_overlap_of_small_histograms() -> None:
    half = Histogram(0, 1, np.array([50.0, 50.0]), 0.5)
    other = Histogram(0, 1, np.array([0.0, 100.0]), 0.75)
    assert overlap(half, other) == 50
    assert overlap(half, half) == 100


def test_retrain_original_and_a_method_of_choice_stand_side_by_side(whole: Report) -> None:
    answer = confidence.SECTION.answer(whole, whole.tables[0])
    assert answer is not None
    (figure,) = answer.parts
    assert isinstance(figure, Figure)
    assert list(figure.captions) == ["Original", "Retrain", "{who}"]
    names = [{param["name"] for param in spec["params"]} for spec in figure.specs]
    assert names == [{"measure"}, {"measure"}, {"measure", "who"}]
    assert [control.signal for control in figure.controls] == ["who", "measure"]
    assert len(figure.table.rows) == 4 * 4
    assert answer.sentence.endswith("CoUn is nearest to Retrain, with +0.4.")


def test_each_seed_counts_alike_however_many_images_it_has(whole: Report) -> None:
    few, many = counted(forget=[1, 0], unseen=[1, 1]), counted(forget=[0, 90], unseen=[45, 45])
    (table,) = whole.tables
    row = table.row("coun")
    assert row is not None
    both = zip(row.runs, (few, many), strict=True)
    runs = tuple(replace(run, audits={"answers": one}) for run, one in both)
    found = confidence._histograms(replace(row, runs=runs))
    assert found["confidence", "forget"].share.tolist() == [50, 50]
    assert found["confidence", "unseen"].share.tolist() == [50, 50]
    assert found["confidence", "forget"].mean == 0.5


ODD: dict[str, dict[str, Any] | None] = {
    "ft": None,
    "ga": {"histograms": None},
    "scrub": {"histograms": {"confidence": {"low": 0, "high": 0, "counts": {"forget": [1, 2]}}}},
    "ssd": counted(forget=[0, 0], unseen=[0, 0]),
}


def test_rows_without_counts_are_named() -> None:
    of = report(methods=["coun", *ODD], seeds=1, audits=("accuracy", "answers"))
    for label, odd in ODD.items():
        of = changed(of, label, odd)
    answer = confidence.SECTION.answer(of, of.tables[0])
    assert answer is not None
    missing = [part for part in answer.parts if isinstance(part, Missing)]
    assert [part.what for part in missing] == ["Histograms of FT, GA, SCRUB and SSD"]
    assert missing[0].command == of.command
    assert answer.sentence.startswith("CoUn is on average 0.9 points surer of forgotten images")


def test_without_any_it_is_not_known(whole: Report) -> None:
    of = whole
    for row in whole.tables[0].rows:
        of = changed(of, row.label, None)
    answer = confidence.SECTION.answer(of, of.tables[0])
    assert answer is not None
    assert answer.sentence.startswith("Not known")
    assert all(isinstance(part, Missing) for part in answer.parts)
