"""The attacker's section with curves, with the area alone, and with nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from made_results import report

from untrain.report.content import Figure, Missing
from untrain.report.data import Report
from untrain.report.sections import attack


@pytest.fixture(scope="module")
def whole() -> Report:
    return report(methods=2, seeds=3, audits=("accuracy", "answers"))


def without(of: Report, answers: dict[str, Any] | None = None, values: bool = True) -> Report:
    (table,) = of.tables
    rows = []
    for row in table.rows:
        runs = [
            replace(run, audits={"answers": answers} if answers else {},
                    values=run.values if values else {}) for run in row.runs
        ]  # fmt: skip
        rows.append(replace(row, runs=tuple(runs)))
    return replace(of, tables=(replace(table, rows=tuple(rows)),))


def test_curves_a_table_and_a_sentence_beside_retrain_and_chance(whole: Report) -> None:
    answer = attack.SECTION.answer(whole, whole.tables[0])
    assert answer is not None
    (figure,) = answer.parts
    assert isinstance(figure, Figure)
    assert figure.static
    assert [row[0] for row in figure.table.rows] == ["Original", "Retrain", "CoUn", "FT"]
    auc = figure.table.rows[2][figure.table.head.index("AUC")]
    assert "±" in auc
    assert auc.startswith("0.5")
    assert "Retrain 51" in answer.sentence
    assert "guessing 50 %" in answer.sentence
    assert any("confidence SVM" in note for note in figure.table.notes)


def test_below_chance_is_told() -> None:
    text = attack._sentence
    of = report(methods=["coun"], seeds=1)
    (table,) = of.tables
    rows = []
    for row in table.rows:
        runs = [replace(r, audits={}, values={"membership_auc": 0.4}) for r in row.runs]
        rows.append(replace(row, runs=tuple(runs)))
    low = replace(table, rows=tuple(rows))
    assert "40.0 % of pairs for CoUn" in text(low, low.rows)


def test_without_curves_the_area_is_told_and_the_command(whole: Report) -> None:
    of = without(whole)
    answer = attack.SECTION.answer(of, of.tables[0])
    assert answer is not None
    (missing,) = answer.parts
    assert isinstance(missing, Missing)
    assert missing.what == "The ROC curves"
    assert missing.command == of.command
    assert "51.1 % (CoUn) to 56.9 % (FT) of pairs; Retrain 51.1 %" in answer.sentence


@pytest.mark.parametrize(
    "roc",
    [
        None,
        {"auc": None, "fpr": [], "tpr": []},
        {"auc": 0.6, "fpr": [0, 1], "tpr": [0]},
        {"auc": 0.6, "fpr": [0, 1], "tpr": [0, float("nan")]},
    ],
)
def test_broken_curves_are_not_drawn(whole: Report, roc: dict[str, Any] | None) -> None:
    of = without(whole, answers={"roc": roc})
    answer = attack.SECTION.answer(of, of.tables[0])
    assert answer is not None
    assert not any(isinstance(one, Figure) for one in answer.parts)


def test_nothing_measured_raises_no_question(whole: Report) -> None:
    of = without(whole, values=False)
    assert attack.SECTION.answer(of, of.tables[0]) is None
