"""Views of an image: alignment, uniformity, Lemma 1 from an audit or from the joint measures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import altair as alt
import pytest
from made_results import report

from untrain.report.content import Answer, Figure, Missing, Sheet
from untrain.report.data import Report
from untrain.report.sections import alignment


def told(of: Report) -> Answer:
    answer = alignment.SECTION.answer(of, of.tables[0])
    assert answer is not None
    return answer


def curve(*share: float) -> dict[str, Any]:
    low, high = ([max(0, one - 0.05) for one in share], [one + 0.05 for one in share])
    return {"n": 10, "share": list(share), "low": low, "high": high}


LEMMA = {
    "eps": [0.1, 0.5],
    "curves": {"crop": {"retain": curve(0.5, 0.4), "forget": curve(0.7, 0.2)}},
    "sigma": {"delta": [1.0], "sigma": [0.5]},
    "theorem": None,
}


@pytest.fixture(scope="module")
def base() -> Report:
    return report(methods=["coun"], seeds=2, audits=("accuracy",))


def with_lemma(of: Report) -> Report:
    (table,) = of.tables
    rows = tuple(
        replace(row, runs=tuple(replace(run, audits={"lemma": LEMMA}) for run in row.runs))
        for row in table.rows
    )
    return replace(of, tables=(replace(table, rows=rows),))


def with_joint(of: Report) -> Report:
    sets = {
        "retain": {"n": 4, "alignment": 0.2, "uniformity": -3.0},
        "forget": {"n": 4, "alignment": 0.4, "uniformity": None},
    }
    rows = {"retrain": {"sets": sets, **LEMMA}, "coun": {"sets": sets, **LEMMA}}
    return replace(of, joint={of.tables[0].block: {"alignment": rows, "models": []}})


def test_lemma_1_point_by_point(base: Report) -> None:
    answer = told(with_lemma(base))
    assert "surely so at 6 of 12 points, and surely not at 6." in answer.sentence
    figure = next(part for part in answer.parts if isinstance(part, Figure))
    values = figure.specs[0]["data"]["values"]
    found = {(one["method"], one["set"], one["eps"]): one["far"] for one in values}
    assert found["coun", "forgotten", 0.1] == 70
    assert [*figure.controls[0].options] == ["coun", "original", "retrain"]
    alt.Chart.from_dict(figure.specs[0])
    assert any(isinstance(part, Sheet) for part in answer.parts)
    (missing,) = [part for part in answer.parts if isinstance(part, Missing)]
    assert missing.what == "Not measured: alignment and uniformity of views."


def test_rows_have_their_proper_names_and_the_number_of_seeds_that_were_measured(
    base: Report,
) -> None:
    (table,) = with_lemma(base).tables
    rows = [
        replace(row, runs=(row.runs[0], replace(row.runs[1], audits={})))
        if row.label == "coun"
        else row
        for row in table.rows
    ]
    answer = told(replace(base, tables=(replace(table, rows=tuple(rows)),)))
    figure = next(part for part in answer.parts if isinstance(part, Figure))
    assert [line[0] for line in figure.table.rows] == [
        "Original (n=2)",
        "Retrain (n=2)",
        "CoUn (n=1)",
    ]


def test_joint_measures_alone(base: Report) -> None:
    answer = told(with_joint(base))
    assert "Two views of retained images lie closest together under Retrain" in answer.sentence
    assert "surely so at 2 of 4 points" in answer.sentence  # one run of each row was measured
    figure = answer.parts[0]
    assert isinstance(figure, Figure)
    assert figure.key == "alignment"
    assert figure.table.rows[0][1:] == ["0.2000", "0.4000", "-3.0000", "-"]
    assert [part for part in answer.parts if isinstance(part, Missing)] == []
    for spec in figure.specs:
        alt.Chart.from_dict(spec)


def test_nothing_measured(base: Report) -> None:
    (missing,) = told(base).parts
    assert isinstance(missing, Missing)
    assert "Lemma 1" in missing.what
    assert missing.command.endswith("--measure all")
