"""The rule: from conditions and findings to one of five words, with its reasons.

PASS is an intersection of equivalence tests, each at level alpha, which needs no correction.
Each test that can fail has its share of alpha, fixed before anything is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from untrain.verdict.findings import Condition, Finding

Word = Literal["PASS", "FAIL-RESIDUAL", "FAIL-OVERFORGET", "INCONCLUSIVE", "NOT-TESTABLE"]
ALPHA = 0.05
FAILING = ("level", "shape", "destination", "healing", "relearning", "references", "control")
"""Tests that can fail a model."""


def share(planned: Sequence[str], candidates: int = 1) -> float:
    """Alpha of each test that can fail, of those that are planned."""
    return ALPHA / max(1, sum(key in FAILING for key in planned)) / max(1, candidates)


@dataclass(frozen=True)
class Judgement:
    """The word, and in plain sentences why."""

    word: Word
    reasons: tuple[str, ...]


def judge(conditions: Sequence[Condition], findings: Sequence[Finding]) -> Judgement:
    """Apply the rule.

    A condition that is broken makes every test void (`unseen`, `comparable`, `answers`), or stands
    between the model and a PASS (all others).
    """
    known = {condition.key: condition for condition in conditions}
    reference = known.get(NO_REFERENCE)
    if reference is not None and reference.met is False:
        return Judgement("NOT-TESTABLE", (reference.sentence,))
    void = [c for c in conditions if c.key in VOID and c.met is False]
    if void:
        return Judgement("INCONCLUSIVE", tuple(c.sentence for c in void))
    failed = [finding for finding in findings if finding.state == "fail"]
    if failed:
        residual = any(finding.side != "over" for finding in failed)
        word: Word = "FAIL-RESIDUAL" if residual else "FAIL-OVERFORGET"
        return Judgement(word, tuple(finding.sentence for finding in failed))
    exposed = known.get("exposed")
    if exposed is not None and exposed.met is False:
        return Judgement("NOT-TESTABLE", (exposed.sentence,))
    missing = [c.sentence for c in conditions if c.met is not True]
    still = ", ".join(finding.title.lower() for finding in findings if finding.state == "open")
    if missing or still:
        shown = f"Not shown either way (see the findings): {still}."
        return Judgement("INCONCLUSIVE", (*missing, *([shown] if still else [])))
    if not any(finding.state == "pass" for finding in findings):
        return Judgement("NOT-TESTABLE", ("No test applies to this request.",))
    return Judgement("PASS", ())


VOID = ("answers", "comparable")
"""Conditions without which no test means anything."""
NO_REFERENCE = "unseen"
"""The condition without which no model can be judged, whatever is done to it."""
