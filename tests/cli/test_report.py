"""`untrain report` as it is typed: what it measures, prints, writes, and what it refuses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from mistakes import Refused, edit, filled

from untrain.bench.numbers import statistics
from untrain.cli import measuring, page_file
from untrain.cli import report as verb
from untrain.cli.main import main

PAGE = '<!doctype html>\n<meta name="generator" content="untrain 0.1.0">\n'

REFUSED = [
    ([], 2, "No results are named.", "untrain report coun-table2"),
    ([""], 2, "A name is empty."),
    (["{tmp}/empty"], 2, "empty holds no run."),
    (["{tmp}/nothing"], 3, "is no folder of runs and no study", "No file"),
    (["coun-tabel2"], 2, "is no folder of runs and no study", "Did you mean 'coun-table2'?"),
    (["coun-table2", "--store", "{tmp}/none"], 3, "There is no store {tmp}/none yet."),
    (["coun-table2", "--store", "{made}"], 2, "is no store of runs"),
    (["{made}/original"], 2, "Nothing was forgotten in original"),
    (["{made}/ft/run.json"], 2, "is a file, not a folder of runs"),
    (["{made}/ft", "-o", "{tmp}/page.pdf"], 2, "page.pdf is no name of a web page"),
    (["{made}/ft", "-o", "{tmp}/mine.html"], 2, "mine.html is there already, and is no report"),
    (["{made}/ft", "-o", ""], 2, "--out is empty"),
    (["{made}/ft", "-o", "{tmp}/link.html"], 2, "mine.html is there already, and is no report"),
    (["{made}/ft", "-o", "{tmp}/round.html"], 2, "round.html is a link that leads to itself"),
    (["{made}/ft", "--export", "{tmp}/mine.html"], 2, "mine.html is a file."),
    (["{made}/ft", "--measure", "some"], 2, "invalid choice"),
    (["coun-table2", "cu-class", "cu-sample"], 2, "3 result sets are named."),
    (
        ["{tmp}/empty", "-o", "{tmp}/mine.html", "--export", "{tmp}/mine.html"],
        2,
        "empty holds no run",
        "mine.html is there already",
        "mine.html is a file",
    ),
]
"""Words, code, messages."""


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: " ".join(case[0]) or "nothing")
def test_what_cannot_be_reported_is_told(
    case: tuple[list[str], int, str], made: Path, tmp_path: Path, refused: Refused
) -> None:
    words, code, *messages = case
    (tmp_path / "empty").mkdir()
    (tmp_path / "mine.html").write_text("<p>my own page</p>")
    (tmp_path / "link.html").symlink_to("mine.html")
    (tmp_path / "round.html").symlink_to("round.html")
    places = {"made": made, "tmp": tmp_path}
    refused(["report", *filled(words, **places)], code, *filled(messages, **places))
    assert (tmp_path / "mine.html").read_text() == "<p>my own page</p>"


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page itself is drawn in tests of its own."""
    monkeypatch.setattr(
        "untrain.report.page.render", lambda report, sections, **more: PAGE + report.title
    )


