"""What only one of two sets has: blocks, rows and seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from untrain.bench.job import Block
from untrain.bench.numbers.statistics import Row, Table
from untrain.report.comparing.both import Both
from untrain.report.content import Answer, Facts, Part, Section
from untrain.report.data import Report, listed, shown
from untrain.report.found.judged import some
from untrain.report.naming import titled

READING = "Nothing of this is compared. Failed runs are told with the reason that was noted."


def section(both: Mapping[Block, Both], lone: tuple[list[str], list[str]]) -> Section:
    """lone: blocks that only the first, and only the second has."""

    def answer(report: Report, table: Table) -> Answer | None:
        first = report.tables[0].block == table.block  # what has no block is told once
        return _answer(both[table.block], lone if first else ([], []))

    question = "What is in only one of them?"
    return Section(key="alone", question=question, reading=READING, answer=answer)


def blocks(one: Report, other: Report) -> tuple[list[str], list[str]]:
    """Blocks of either that the other lacks."""
    mine, theirs = ([table.block for table in report.tables] for report in (one, other))
    return [titled([b]) for b in mine if b not in theirs], [
        titled([b]) for b in theirs if b not in mine
    ]


def _answer(both: Both, lone: tuple[list[str], list[str]]) -> Answer | None:
    sides = (
        (both.names.first, both.first, both.second),
        (both.names.second, both.second, both.first),
    )
    parts: list[Part] = []
    told = []
    for (name, mine, theirs), alone in zip(sides, lone, strict=True):
        pairs = [*_rows(mine, theirs), *_failed(mine), *[("the whole request", b) for b in alone]]
        if pairs:
            key = f"alone-{len(parts) + 1}"
            parts.append(Facts(key=key, title=f"Only in {name}", pairs=pairs))
            rows = [row for row in mine.rows if theirs.row(row.label) is None]
            what = [
                *([some(rows, others=False)] if rows else []),
                *([f"{len(alone)} request{'s' * (len(alone) > 1)}"] if alone else []),
            ]
            told += [f"only {name} has {listed(what)}"] if what else []
    if not parts:
        return Answer(sentence="Nothing: both have the same rows and seeds.", parts=[])
    text = "; ".join(told) or "some runs of rows that both have"
    return Answer(sentence=f"{text[0].upper()}{text[1:]}.", parts=parts)


def _rows(mine: Table, theirs: Table) -> list[tuple[str, str]]:
    """Rows that the other lacks, and seeds of those that it has."""
    found = []
    for row in mine.rows:
        other = theirs.row(row.label)
        if other is None:
            found.append((shown(row.label), f"the whole row ({_seeds(row, row.pairs)})"))
        elif extra := [pair for pair in row.pairs if pair not in other.pairs]:
            found.append((shown(row.label), _seeds(row, extra)))
    return found


def _seeds(row: Row, pairs: Sequence[tuple[int, int]]) -> str:
    trains = [str(train) + (f" (split {split})" if split else "") for split, train in pairs]
    return f"seed{'s' * (len(trains) > 1)} {', '.join(trains)}"


def _failed(table: Table) -> list[tuple[str, str]]:
    """Failed runs, which are in neither's means."""
    return [
        (shown(lack.cell.row), f"seed {lack.cell.train_seed} failed: {lack.reason}")
        for lack in table.lacks
        if lack.reason
    ]
