"""What every chart of one method at a time begins with, and that captions name what is shown."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from by_hand import row, run, table
from made_results import report

from untrain.report.content import Figure
from untrain.report.data import nearest_first
from untrain.report.sections import sections


@pytest.fixture(scope="module")
def figures() -> list[Figure]:
    """Of a report whose second method, FT, is nearest to Retrain."""
    of = report(methods=["coun", "ft", "ssd"], seeds=1, points=60)
    rows = [
        replace(row, gap=replace(row.gap, average=0.0)) if row.label == "ft" and row.gap else row
        for row in of.tables[0].rows
    ]
    table = replace(of.tables[0], rows=tuple(rows))
    found = [one for section in sections() if (one := section.answer(of, table))]
    return [part for one in found for part in one.parts if isinstance(part, Figure)]


def test_lists_of_methods_begin_with_the_one_nearest_to_retrain(figures: list[Figure]) -> None:
    lists = {
        part.key: list(control.options.values())
        for part in figures
        for control in part.controls
        if {"FT", "CoUn", "SSD"} <= set(control.options.values())
    }
    assert len(lists) >= 8
    assert {options[0] for options in lists.values()} == {"FT"}


def test_captions_name_a_choice_of_their_figure(figures: list[Figure]) -> None:
    for figure in figures:
        signals = {control.signal for control in figure.controls}
        told = {name for one in figure.captions for name in re.findall(r"{(\w+)}", one)}
        assert told <= signals
        assert not any("chosen" in one for one in figure.captions)
        params = {one["name"] for spec in figure.specs for one in spec.get("params", ())}
        assert signals <= params


def test_without_a_gap_rows_stay_as_they_are() -> None:
    bare = table([run("coun", [99.0, 4.0, 93.0, 10.0])], [run("ft", [99.0, 4.0, 93.0, 10.0])])
    assert [one.label for one in nearest_first(bare.rows)] == ["coun", "ft"]
    whole = table(row("original", 0.1), row("retrain", 0.0), row("ft", 2), row("coun", 3))
    assert nearest_first(whole.rows)[0].label == "ft"