def test_a_run_is_measured_with_its_family_and_answered(
    made: Path,
    copied: Callable[[str], Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    quickly: None,
) -> None:
    for name in ("original", "retrain"):
        shutil.copytree(made / name, tmp_path / name)
    run, page = copied("ft"), tmp_path / "page.html"
    assert main(["report", str(run), "-o", str(page)]) == 0
    told = capsys.readouterr()
    assert told.out.startswith("digits, small network, class 1 forgotten\n")
    assert "ft lies " in told.out.lower()
    assert "points from Retrain" in told.out
    assert f"{page} (0.0 MB" in told.out
    assert page.read_text() == PAGE + "digits, small network, class 1 forgotten"
    measured = {path.name for path in (run / "measures").iterdir()}
    assert measured >= {"accuracy.json", "destination.json"}
    assert not list(tmp_path.glob(".draft-*"))
    before = (run / "measures" / "accuracy.json").stat().st_mtime_ns
    assert main(["report", "-o", str(page), str(run)]) == 0  # a report is written over
    assert (run / "measures" / "accuracy.json").stat().st_mtime_ns == before


@pytest.mark.parametrize("there", [True, False])
def test_a_link_is_followed_and_stays(there: bool, tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    page, link = tmp_path / "pages" / "page.html", tmp_path / "link.html"
    link.symlink_to("pages/page.html")
    if there:
        page.write_text(PAGE)
    assert page_file.target(str(link)) == page
    assert link.is_symlink()


def test_a_measure_with_a_wrong_value_is_made_again(
    made: Path,
    copied: Callable[[str], Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    quickly: None,
) -> None:
    shutil.copytree(made / "retrain", tmp_path / "retrain")
    run, page = copied("ft"), str(tmp_path / "page.html")
    assert main(["report", str(run), "-o", page]) == 0
    answers = run / "measures" / "answers.json"
    whole = answers.read_text()
    content = json.loads(whole)
    content["values"]["accuracy"]["retain"]["0"] = [1]
    answers.write_text(json.dumps(content))
    capsys.readouterr()
    assert main(["report", str(run), "-o", page, "--measure", "none"]) == 0
    assert "ft: answers.json has something that is no pair" in capsys.readouterr().err
    assert main(["report", str(run), "-o", page]) == 0
    assert "answers.json" not in capsys.readouterr().err
    assert answers.read_text() == whole


@pytest.fixture
def moved(made: Path, copied: Callable[[str], Path], tmp_path: Path) -> Path:
    """A run and its Retrain, not measured, whose images are somewhere else."""
    data = {"data": f"folder:{tmp_path}/gone"}
    for name in ("ft", "retrain"):
        edit(copied(name), config={"data": data})
        shutil.rmtree(tmp_path / name / "measures", ignore_errors=True)
    return tmp_path / "ft"


@pytest.mark.parametrize("measure", ["none", "quick"])
def test_what_is_not_measured_and_cannot_be_is_told(
    measure: str, moved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(moved), "--measure", measure, "--out", str(tmp_path)]) == 3
    told = capsys.readouterr().err
    assert "is measured yet" in told
    assert "--data-root FOLDER" in told
    assert ("gone, where the images" in told) == (measure == "quick")
    assert not (tmp_path / "report.html").exists()


def test_where_images_have_gone_the_page_shows_what_is_there(
    made: Path,
    moved: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    quickly: None,
) -> None:
    for name in ("ft", "retrain"):
        weights = json.loads((tmp_path / name / "run.json").read_text())["checkpoints"]["child"]
        values = dict.fromkeys(statistics.GAP, 50.0)
        content = {"schema": 1, "audit": "accuracy", "rules": ["class:1"], "weights": weights}
        (tmp_path / name / "measures").mkdir()
        path = tmp_path / name / "measures" / "accuracy.json"
        path.write_text(json.dumps(content | {"values": values}))
    assert main(["report", str(moved), "--out", str(tmp_path / "page.html")]) == 0
    told = capsys.readouterr()
    assert "the page shows what is there" in told.err
    assert "ft lies 0.00 points" in told.out.lower()


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["a", "b"], ["--results", "a", "b"]),
        (["a", "-o", "p.html", "b"], ["--results", "a", "b", "--out", "p.html"]),
        (["--thumbnails", "a"], ["--results", "a", "--thumbnails"]),
        (["--results", "a", "--measure", "all"], ["--results", "a", "--measure", "all"]),
        (["-o=p.html", "a", "--size=paper"], ["--results", "a", "--out=p.html", "--size=paper"]),
    ],
)
def test_words_may_stand_anywhere(args: list[str], expected: list[str]) -> None:
    assert verb.ordered(args) == expected


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (["split.npz", "model.safetensors"], ("answers", "centroids")),
        (["split.npz", "evidence.npz"], ("answers",)),
        (["evidence.npz"], ()),
    ],
)
def test_what_can_be_measured_depends_on_what_is_there(
    there: list[str], expected: tuple[str, ...], tmp_path: Path
) -> None:
    for name in there:
        (tmp_path / name).touch()
    one: Any = SimpleNamespace(folder=SimpleNamespace(path=tmp_path))
    assert measuring.possible(one, ("answers", "centroids")) == expected
