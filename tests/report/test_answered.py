"""An answer that fails costs its section, not the page; to programmers it is raised."""

from __future__ import annotations

from dataclasses import replace

import page_example
import pytest

from untrain.bench.numbers.statistics import Table
from untrain.bench.tables.grid import Grid
from untrain.report.answered import STRICT, answered
from untrain.report.content import Answer, Figure, Missing, Section
from untrain.report.data import Report
from untrain.report.page import render


def failing(report: Report, table: Table) -> Answer:
    raise IndexError("list index out of range")


def endless(report: Report, table: Table) -> Answer:
    """A chart with a number that JSON does not have."""
    spec, rows = {"mark": "point", "data": float("inf")}, Grid("Rows", ["a"], [["1"]])
    figure = Figure(key="odd", title="", description="", specs=[spec], table=rows)
    return Answer(sentence="", parts=[figure])


@pytest.fixture
def section() -> Section:
    return Section(key="odd", question="Is it <odd>?", reading="", answer=failing)


def test_programming_errors_are_seen_where_that_is_asked(section: Section) -> None:
    report = page_example.report()
    with pytest.raises(IndexError):
        answered(section, report, report.tables[0])


@pytest.mark.parametrize("answer", [failing, endless])
def test_a_section_that_fails_becomes_a_note_that_says_where(
    answer: object,
    section: Section,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv(STRICT)
    report, kind = page_example.report(), {failing: "IndexError", endless: "ValueError"}[answer]
    odd = replace(section, question=f"Is it <odd>, {kind}?", answer=answer)
    found = answered(odd, report, report.tables[0])
    assert found is not None
    (note,) = found.parts
    assert isinstance(note, Missing)
    assert kind in note.why
    assert ".py, line " in note.why
    page = render(report, [*page_example.sections(), odd])
    assert page.count("could not be answered from the files") >= 1
    assert page_example.sections()[0].question in page
    told = [line for line in capsys.readouterr().err.splitlines() if kind in line]
    assert len(told) == 1  # however often it was asked
    assert "is not answered" in told[0]


def test_what_is_no_matter_of_values_is_never_hidden(
    section: Section, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(report: Report, table: Table) -> Answer:
        raise MemoryError

    monkeypatch.delenv(STRICT)
    report = page_example.report()
    with pytest.raises(MemoryError):
        answered(replace(section, answer=stopped), report, report.tables[0])
