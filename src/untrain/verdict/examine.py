"""One model examined: conditions, tests, the rule, and what stands beside the verdict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from untrain.verdict.case import Case
from untrain.verdict.conditions import answers, asked, exposed
from untrain.verdict.control import control
from untrain.verdict.findings import Condition, Finding, plain
from untrain.verdict.fresh import choices, unseen
from untrain.verdict.goals import Terms
from untrain.verdict.level import healing
from untrain.verdict.pace import relearning
from untrain.verdict.population import destination, level_test, shape
from untrain.verdict.records import known_attacks, records
from untrain.verdict.rule import ALPHA, FAILING, VOID, Judgement, judge, share
from untrain.verdict.source import goals, references
from untrain.verdict.utility import Change, changes
from untrain.version import __version__

SCHEMA = 1
"""Of verdict.json."""
MOST = 200_000
"""Deals of a permutation test at most, however small alpha is."""


@dataclass(frozen=True)
class Verdict:
    """What an audit of one model says, with everything that it rests on."""

    case: Case
    judgement: Judgement
    conditions: tuple[Condition, ...]
    findings: tuple[Finding, ...]
    utility: tuple[Change, ...]
    terms: Terms

    @property
    def word(self) -> str:
        """PASS, FAIL-RESIDUAL, FAIL-OVERFORGET, INCONCLUSIVE or NOT-TESTABLE."""
        return self.judgement.word

    @property
    def lost(self) -> float:
        """Points of test accuracy lost to the Original; NaN without one."""
        found = [one.before - one.after for one in self.utility if one.name == "test"]
        return found[0] if found else float("nan")

    @property
    def gate(self) -> bool:
        """Whether the model may be used: PASS, and no more lost than was allowed."""
        return self.word == "PASS" and not self.lost > self.terms.loss

    def finding(self, key: str) -> Finding:
        return next(one for one in self.findings if one.key == key)

    def __str__(self) -> str:
        from untrain.verdict.page import text

        return text(self)

    def values(self) -> dict[str, Any]:
        """Everything as plain values for JSON."""
        case = self.case
        content: dict[str, Any] = {
            "schema": SCHEMA,
            "untrain": __version__,
            "verdict": self.word,
            "reasons": list(self.judgement.reasons),
            "model": case.label,
            "request": {"title": case.title, "kind": case.kind},
            "gate": self.gate,
            "terms": plain(asdict(self.terms))
            | {"candidates": case.candidates, "corrected": case.corrected},
            "conditions": [one.plain() for one in self.conditions],
            "findings": [one.plain() for one in self.findings],
            "utility": [plain(asdict(one)) for one in self.utility],
            "log": case.log,
        }
        return content


def examine(case: Case, terms: Terms | None = None) -> Verdict:
    """Judge one model.

    terms: the margin and passes of healing; their alpha is set here, from the tests that are
    planned and the number of candidates.
    """
    terms = terms or Terms()
    tried = case.candidates if case.corrected else 1
    fresh = unseen(case)
    if not fresh.met:
        judgement = judge([fresh], ())
        return Verdict(case, judgement, (fresh,), (), tuple(changes(case)), terms)
    source, auc_goal, level_goal = goals(case, ALPHA / len(FAILING) / tried)
    held = [fresh, answers(case), source, exposed(case, terms), *asked(case, terms)]
    held += choices(case)
    planned = plan(case, auc_goal.chance)
    alpha = share(planned, tried)
    deals = min(MOST, max(terms.deals, round(20 / alpha)))
    terms = replace(terms, alpha=alpha, level=ALPHA / tried, lr=case.lr, deals=deals)
    tests: dict[str, Callable[[], Finding]] = {
        "level": lambda: level_test(case, terms, auc_goal),
        "shape": lambda: shape(case, terms),
        "attacks": lambda: known_attacks(case, terms),
        "records": lambda: records(case, terms),
        "destination": lambda: destination(case, terms),
        "references": lambda: references(case, terms),
        "healing": lambda: healing(case, terms, level_goal, auc_goal),
        "relearning": lambda: relearning(case, terms),
        "control": lambda: control(case, terms),
    }
    void = any(one.met is False for one in held if one.key in VOID)
    found = () if void else tuple(tests[key]() for key in planned)
    judgement = judge(held, found)
    return Verdict(case, judgement, tuple(held), found, tuple(changes(case)), terms)


def plan(case: Case, chance: bool) -> list[str]:
    """Which tests apply, fixed before anything is looked at."""
    tests = ["level", "healing"]
    if chance:
        tests = ["level", "shape", "attacks", "records", "destination", "healing", "relearning"]
        tests += ["references"] * bool(case.never_saw)
    return tests + ["control"] * (case.kind == "class")
