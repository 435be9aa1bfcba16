"""What was not measured: whether it can be measured here, and the command that does it."""

from __future__ import annotations

import pytest
from by_hand import retrains, row, table

from untrain.report.data import Report
from untrain.report.found.judged import audit_command
from untrain.report.sections.absent import ALL, SMALL, absent, more


def report(command: str, make: str = "", measurable: bool = False) -> Report:
    return Report(title="It", command=command, make=make, measurable=measurable)


@pytest.mark.parametrize(
    ("command", "make", "told"),
    [
        ("untrain report coun-table2", "untrain bench run", "coun-table2 --store STORE"),
        ("untrain report it --store st", "untrain bench run", "it --store STORE"),
        ("untrain report a b", "", "RUNS"),
    ],
)
def test_small_result_files_are_measured_where_the_runs_are(
    command: str, make: str, told: str
) -> None:
    where, asked = more(report(command, make), ALL)
    assert where == SMALL
    assert asked == f"untrain report {told} --measure all"
    assert more(report(command, make, measurable=True)) == ("", command)


def test_runs_of_small_files_are_audited_somewhere_else_too() -> None:
    of = table(retrains(1), row("ft", 2, 1))
    small = report("untrain report it", "untrain bench run it")
    assert audit_command(small, of.rows[1:], of.retrain) == (
        "untrain audit STORE/runs/ft-random:0.1-0 --retrain STORE/runs/retrain-random:0.1-0"
    )


def test_rows_without_a_measure_are_named_or_counted() -> None:
    of = table(retrains(1), *(row(name, 2, 1) for name in ("ft", "coun", "ga")))
    here = report("untrain report it", measurable=True)
    (told,) = absent(here, of, of.rows[:2], "its colour", "It takes an eye.")
    assert told.what == "Not measured of FT and GA: its colour."
    assert (told.why, told.command) == ("It takes an eye.", "untrain report it")
    assert not absent(here, of, of.rows, "its colour", "")
