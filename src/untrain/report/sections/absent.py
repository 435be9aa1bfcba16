"""What was not measured of some rows, as a note with the command that measures it."""

from __future__ import annotations

from collections.abc import Sequence

from untrain.bench.numbers.statistics import Row, Table
from untrain.report.content import Missing
from untrain.report.data import listed, shown


def absent(table: Table, there: Sequence[Row], what: str, why: str, command: str) -> list[Missing]:
    """A note that names the rows which lack a measure; none where all have it.

    there: the rows that have it. what: the measure, as it goes on after "was not measured". why: a
    sentence. command: what measures it.
    """
    known = {row.label for row in there}
    lack = [shown(row.label) for row in table.rows if row.label not in known]
    if not lack:
        return []
    of = f" of {listed(lack)}" if there else ""
    return [Missing(what=f"Not measured{of}: {what}.", why=why, command=command)]
