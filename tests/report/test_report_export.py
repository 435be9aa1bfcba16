"""The files of an export parse as what they are, and say what the report says."""

from __future__ import annotations

import csv
import xml.etree.ElementTree as tree
from dataclasses import replace
from pathlib import Path

import pytest
from made_results import report

from untrain.errors import UserError
from untrain.report.content import Answer, Figure, Section, Spec
from untrain.report.data import Report
from untrain.report.export import FORMS, drawings, export
from untrain.report.sections import gone, healing

EVIL = "a_b & <script>"
NAMES = ("gone-coun", "healing-coun", "healing-coun-0-005", "relearning")
FEW = [gone.SECTION, healing.SECTION]


@pytest.fixture(scope="module")
def evil() -> Report:
    return report(methods=["coun", EVIL], seeds=3, audits=("accuracy", "verdict"))


@pytest.fixture(scope="module")
def files(evil: Report, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Path]]:
    folder = tmp_path_factory.mktemp("export") / "out"
    return folder, export(evil, FEW, folder)


def test_what_was_written_is_listed_and_nothing_else_is_there(
    files: tuple[Path, list[Path]],
) -> None:
    folder, written = files
    assert sorted(written) == sorted(path for path in folder.rglob("*") if path.is_file())
    assert [path.name for path in written[:3]] == ["results.csv", "table.md", "table.tex"]
    figures = {path.name for path in written[3:]}
    assert figures == {f"{n}.{k}" for n in NAMES for k in ("svg", "pdf")}


def test_the_csv_has_a_line_for_each_run(evil: Report, files: tuple[Path, list[Path]]) -> None:
    with (files[0] / "results.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert sorted(row["address"] for row in rows) == sorted(run.address for run in evil.runs)
    assert {row["row"] for row in rows} == {"original", "retrain", "coun", EVIL}
    assert all(float(row["retain_accuracy"]) > 50 for row in rows)


def test_names_are_no_commands_of_latex_nor_markup(files: tuple[Path, list[Path]]) -> None:
    tex, md = ((files[0] / f"table.{kind}").read_text() for kind in ("tex", "md"))
    assert r"a\_b \& \textless{}script\textgreater{}" in tex
    assert tex.count("{") == tex.count("}")
    assert tex.count(r"\begin") == tex.count(r"\end") == 2
    assert r"\<script\>" in md
    assert len({line.count("|") for line in md.splitlines() if line.startswith("| ")}) == 1


def test_figures_are_drawings(files: tuple[Path, list[Path]]) -> None:
    for path in files[1]:
        if path.suffix == ".svg":
            root = tree.fromstring(path.read_text())
            assert root.tag.endswith("svg")
            assert float(root.attrib["width"]) > 300
            assert "currentColor" not in path.read_text()
        if path.suffix == ".pdf":
            assert path.read_bytes().startswith(b"%PDF-")


def test_only_the_forms_that_are_asked_for(evil: Report, tmp_path: Path) -> None:
    assert [path.name for path in export(evil, FEW, tmp_path, ["md"])] == ["table.md"]
    (tmp_path / "table.md").write_text("old")
    export(evil, FEW, tmp_path, ["md"])
    assert (tmp_path / "table.md").read_text() != "old"


def test_each_chart_has_a_name_of_its_own(evil: Report) -> None:
    spec: Spec = {"mark": "point", "data": {"name": "points"}, "width": "container"}
    figure = Figure(
        key="a/b", title="", description="", specs=[spec, spec], table=_grid(evil),
        captions=["Original", "?"], datasets={"points": [{"x": 1}]},
    )  # fmt: skip
    answer = Answer(sentence="", parts=[figure, figure])
    section = Section(key="a", question="", reading="", answer=lambda *_: answer)
    (table,) = evil.tables
    twice = replace(evil, tables=(table, table))
    found = list(drawings(twice, [section]))
    assert len({one.name for one in found}) == len(found) == 8
    assert found[0].name.endswith("a-b-original")
    assert found[0].spec["datasets"] == {"points": [{"x": 1}]}
    assert found[0].spec["config"]["background"] == "#ffffff"


def test_a_choice_of_buttons_is_drawn_each_and_of_a_list_the_first(evil: Report) -> None:
    found = {one.name: one.spec for one in drawings(evil, FEW)}
    assert tuple(found) == NAMES
    rates = [found[name]["params"][0]["value"] for name in NAMES[1:3]]
    assert rates == ["0.05", "0.005"]


def _grid(of: Report):  # type: ignore[no-untyped-def]
    from untrain.bench.tables.main import grid

    return grid(of.tables[0])


def test_a_file_in_the_way_and_a_form_that_there_is_not(evil: Report, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(UserError, match="is a file"):
        export(evil, [], tmp_path / "out")
    with pytest.raises(UserError, match="png") as error:
        export(evil, [], tmp_path, ["png"])
    assert all(form in str(error.value) for form in FORMS)
