"""Why an audit left it open, in a few words, and what would settle it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from untrain.report.data import listed
from untrain.report.found.judged import MANY, Judged, Values, listed_of, number_of

NEVER = "NOT-TESTABLE"
VOID = {
    "unseen": "there are no unseen images to set beside the forgotten ones",
    "answers": "the model gives the same answer to all images",
    "comparable": "forgotten and unseen images are not from one source, so that any model tells "
    "them apart",
    "covered": "some forgotten images have no unseen image of their class beside them",
    "independent": "the choice of the model has seen all forgotten images",
}
"""Conditions that do not hold, by key, as they go on after `as`."""
EXPOSED = "the model hardly showed these images even before"
FIRST = ("unseen", "answers", "comparable", "enough", "covered", "independent", "exposed")
"""What is told of several: the first of these."""


def doubts(found: Sequence[Judged]) -> list[str]:
    """A sentence for the models of each reason, without its stop; [] where all was settled."""
    told: dict[tuple[bool, str], list[str]] = {}
    for one in found:
        if one.tone == "open":
            told.setdefault((one.word == NEVER, _why(one)), []).append(one.label)
    return [_sentence(who, never, why) for (never, why), who in told.items()]


def _sentence(who: Sequence[str], never: bool, why: str) -> str:
    names = listed(who) if len(who) <= MANY else f"{len(who)} methods"
    if never:
        return f"no test can answer for {names}{f', as {why}' if why else ''}"
    return f"not shown either way for {names}{f', as {why}' if why else ''}"


def _why(one: Judged) -> str:
    """Of the first seed that has the word."""
    values = next(values for _, values in one.runs if values.get("verdict") == one.word)
    unmet = {
        str(condition.get("key")): condition
        for condition in listed_of(values, "conditions")
        if condition.get("met") is not True
    }
    if one.word == NEVER and "exposed" in unmet and "unseen" not in unmet:
        return EXPOSED
    for key in FIRST:
        if key in unmet:
            return _of(key, unmet[key])
    return UNDECIDED


def _of(key: str, condition: Values) -> str:
    if key == "exposed":
        unsure = condition.get("met") is None
        return "it is not sure that the model ever showed these images" if unsure else EXPOSED
    if key != "enough":
        return VOID[key]
    more = condition.get("more") or {}
    forgotten, unseen, needed = (number_of(more, n) for n in ("forgotten", "unseen", "needed"))
    if not math.isfinite(forgotten + unseen):
        return "there are too few images"
    told = f"{forgotten:,.0f} forgotten and {unseen:,.0f} unseen images are too few"
    if math.isfinite(needed) and forgotten < needed < 10 * forgotten:
        return f"{told}: about {needed:,.0f} forgotten ones would do"
    return f"{told}: more unseen ones would tell" if forgotten >= SMALL else told


UNDECIDED = "some tests came out neither inside nor outside of their limits"
SMALL = 50
"""Images below which more unseen ones do not help."""
