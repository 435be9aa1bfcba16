"""Two sets of results beside each other: `untrain report A B`.

Rows of one name are paired by split and training seed; differences are those from A to B.
"""

from __future__ import annotations

from untrain.errors import UserError
from untrain.report.comparing import agree, alone, apart
from untrain.report.comparing.both import Both, Names, names_of
from untrain.report.content import Section
from untrain.report.data import Report, listed
from untrain.report.naming import titled


def compare(
    one: Report, other: Report, names: tuple[str, str] = ("", ""), command: str = ""
) -> tuple[Report, list[Section]]:
    """What the page is of, and its sections.

    names: what the two are called where their titles are the same. command: makes the page.
    Raises UserError where no block (data, network and request) is in both.
    """
    called = names_of(one, other, names)
    theirs = {table.block: table for table in other.tables}
    both = {t.block: Both(t, theirs[t.block], called) for t in one.tables if t.block in theirs}
    if not both:
        had = (
            f"{name} has {_had(x)}"
            for name, x in zip(_typed(called, names), (one, other), strict=True)
        )
        raise UserError(
            f"Nothing is in both: {'; '.join(had)}.",
            where="untrain report",
            fix="Name two sets of results of the same data, network and request.",
        )
    strange = [told for pair in both.values() if (told := apart.other_data(pair))]
    same = bool(names[0]) and names[0] == names[1]
    if same:
        strange.append(f"{names[0]} is named twice: it is compared with itself.")
    report = Report(
        title=f"{names[0]} beside itself" if same else f"{called.first} beside {called.second}",
        about=(
            "Two sets of results, row by row. A difference is the second less the first: "
            f"{called.second} less {called.first}, paired by seed."
        ),
        source=listed(list(dict.fromkeys(filter(None, (one.source, other.source))))),
        command=command,
        ended=max(one.ended, other.ended),
        tables=tuple(table for table in one.tables if table.block in both),
        places={**one.places, **other.places},
        warnings=(*strange, *_told(called, one, other)),
    )
    lone = alone.blocks(one, other)
    return report, [agree.section(both), apart.section(both), alone.section(both, lone)]


def _typed(called: Names, names: tuple[str, str]) -> tuple[str, str]:
    """The two as the reader typed them, where that is known and tells them apart."""
    return names if all(names) and names[0] != names[1] else called


def _had(report: Report) -> str:
    return "; ".join(titled([table.block]) for table in report.tables) or "nothing"


def _told(names: Names, one: Report, other: Report) -> list[str]:
    """The warnings of both, once where they are the same."""
    same = [told for told in one.warnings if told in other.warnings]
    named = [f"{names.first}: {told}" for told in one.warnings if told not in same]
    named += [f"{names.second}: {told}" for told in other.warnings if told not in same]
    return [*same, *named]
