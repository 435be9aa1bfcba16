"""Is it gone: words, reasons and numbers from verdicts that are whole, partial, odd or missing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

import pytest
from made_results import report

from untrain.bench.numbers.statistics import Row, Table
from untrain.report.content import Answer, Facts, Figure, Missing, Sheet, Verdicts
from untrain.report.data import Report
from untrain.report.sections import gone


@pytest.fixture(scope="module")
def whole() -> Report:
    return report(methods=4, seeds=2, audits=("accuracy", "verdict"))


def judged(full: Report, **verdicts: dict[str, Any] | None) -> Report:
    """The same with other verdicts of every seed; None takes them away."""
    (table,) = full.tables
    rows = [_with(row, verdicts[row.label.replace("-", "_")])
            if row.label.replace("-", "_") in verdicts else row for row in table.rows]  # fmt: skip
    return replace(full, tables=(replace(table, rows=tuple(rows)),))


def _with(row: Row, verdict: dict[str, Any] | None) -> Row:
    runs = []
    for run in row.runs:
        audits = {name: one for name, one in run.audits.items() if name != "verdict"}
        runs.append(replace(run, audits=audits | ({"verdict": verdict} if verdict else {})))
    return replace(row, runs=tuple(runs))


def answered(of: Report) -> Answer:
    found = gone.SECTION.answer(of, of.tables[0])
    assert found is not None
    return found


T = TypeVar("T")


def part(answer: Answer, kind: type[T]) -> T:
    return next(one for one in answer.parts if isinstance(one, kind))


def verdict(word: str, *findings: dict[str, Any], met: bool | None = True) -> dict[str, Any]:
    condition = {"key": "enough", "met": met, "sentence": "Too few images."}
    return {"verdict": word, "reasons": ["Because."], "findings": list(findings),
            "conditions": [condition], "utility": []}  # fmt: skip


def test_whoever_passes_is_named_with_a_word_and_a_tone(whole: Report) -> None:
    answer = answered(whole)
    assert answer.sentence.startswith("CoUn and FT pass the audit; NegGrad+ and SalUn still show")
    words = {one.who: (one.word, one.tone) for one in part(answer, Verdicts).words}
    assert words["CoUn"] == words["FT"] == ("PASS", "good")
    assert words["NegGrad+"] == words["SalUn"] == ("FAIL-RESIDUAL", "bad")


def test_every_test_stands_in_the_sheet_beside_goal_and_retrain(whole: Report) -> None:
    sheet = part(answered(whole), Sheet)
    assert [row[0].text for row in sheet.rows[: sheet.first]] == ["Goal", "Original", "Retrain"]
    assert all(len(row) == len(sheet.head) for row in sheet.rows)
    cells = {row[0].text: [cell.text for cell in row] for row in sheet.rows}
    column = list(sheet.head).index("told apart")
    assert cells["Goal"][column] == "0.500"
    assert cells["Retrain"][column] == "0.509"
    assert cells["CoUn"][column].endswith("✓")
    assert cells["SalUn"][column].endswith("✗")
    assert any("90 % probability" in note for note in sheet.notes)


def test_the_drawing_holds_all_numbers_in_its_table(whole: Report) -> None:
    figure = part(answered(whole), Figure)
    assert list(figure.controls[0].options) == ["CoUn", "FT", "NegGrad+", "SalUn"]
    assert {row[2] for row in figure.table.rows} == {"Telling them apart", "Healing", "Relearning"}


def test_nobody_passes_is_a_no(whole: Report) -> None:
    over, residual = verdict("FAIL-OVERFORGET"), verdict("FAIL-RESIDUAL")
    both = answered(judged(whole, coun=over, ft=residual, neggrad_plus=over, salun=residual))
    assert both.sentence == (
        "No: none of 4 audited methods passes. FT and SalUn still show traces of the forgotten "
        "images; CoUn and NegGrad+ know them less than new images, which gives them away as well."
    )


def test_inconclusive_is_neither_yes_nor_no(whole: Report) -> None:
    shaky = verdict("INCONCLUSIVE", met=None)
    all_open = judged(whole, coun=shaky, ft=shaky, neggrad_plus=shaky, salun=shaky)
    answer = answered(all_open)
    assert answer.sentence == (
        "Not shown either way for CoUn, FT, NegGrad+ and SalUn, as there are too few images."
    )
    assert "pass" not in answer.sentence
    assert {one.tone for one in part(answer, Verdicts).words} == {"open"}
    facts = part(answer, Facts)
    assert facts.pairs == [("CoUn, FT, NegGrad+ and SalUn", "Too few images.")]


OPEN = {"key": "healing", "title": "Healing", "state": "open", "sentence": "Not sure."}
COUNTS = {"forgotten": 102, "unseen": 144, "needed": None}


@pytest.mark.parametrize(
    ("word", "conditions", "says"),
    [
        ("INCONCLUSIVE", [], "as some tests came out neither inside nor outside of their limits."),
        (
            "INCONCLUSIVE",
            [{"key": "enough", "met": False, "more": COUNTS}],
            "102 forgotten and 144 unseen images are too few: more unseen ones would tell.",
        ),
        (
            "INCONCLUSIVE",
            [{"key": "enough", "met": False, "more": COUNTS | {"needed": 900}}],
            "are too few: about 900 forgotten ones would do.",
        ),
        ("INCONCLUSIVE", [{"key": "comparable", "met": False}], "are not from one source"),
        ("INCONCLUSIVE", [{"key": "new", "met": False}], "neither inside nor outside"),
        (
            "NOT-TESTABLE",
            [{"key": "exposed", "met": False}],
            "No test can answer for CoUn and FT, as the model hardly showed these images even",
        ),
        ("NOT-TESTABLE", [{"key": "unseen", "met": False}], "there are no unseen images to set"),
    ],
)
def test_why_it_is_open_and_what_would_settle_it(
    word: str, conditions: list[dict[str, Any]], says: str, whole: Report
) -> None:
    one = verdict(word, OPEN) | {"conditions": conditions}
    answer = answered(judged(whole, coun=one, ft=one, neggrad_plus=None, salun=None))
    assert says in answer.sentence
    assert [card.who for card in part(answer, Verdicts).words] == ["CoUn", "FT"]


def test_what_stands_on_a_card_is_not_told_again(whole: Report) -> None:
    condition = {"key": "enough", "met": False, "sentence": "Because."}
    one = verdict("INCONCLUSIVE") | {"conditions": [condition]}
    answer = answered(judged(whole, coun=one, ft=one, neggrad_plus=None, salun=None))
    assert not any(isinstance(one, Facts) for one in answer.parts)


def test_without_verdicts_it_is_not_known_and_the_auc_is_no_verdict(whole: Report) -> None:
    bare = judged(whole, coun=None, ft=None, neggrad_plus=None, salun=None)
    answer = answered(bare)
    assert answer.sentence.startswith("Not known: none of 4 methods has been audited; the AUC")
    (missing,) = answer.parts
    assert isinstance(missing, Missing)
    assert missing.command.startswith("untrain audit ")
    assert "--retrain " in missing.command
    assert "no verdict" in missing.why
    assert "Retrain 0.5" in missing.why


def test_rows_that_were_not_audited_are_named_beside_those_that_were(whole: Report) -> None:
    answer = answered(judged(whole, ft=None))
    assert answer.sentence.endswith("Not audited: FT.")
    assert part(answer, Missing).what == "The audit of FT"


def test_seeds_that_disagree_count_as_the_worst() -> None:
    of = report(methods=["coun"], seeds=2, audits=("accuracy",))
    (table,) = of.tables
    row = table.row("coun")
    assert row is not None
    words = [verdict("PASS"), verdict("INCONCLUSIVE")]
    runs = [replace(run, audits={"verdict": one}) for run, one in zip(row.runs, words, strict=True)]
    rows = tuple(replace(r, runs=tuple(runs)) if r is row else r for r in table.rows)
    (word,) = part(answered(replace(of, tables=(replace(table, rows=rows),))), Verdicts).words
    assert (word.word, word.tone) == ("INCONCLUSIVE", "open")
    assert "seed 0: PASS and seed 1: INCONCLUSIVE." in word.reasons


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"key": "level", "state": "open", "value": None, "target": None, "margin": None},
        {"key": "level", "state": "open", "value": float("nan"), "target": 0.5, "margin": 0.05},
        {"key": "level", "state": "fail", "value": 0.6, "target": 0.5, "margin": 0},
        {"key": "healing", "state": "fail", "value": 0.1, "target": 0.0, "margin": 0.04, "low": 0},
    ],
)
def test_a_finding_without_a_number_is_shown_and_breaks_nothing(
    whole: Report, odd: dict[str, Any]
) -> None:
    answer = answered(judged(whole, coun=verdict("INCONCLUSIVE", odd)))
    assert "nan" not in str(list(part(answer, Sheet).rows)).lower()


def test_nothing_unlearned_raises_no_question(whole: Report) -> None:
    (table,) = whole.tables
    alone: Table = replace(table, rows=table.rows[:2])
    assert gone.SECTION.answer(whole, alone) is None
