"""The sections of numbers on made-up studies of many shapes: whole tables, valid charts."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

import made_results
import pytest

from untrain.report.content import Answer, Figure, Section, Sheet
from untrain.report.data import Report

NAMES = ("closest", "cost", "classes", "training", "requests", "setup")
SHAPES: dict[str, dict[str, Any]] = {
    "full": {"audits": ("accuracy", "answers")},
    "numbers alone": {"audits": ("accuracy",)},
    "one seed": {"seeds": 1, "audits": ("accuracy", "answers")},
    "no Retrain": {"retrain": False, "audits": ("accuracy", "answers")},
    "no Original": {"original": False, "audits": ("accuracy", "answers")},
    "a class of two seeds": {"rule": "class:5", "seeds": 2, "audits": ("accuracy", "answers")},
    "100 classes": {"methods": 12, "classes": 100, "seeds": 1, "audits": ("accuracy", "answers")},
    "requests": {"requests": 3, "audits": ("accuracy",)},
    "a grid": {"grid": True, "audits": ("accuracy",)},
    "failed and missing": {"failed": ("ft",), "missing": ("coun",), "audits": ("accuracy",)},
    "markup": {"methods": ["<script>alert(1)</script>"], "audits": ("accuracy",)},
    "one run": {"loose": True, "methods": 1, "seeds": 1, "audits": ("accuracy",)},
}


def section(name: str) -> Section:
    found: Section = import_module(f"untrain.report.sections.{name}").SECTION
    return found


def answers(report: Report) -> list[tuple[str, Answer]]:
    found = [(name, section(name).answer(report, of)) for of in report.tables for name in NAMES]
    return [(name, answer) for name, answer in found if answer is not None]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_results_has_whole_answers(shape: str) -> None:
    found = answers(made_results.report(**SHAPES[shape]))
    assert {"closest", "setup"} <= {name for name, _ in found}
    assert (shape == "requests") == ("requests" in {name for name, _ in found})
    for _, answer in found:
        assert answer.sentence.endswith(".")
        assert "nan" not in answer.sentence
        for part in answer.parts:
            if isinstance(part, Sheet):
                check_sheet(part)
            if isinstance(part, Figure):
                check_figure(part)


def check_sheet(part: Sheet) -> None:
    assert len(part.hints) in (0, len(part.head))
    for line in (*part.rows, *(line for lines in part.opened.values() for line in lines)):
        assert len(line) == len(part.head)
        assert not any("nan" in mark.text for mark in line)
        assert all(mark.shade is None or 0 <= mark.shade <= 1 for mark in line)
    assert all(place < len(part.rows) for place in part.opened)


def check_figure(part: Figure) -> None:
    assert part.description
    assert len(json.dumps(part.specs)) < 120_000
    assert part.table.rows
    for spec in part.specs:
        text = json.dumps(spec, allow_nan=False)
        assert "http" not in text
        given = {one["name"]: one["value"] for one in spec.get("params", ())}
        for control in part.controls:
            assert next(iter(control.options)) == given[control.signal]


def test_charts_are_drawn_by_vega() -> None:
    """Each chart has the names of its rows, whatever is chosen."""
    convert = pytest.importorskip("vl_convert")
    report = made_results.report(requests=2, audits=("accuracy", "answers"))
    drawn = {}
    for name, answer in answers(report):
        for part in answer.parts:
            if isinstance(part, Figure):
                drawn[name] = convert.vegalite_to_svg({**part.specs[0], "width": 500})
    assert set(drawn) == {"closest", "cost", "classes", "training", "requests"}
    for name, label in (("closest", "NegGrad+"), ("cost", "Retrain"), ("classes", "ship")):
        assert label in drawn[name]
