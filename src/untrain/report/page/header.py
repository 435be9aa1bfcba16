"""What stands above all answers: on which data, network and request, with how many seeds, where."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from untrain.bench.numbers.statistics import Table
from untrain.bench.tables.sequences import chains
from untrain.report import naming
from untrain.report.answered import answered
from untrain.report.content import Answer, Missing, Section
from untrain.report.data import Report, listed, methods, shown

FIRST = {"closest": "Who is closest?", "cost": "At what cost?", "gone": "Is it gone?"}
"""Sections whose answers stand at the top, and what the reader asks there in a word."""
FEW = 4
"""Methods that are named; of more, the count."""


@dataclass(frozen=True)
class Told:
    """A section with its answers: the anchor of each, the block's name where there are several,
    and what it says."""

    section: Section
    answers: list[tuple[str, str, Answer]]

    @property
    def reader(self) -> int | None:
        """Below which answer stands how to read it: the first one that shows anything."""
        shown = [any(not isinstance(p, Missing) for p in one.parts) for _, _, one in self.answers]
        return shown.index(True) if any(shown) else None


@dataclass(frozen=True)
class Block:
    """A block at the top: its name, facts, and what answers the first questions."""

    name: str
    facts: list[tuple[str, str]]
    answers: list[tuple[str, str, str, str]]
    """Question, first sentence, the next one, anchor."""


def told(report: Report, sections: Sequence[Section]) -> list[Told]:
    """The sections that have something to say of any block."""
    found, tables = [], last(report)
    names, several = named(tables), len(tables) > 1
    rest = [table for table in report.tables if not any(table is one for one in tables)]
    report = replace(report, tables=(*tables, *rest))  # what is told once, is told of the first
    for section in sections:
        answers = []
        for place, table in enumerate(tables):
            answer = answered(section, report, table)
            if answer is not None:
                anchor = f"{section.key}-{place + 1}" if several else section.key
                answers.append((anchor, names[place] if several else "", answer))
        if answers:
            found.append(Told(section, answers))
    return found


def blocks(report: Report, tolds: Sequence[Told]) -> list[Block]:
    firsts = [one for one in tolds if one.section.key in FIRST] or tolds[:1]
    tables = last(report)
    several = len(tables) > 1
    found = []
    for table, name in zip(tables, named(tables), strict=True):
        answers = [
            (FIRST.get(one.section.key, one.section.question), *short(answer.sentence), anchor)
            for one in firsts
            for anchor, block, answer in one.answers
            if not several or block == name
        ]
        found.append(Block(name, facts(table), answers))
    return found


def last(report: Report) -> list[Table]:
    """The blocks that are told of: of requests in a row the last alone, as it holds all before it;
    what came between is in the section on requests in a row."""
    passed = {id(table) for stages in chains(report.tables) for table in stages[:-1]}
    return [table for table in report.tables if id(table) not in passed]


def named(tables: Sequence[Table]) -> list[str]:
    """What each block is called; with the rules themselves where words alone are not enough."""
    words = [naming.titled([table.block]) for table in tables]
    return [
        f"{word} ({table.block.forget})" if words.count(word) > 1 else word
        for word, table in zip(words, tables, strict=True)
    ]


def parted(text: str) -> tuple[str, str]:
    """The first sentence of a text, and the others."""
    ends = r"(?:(?<=\d[.!?])|(?<=[^.]{3}[.!?]))\s+(?=\w)"
    first, *others = re.split(ends, text, maxsplit=1)
    return first, "".join(others)


def short(text: str) -> tuple[str, str]:
    """The first two sentences; the second one is "" where there is none."""
    first, rest = parted(text)
    return first, parted(rest)[0]


def facts(table: Table) -> list[tuple[str, str]]:
    """Names and values, in the order in which one asks; what is not known is left out."""
    about = [run.about for row in table.rows for run in row.runs]
    environments = [one.get("environment", {}) for one in about]
    ended = [str(one.get("time", {}).get("ended", "")) for one in about]
    pairs = [
        ("Data", naming.data(table.block.data)),
        ("Model", naming.model(table.block.model)),
        ("Request", naming.forget(table.block.forget).rstrip(",")),
        ("Forgotten", _forgotten(about)),
        ("Methods", _named([shown(row.label) for row in methods(table)])),
        ("Runs", _runs(table)),
        ("Device", _several(one.get("device") for one in environments)),
        ("Version", _versions(environments)),
        ("Ended", max(ended, default="")[:10]),
    ]
    return [(name, value) for name, value in pairs if value]


def _forgotten(about: Sequence[Mapping[str, Any]]) -> str:
    """`500 of 5,000 images`; of requests in a row all until the last one. "" where runs differ."""
    found = set()
    for run in about:
        sizes = {name: part.get("images", 0) for name, part in run.get("split", {}).items()}
        trained = sum(sizes.get(name, 0) for name in ("retain", "forget", "erased"))
        if gone := sizes.get("forget", 0) + sizes.get("erased", 0):
            found.add((gone, trained))
    if len(found) != 1:
        return ""
    ((gone, trained),) = found
    return f"{gone:,} of {trained:,} images"


def _named(labels: list[str]) -> str:
    return listed(labels) if len(labels) <= FEW else str(len(labels))


def _runs(table: Table) -> str:
    count = sum(len(row.runs) for row in table.rows)
    seeds = len(table.pairs)
    missing = f", {len(table.lacks)} missing" if table.lacks else ""
    return f"{count}, {seeds} seed{'s' * (seeds != 1)}{missing}" if count else f"none{missing}"


def _versions(environments: Sequence[Mapping[str, Any]]) -> str:
    """Each version once, with its commits: `0.1.0 (9b96e12 and others)`."""
    commits: dict[str, set[str]] = {}
    for one in environments:
        if version := one.get("untrain"):
            commits.setdefault(str(version), set()).add(str(one.get("commit") or ""))
    return listed([f"{version}{_commits(found)}" for version, found in sorted(commits.items())])


def _commits(found: set[str]) -> str:
    known = sorted(commit for commit in found if commit)
    if not known:
        return ""
    first = f"{known[0][:7]}{'-dirty' * known[0].endswith('-dirty')}"
    return f" ({first}{' and others' * (len(found) > 1)})"


def _several(values: Iterable[object]) -> str:
    """Each value once, by name; "" for none."""
    return listed(sorted({str(value) for value in values if value}))
