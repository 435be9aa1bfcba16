"""What comes back: curves and times from verdicts, and the audit's own words where it has none."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from made_results import report

from untrain.report.content import Answer, Figure, Missing
from untrain.report.data import Report
from untrain.report.sections import healing


@pytest.fixture(scope="module")
def whole() -> Report:
    return report(methods=4, seeds=2, audits=("accuracy", "verdict"))


def answered(of: Report, verdict: dict[str, Any] | None = None) -> Answer:
    """verdict: instead of those of all runs."""
    (table,) = of.tables
    rows = table.rows
    if verdict is not None:
        rows = tuple(
            replace(row, runs=tuple(replace(run, audits=verdict) for run in row.runs))
            for row in rows
        )
    table = replace(table, rows=rows)
    found = healing.SECTION.answer(of, table)
    assert found is not None
    return found


def test_those_that_come_back_are_named_with_their_points(whole: Report) -> None:
    answer = answered(whole)
    assert answer.sentence.startswith("Yes: trained further on retained images alone, NegGrad+")
    figures = {part.key: part for part in answer.parts if isinstance(part, Figure)}
    assert set(figures) == {"healing", "relearning"}
    assert list(figures["healing"].controls[0].options) == ["0.05", "0.005"]
    passes = [row[3] for row in figures["healing"].table.rows[:4]]
    assert passes == ["0", "1", "3", "5"]  # how it is stands before the first pass of a rate


def test_of_few_it_is_not_claimed_that_nothing_came_back(whole: Report) -> None:
    def of(state: str) -> dict[str, Any]:
        found = {"key": "healing", "state": state, "value": 0.01, "margin": 0.04, "more": {}}
        return {"verdict": {"verdict": "INCONCLUSIVE", "findings": [found]}}

    assert answered(whole, of("pass")).sentence.startswith("No: nothing came back by healing")
    assert answered(whole, of("open")).sentence.startswith("Not known. Healing has surely")


def test_not_audited_gives_the_command(whole: Report) -> None:
    answer = answered(whole, {})
    assert answer.sentence.startswith("Not known")
    (missing,) = answer.parts
    assert isinstance(missing, Missing)
    assert missing.command.startswith("untrain audit ")


def test_an_audit_that_could_not_measure_it_is_quoted(whole: Report) -> None:
    why = "Relearning needs 200 forgotten images, with unseen ones of their classes."
    off = {"key": "relearning", "state": "off", "value": None, "sentence": why}
    answer = answered(whole, {"verdict": {"verdict": "PASS", "findings": [off]}})
    told = [part.why for part in answer.parts if isinstance(part, Missing)]
    assert why in told
    assert len(told) == 2


def test_several_seeds_are_averaged_and_one_has_its_interval(whole: Report) -> None:
    def of(value: float) -> dict[str, Any]:
        found = {"key": "relearning", "state": "pass", "value": value, "low": 0.9, "high": 1.1}
        return {"verdict": {"verdict": "PASS", "findings": [found]}}

    (table,) = whole.tables
    row = table.row("coun")
    assert row is not None
    runs = [replace(run, audits=of(v)) for run, v in zip(row.runs, (1.0, 1.2), strict=True)]
    from untrain.report.found.judged import judged
    from untrain.report.found.relearnt import _ratio

    (both,) = judged([replace(row, runs=tuple(runs))])
    (alone,) = judged([replace(row, runs=tuple(runs[:1]))])
    means, single = _ratio(both), _ratio(alone)
    assert means is not None
    assert single is not None
    assert means["ratio"] == means["low"] == 1.1
    assert "95 %" not in means["told"]
    assert (single["low"], single["high"]) == (0.9, 1.1)


def test_a_method_that_knows_the_images_at_once_lies_inside_of_the_axis(whole: Report) -> None:
    found = {"key": "relearning", "state": "fail", "value": 0.0, "low": 0.0, "high": 0.0}
    answer = answered(whole, {"verdict": {"verdict": "FAIL-RESIDUAL", "findings": [found]}})
    (figure,) = (part for part in answer.parts if isinstance(part, Figure))
    domains = re.findall(r"'domain': \[(-?[\d.]+), ([\d.]+)\]", str(figure.specs[0]))
    assert [(float(low) < 0, float(high) > 1.25) for low, high in domains] == [(True, True)]


def test_of_many_methods_the_worst_is_named(whole: Report) -> None:
    from untrain.report.found.healed import told
    from untrain.report.found.judged import judged

    row = whole.tables[0].row("salun")
    assert row is not None
    many = [
        replace(one, row=replace(row, label=f"m{k}")) for one in judged([row]) for k in range(8)
    ]
    assert "8 methods (m0 by 10.1 points, the most) know" in told(many)
