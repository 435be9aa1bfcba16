"""Where forgotten images went: the numbers, what is drawn of few and many classes, and gaps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import altair as alt
import numpy as np
import pytest
from made_results import report

from untrain.report.content import Answer, Figure, Missing
from untrain.report.data import Report
from untrain.report.found.went import Seen
from untrain.report.sections import destination

AUDITS = ("accuracy", "destination")

NAMES = ["cat", "dog", "cow"]
Counts = Mapping[str, Mapping[str, int]]


def told(of: Report) -> Answer:
    answer = destination.SECTION.answer(of, of.tables[0])
    assert answer is not None
    return answer


def figures(of: Report) -> dict[str, Figure]:
    return {part.key: part for part in told(of).parts if isinstance(part, Figure)}


def holding(of: Report, counts: Mapping[str, Counts], gone: list[int]) -> Report:
    """The report with these counts, by row, of every run."""
    (table,) = of.tables
    rows = []
    for row in table.rows:
        values = {
            "classes": NAMES, "gone": gone, "reference": "unseen", "forget": counts.get(row.label),
            "unseen": counts.get(row.label),
        }  # fmt: skip
        audits = {"destination": values} if row.label in counts else {}
        rows.append(replace(row, runs=tuple(replace(run, audits=audits) for run in row.runs)))
    return replace(of, tables=(replace(table, rows=tuple(rows)),))


GONE: dict[str, Counts] = {
    "original": {"0": {"0": 10}},
    "retrain": {"0": {"1": 8, "2": 2}},
    "coun": {"0": {"1": 6, "2": 4}},
    "ft": {"0": {"0": 5, "1": 5}},
}


@pytest.fixture(scope="module")
def base() -> Report:
    return report(methods=["coun", "ft"], seeds=3, audits=("accuracy",))


def test_numbers_of_a_class_that_is_gone(base: Report) -> None:
    of = holding(base, GONE, [0])
    said = told(of).sentence
    assert "Retrain takes 80 % of forgotten images of class cat for dog" in said
    assert "CoUn comes closest: 20.0 % of the images" in said
    assert "two Retrains differ by 0.0 %" in said
    assert "Still recognised more often than by Retrain: by FT (50 %)." in said
    drawn = figures(of)["destination-0"].specs[0]
    cells = {(one["model"], one["predicted"]): one["share"] for one in drawn["data"]["values"]}
    assert cells["Retrain", "dog"] == 80
    assert cells["CoUn", "cow"] == 40
    assert cells["Original", "cat"] == 100
    apart = figures(of)["destination-distance"].table
    assert apart.rows[0][:2] == ["Original", "100.00±0.00"]
    assert apart.rows[1][:2] == ["Retrain", "0.00±0.00"]


def test_distances_are_weighted_by_images(base: Report) -> None:
    moved = {"0": {"0": 30}, "1": {"1": 10}, "2": {"2": 10}}
    other = {"0": {"1": 30}, "1": {"1": 10}, "2": {"2": 10}}
    of = holding(base, {"retrain": moved, "coun": other}, [0, 1, 2])
    rows = [row for row in of.tables[0].rows if row.label in ("retrain", "coun")]
    seen = Seen(of.tables[0], rows)
    np.testing.assert_allclose(seen.apart["coun"], 60)
    assert seen.stays(rows[-1]) == pytest.approx(40)


def test_rows_that_were_not_counted_are_named(base: Report) -> None:
    of = holding(base, {name: GONE[name] for name in ("retrain", "coun")}, [0])
    (missing,) = [part for part in told(of).parts if isinstance(part, Missing)]
    assert "Original and FT" in missing.what
    assert missing.command == base.command
    nothing = told(base)
    assert [type(part) for part in nothing.parts] == [Missing]


def test_one_retrain_tells_no_floor() -> None:
    one = report(methods=["coun"], seeds=1, audits=AUDITS)
    said = told(one).sentence
    marks = [x["mark"]["type"] for x in figures(one)["destination-distance"].specs[0]["layer"]]
    assert marks == ["tick", "point"]  # a line at nothing would warn in the browser
    assert "with one Retrain of each split it is not known" in said
    none = report(methods=["coun"], retrain=False, audits=AUDITS)
    assert "There is no Retrain to compare with" in told(none).sentence
    assert "destination-distance" not in figures(none)


@pytest.mark.parametrize(
    ("options", "kinds"),
    [
        ({"rule": "class:5"}, ["rect", "text"]),
        ({"rule": "class:5", "classes": 30}, ["point"]),
        ({}, ["rect", "text", "rect", "text", "rect", "text"]),
        ({"classes": 15}, ["rect", "rect", "rect"]),
        ({"classes": 100}, ["point"]),
    ],
)
def test_what_is_drawn_of_few_and_many_classes(options: dict[str, Any], kinds: list[str]) -> None:
    figure = next(iter(figures(report(methods=1, seeds=2, audits=AUDITS, **options)).values()))
    layers = [layer for spec in figure.specs for layer in spec.get("layer", [spec])]
    marks = [layer["mark"]["type"] for layer in layers]
    assert marks == kinds
    for spec in figure.specs:
        alt.Chart.from_dict(spec)
    assert sum(len(str(spec)) for spec in figure.specs) < 30_000
    assert figure.description


def test_the_difference_is_the_method_less_retrain() -> None:
    of = report(methods=["coun"], seeds=2, audits=AUDITS)
    theirs, mine, differ = figures(of)["destination"].specs
    rows = [spec["data"]["values"] for spec in (theirs, mine, differ)]
    own = [row for row in rows[1] if row["method"] == "coun"]
    less = [row for row in rows[2] if row["method"] == "coun"]
    for a, b, c in zip(rows[0], own, less, strict=True):
        np.testing.assert_allclose(
            np.array(b["share"]) - np.array(a["share"]), np.array(c["share"]), atol=1.1
        )


def test_names_with_markup_and_quotes_stay_text() -> None:
    names = ["<b>a</b>", 'b"c', "d'e", "f\\g"]
    figure = figures(report(methods=["coun"], seeds=1, classes=names, audits=AUDITS))["destination"]
    step = next(step for step in figure.specs[0]["transform"] if "calculate" in step)
    assert step["calculate"] == '["<b>a</b>", "b\\"c", "d\'e", "f\\\\g"]'
