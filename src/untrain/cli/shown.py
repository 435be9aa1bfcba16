"""What `untrain audit` prints: pages, tables, details, as text, Markdown or JSON."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from untrain.progress import say

if TYPE_CHECKING:
    from untrain.metrics.audit import Audit
    from untrain.metrics.details import Details
    from untrain.verdict.examine import Verdict


def values(
    single: bool,
    verdicts: list[Verdict],
    table: Audit | None,
    more: Details | None,
    planted: Details | None,
) -> dict[str, Any]:
    """For JSON: a single verdict or the table by themselves, everything else under its name."""
    from untrain.metrics import table as tables

    rows = tables.values(table) if table else {}
    extra = {"details": more.values()} if more else {}
    extra |= {"planted": planted.values()} if planted else {}
    if verdicts and single:
        return verdicts[0].values() | ({"table": rows} if rows else {}) | extra
    return ({"verdicts": [one.values() for one in verdicts]} if verdicts else rows) | extra


def show(
    single: bool,
    as_markdown: bool,
    verdicts: list[Verdict],
    table: Audit | None,
    more: Details | None,
    planted: Details | None,
) -> None:
    """Print the page, or the table of verdicts; then the details, the table beside Retrain, and
    what was planted."""
    from untrain.metrics import table as tables
    from untrain.verdict import page, summary

    if verdicts:
        room = page if single else summary
        given: Any = verdicts[0] if room is page else verdicts
        print(room.markdown(given) if as_markdown else room.text(given))
    if more is not None:
        print("\n" + (more.markdown() if as_markdown else more.text()))
    if table is not None:
        if verdicts or more:
            print()
        if as_markdown:
            print(tables.markdown(table))
        elif sys.stdout.isatty() or verdicts:
            print(tables.text(table))
        else:
            print(tables.tsv(table))
            say("\n".join(tables.sentences(table)))
    if planted is not None:
        told = "\n" + (planted.markdown() if as_markdown else planted.text())
        piped = table is not None and not (as_markdown or verdicts or sys.stdout.isatty())
        say(told) if piped else print(told)
