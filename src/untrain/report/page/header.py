"""What stands above all answers: on which data, network and request, with how many seeds, where."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from untrain.bench.numbers.statistics import Table
from untrain.report.content import Answer, Section
from untrain.report.data import Report, listed, methods, shown
from untrain.report.naming import titled

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


@dataclass(frozen=True)
class Block:
    """A block at the top: its name, facts, and what answers the first questions."""

    name: str
    facts: list[tuple[str, str]]
    answers: list[tuple[str, str, str, str]]
    """Question, first sentence, what follows it, anchor."""


def told(report: Report, sections: Sequence[Section]) -> list[Told]:
    """The sections that have something to say of any block."""
    found, names = [], named(report)
    for section in sections:
        answers = []
        for place, table in enumerate(report.tables):
            answer = section.answer(report, table)
            if answer is not None:
                several = len(report.tables) > 1
                anchor = f"{section.key}-{place + 1}" if several else section.key
                answers.append((anchor, names[place] if several else "", answer))
        if answers:
            found.append(Told(section, answers))
    return found


def blocks(report: Report, tolds: Sequence[Told]) -> list[Block]:
    firsts = [one for one in tolds if one.section.key in FIRST] or tolds[:1]
    several = len(report.tables) > 1
    found = []
    for table, name in zip(report.tables, named(report), strict=True):
        answers = [
            (FIRST.get(one.section.key, one.section.question), *parted(answer.sentence), anchor)
            for one in firsts
            for anchor, block, answer in one.answers
            if not several or block == name
        ]
        found.append(Block(name, facts(table), answers))
    return found


def named(report: Report) -> list[str]:
    """What each block is called; with the rules themselves where words alone are not enough."""
    words = [titled([table.block]) for table in report.tables]
    return [
        f"{word} ({table.block.forget})" if words.count(word) > 1 else word
        for word, table in zip(words, report.tables, strict=True)
    ]


def parted(text: str) -> tuple[str, str]:
    """The first sentence of a text, and the others."""
    first, *others = re.split(r"(?<=[^.]{3}[.!?])\s+(?=\w)", text, maxsplit=1)
    return first, "".join(others)


def facts(table: Table) -> list[tuple[str, str]]:
    """Names and values, in the order in which one asks; what is not known is left out."""
    about = [run.about for row in table.rows for run in row.runs]
    environments = [one.get("environment", {}) for one in about]
    ended = [str(one.get("time", {}).get("ended", "")) for one in about]
    pairs = [
        ("Data", table.block.data),
        ("Model", table.block.model),
        ("Request", table.block.forget),
        ("Forgotten", _forgotten(about)),
        ("Methods", _named([shown(row.label) for row in methods(table)])),
        ("Runs", _runs(table)),
        ("Device", _several(one.get("device") for one in environments)),
        ("Version", _several(_version(one) for one in environments)),
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


def _version(environment: dict[str, object]) -> str:
    version, commit = environment.get("untrain", ""), str(environment.get("commit") or "")
    return (
        f"{version} ({commit[:7]}{'-dirty' * commit.endswith('-dirty')})"
        if commit
        else str(version)
    )


def _several(values: Iterable[object]) -> str:
    """Each value once, by name; "" for none."""
    return listed(sorted({str(value) for value in values if value}))
