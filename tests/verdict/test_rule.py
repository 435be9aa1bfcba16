"""The rule by itself: which findings and conditions come to which word."""

from __future__ import annotations

import pytest

from untrain.verdict.findings import Condition, Finding, Side, State, plain
from untrain.verdict.rule import ALPHA, FAILING, judge, share


def found(state: State, side: Side = "", key: str = "level") -> Finding:
    sentence = f"{key} is {state}"
    return Finding(key=key, title=key, definition="d", sentence=sentence, state=state, side=side)


def held(met: bool | None, key: str = "enough") -> Condition:
    return Condition(key=key, title=key, met=met, sentence=f"{key}: {met}")


GOOD = [held(True, key) for key in ("answers", "comparable", "exposed", "enough")]
CASES = [
    (GOOD, [found("pass"), found("off", key="shape")], "PASS"),
    (GOOD, [found("pass"), found("open", key="shape")], "INCONCLUSIVE"),
    (GOOD, [found("pass"), found("fail", "residual", "healing")], "FAIL-RESIDUAL"),
    (GOOD, [found("pass"), found("fail", "over")], "FAIL-OVERFORGET"),
    (GOOD, [found("fail", "over"), found("fail", "residual", "healing")], "FAIL-RESIDUAL"),
    (GOOD, [found("off")], "NOT-TESTABLE"),
    ([*GOOD, held(False)], [found("pass")], "INCONCLUSIVE"),
    ([*GOOD, held(False)], [found("fail", "residual")], "FAIL-RESIDUAL"),
    ([held(False, "exposed")], [found("pass")], "NOT-TESTABLE"),
    ([held(None, "exposed")], [found("pass")], "INCONCLUSIVE"),
    ([held(False, "exposed")], [found("fail", "over")], "FAIL-OVERFORGET"),
    ([held(False, "comparable")], [found("fail", "residual")], "INCONCLUSIVE"),
    ([held(False, "answers")], [], "INCONCLUSIVE"),
]


@pytest.mark.parametrize(("conditions", "findings", "word"), CASES)
def test_each_case_has_its_word(
    conditions: list[Condition], findings: list[Finding], word: str
) -> None:
    judgement = judge(conditions, findings)
    assert judgement.word == word
    assert bool(judgement.reasons) == (word != "PASS")


def test_alpha_is_shared_by_the_tests_that_can_fail_and_by_candidates() -> None:
    planned = ["level", "shape", "records", "healing"]
    assert share(planned) == pytest.approx(ALPHA / 3)
    assert share(planned, candidates=5) == pytest.approx(ALPHA / 15)
    assert "records" not in FAILING


def test_plain_values_are_json() -> None:
    import numpy as np

    given = {"a": np.float64(0.12345678), "b": [np.int64(3), float("nan")], "c": (True, None)}
    assert plain(given) == {"a": 0.123457, "b": [3, None], "c": [True, None]}
