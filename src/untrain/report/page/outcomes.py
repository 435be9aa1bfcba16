"""Verdicts grouped by what came out, in plain words; the word of the audit stands beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from untrain.report.content import Word

PLAIN = {
    "PASS": ("no trace found", "no trace found"),
    "FAIL-RESIDUAL": ("still shows traces", "still show traces"),
    "FAIL-OVERFORGET": ("knows too little", "know too little"),
    "INCONCLUSIVE": ("undecided", "undecided"),
    "NOT-TESTABLE": ("not testable", "not testable"),
}
"""Of one method, and of several."""
TONES = ("good", "bad", "open")


@dataclass(frozen=True)
class Outcome:
    """title: `8 still show traces`, or the word itself. code: the audit's word, "" if it is the
    title. reasons: those of all members alike; each has its own where they differ."""

    title: str
    code: str
    tone: str
    members: tuple[Word, ...]
    reasons: Sequence[str]


def grouped(words: Sequence[Word]) -> list[Outcome]:
    """Those with the same word together: passed, failed, open; then in the order given."""
    order = list(PLAIN)
    kinds = dict.fromkeys((one.word, one.tone) for one in words)
    known = sorted(kinds, key=lambda kind: (TONES.index(kind[1]), _place(kind[0], order)))
    return [
        _outcome(word, tone, tuple(one for one in words if (one.word, one.tone) == (word, tone)))
        for word, tone in known
    ]


def _place(word: str, order: Sequence[str]) -> int:
    return order.index(word) if word in order else len(order)


def _outcome(word: str, tone: str, members: tuple[Word, ...]) -> Outcome:
    first, several = members[0], len(members) > 1
    plain = PLAIN.get(word)
    title = f"{len(members)} {plain[several]}" if plain else word
    alike = several and all(list(one.reasons) == list(first.reasons) for one in members)
    return Outcome(title, word if plain else "", tone, members, first.reasons if alike else ())
