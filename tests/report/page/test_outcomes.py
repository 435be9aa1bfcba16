"""Verdicts with the same word stand together, in plain words."""

from __future__ import annotations

from untrain.report.content import Word
from untrain.report.page.outcomes import grouped


def test_the_same_word_is_one_group_and_passed_come_first() -> None:
    words = [
        Word("a", "INCONCLUSIVE", "open", ["x"]),
        Word("b", "FAIL-OVERFORGET", "bad"),
        Word("c", "FAIL-RESIDUAL", "bad", ["y"]),
        Word("d", "PASS", "good"),
        Word("e", "FAIL-RESIDUAL", "bad", ["z"]),
    ]
    found = [(one.title, one.code, [w.who for w in one.members]) for one in grouped(words)]
    assert found == [
        ("1 no trace found", "PASS", ["d"]),
        ("2 still show traces", "FAIL-RESIDUAL", ["c", "e"]),
        ("1 knows too little", "FAIL-OVERFORGET", ["b"]),
        ("1 undecided", "INCONCLUSIVE", ["a"]),
    ]


def test_reasons_that_all_share_are_told_once() -> None:
    few = ["102 images are too few"]
    (group,) = grouped(
        [Word("a", "NOT-TESTABLE", "open", few), Word("b", "NOT-TESTABLE", "open", few)]
    )
    assert group.reasons == few
    (alone,) = grouped([Word("a", "NOT-TESTABLE", "open", few)])
    assert alone.reasons == ()


def test_other_words_stand_as_they_are() -> None:
    (group,) = grouped([Word("CoUn", "not told from Retrain", "good")])
    assert (group.title, group.code) == ("not told from Retrain", "")
