"""What was not measured of some rows, as a note with the command that measures it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from untrain.bench.numbers.statistics import Row, Table
from untrain.report.content import Missing
from untrain.report.data import Report, listed, shown
from untrain.report.found.judged import MANY, audit_command

ALL = "--measure all"
SMALL = "These are small result files, without outputs and weights: run this where the runs are."


def more(report: Report, flags: str = "") -> tuple[str, str]:
    """Where it can be measured, "" for here, and the command for it.

    flags: what `untrain report` needs beside the results. Of small result files the command holds
    STORE or RUNS, as the runs are somewhere else.
    """
    if report.measurable:
        return "", f"{report.command} {flags}".strip()
    words = shlex.split(report.command)
    if "--store" in words:
        words[words.index("--store") + 1] = "STORE"
    elif words[2:] and not report.make:
        words[2:] = ["RUNS"]
    else:
        words += ["--store", "STORE"]
    return SMALL, f"{shlex.join(words)} {flags}".strip()


def lacking(report: Report, what: str, why: str, flags: str = "") -> Missing:
    """A note that something was not measured. why: a sentence on what it takes."""
    where, command = more(report, flags)
    return Missing(what, f"{why} {where}".strip(), command)


def unjudged(
    report: Report, rows: Sequence[Row], retrain: Row | None, what: str, why: str
) -> Missing:
    """A note that these rows were not audited."""
    where = "" if report.measurable else SMALL
    return Missing(what, f"{why} {where}".strip(), audit_command(report, rows, retrain))


def absent(
    report: Report, table: Table, there: Sequence[Row], what: str, why: str, flags: str = ""
) -> list[Missing]:
    """A note that names the rows which lack a measure; none where all have it.

    there: the rows that have it. what: the measure, as it goes on after "was not measured". why: a
    sentence. flags: what the command needs.
    """
    known = {row.label for row in there}
    lack = [shown(row.label) for row in table.rows if row.label not in known]
    if not lack:
        return []
    names = listed(lack) if len(lack) <= MANY else f"{len(lack)} models"
    of = f" of {names}" if there else ""
    return [lacking(report, f"Not measured{of}: {what}.", why, flags)]
