"""`untrain audit RUN`: the page, what it leaves, the gate, and what cannot be judged."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from mistakes import SMALL, Refused, edit

from untrain.cli.main import main
from untrain.verdict import relearn

FAST = ["--healing", "1", "--threads", "1"]


@pytest.fixture(autouse=True)
def short_lessons(monkeypatch: pytest.MonkeyPatch) -> None:
    """Relearning gives up after two passes."""
    monkeypatch.setattr(relearn, "CAP", 2)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An Original, two models that forgot 150 images, and a Retrain."""
    out = tmp_path_factory.mktemp("verdict")
    forget = ["--forget", "random:150"]
    start = ["unlearn", "ft", "--original", f"{out}/original", *forget, "--threads", "1"]
    for args in (
        ["train", *SMALL, "--holdout", "0.4", "--out", f"{out}/original"],
        ["train", *SMALL, "--holdout", "0.4", *forget, "--out", f"{out}/retrain"],
        [*start, "--epochs", "1", "--out", f"{out}/ft"],
        [*start, "--epochs", "2", "--out", f"{out}/other"],
    ):
        assert main(args) == 0
    return out


def test_a_page_is_printed_and_kept(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", f"{runs}/ft", *FAST, "--max-utility-loss", "50"]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("Result: ")
    assert "Erase 150 images, all audited" in " ".join(shown.out.split())
    assert "limit of 50 points of lost test accuracy was kept" in shown.out
    assert "healing ft" in shown.err
    kept = json.loads((runs / "ft/audit/verdict.json").read_text())
    assert kept["verdict"] in shown.out.splitlines()[0]
    assert (
        kept["log"]["checkpoints"]["child"]
        == json.loads((runs / "ft/run.json").read_text())["checkpoints"]["child"]
    )
    assert len(kept["evidence"]) == 64
    assert (runs / "ft/audit/verdict.md").read_text().startswith("# Audit of ft")
    # again: everything that was trained is there
    assert main(["audit", f"{runs}/ft", *FAST, "--json"]) == 0
    again = capsys.readouterr()
    assert "healing ft" not in again.err
    assert json.loads(again.out)["findings"] == kept["findings"]


def test_a_gate_lets_only_a_pass_through(runs: Path) -> None:
    assert main(["audit", f"{runs}/ft", *FAST, "--gate"]) == 4


def test_a_retrain_stands_beside_it(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    args = ["audit", f"{runs}/ft", "--retrain", f"{runs}/retrain", *FAST]
    assert main([*args, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {row["label"] for row in found["table"]["rows"]} == {"retrain", "ft"}
    level = next(one for one in found["findings"] if one["key"] == "level")
    assert set(level["beside"]) == {"original", "retrain", "chance"}
    assert main([*args, "--md"]) == 0
    shown = capsys.readouterr().out
    assert "## Findings" in shown
    assert "| ft |" in shown


def test_several_runs_are_judged_in_a_table(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = [f"{runs}/ft", f"{runs}/other"]
    assert main(["audit", *names, "--verdict", "--benchmark", *FAST, "--md"]) == 0
    assert capsys.readouterr().out.count("| INCONCLUSIVE |") == 2
    counted = json.loads((runs / "original/audits.json").read_text())
    assert [len(tried) for tried in counted.values()] == [1]  # ft, by the tests before
    assert main(["audit", *names, "--verdict", *FAST, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["verdicts"]
    assert [one["terms"]["candidates"] for one in found] == [1, 2]


def test_the_gate_needs_a_run_that_was_recorded_truly(
    runs: Path, tmp_path: Path, refused: Refused
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(runs / "ft", copy)
    split = json.loads((copy / "run.json").read_text())["split"]
    split["forget"]["keys"] = "0" * 64
    edit(copy, split=split)
    args = ["audit", str(copy), "--original", f"{runs}/original"]
    refused(args, 2, "run.json and split.npz differ about forget")


MISTAKES = [
    (["{runs}/original"], 2, "original has forgotten nothing"),
    (["{runs}/ft", "--margin", "0"], 2, "--margin 0.0 is not in (0, 0.5)"),
    (["{runs}/ft", "--healing", "0"], 2, "--healing 0 is under 1"),
    (["{runs}/ft", "--healing-lr", "-1"], 2, "--healing-lr -1.0 is no rate"),
    (["{runs}/ft", "{runs}/original", "--gate"], 2, "--gate needs verdicts"),
    (["{runs}/ft", "--choosing", "--verdict"], 2, "A verdict is not for choosing"),
    (["{runs}/ft", "--original", "{runs}/none"], 3, "holds no run"),
    (["{runs}/ft", "--original", "{runs}/retrain"], 2, "began with another model"),
    (["{runs}/ft", "--reference", "{runs}/original"], 2, "was trained on 150 of the forgotten"),
    (["{runs}/ft", "--reference", "{made}/original"], 2, "was trained on"),
    (["{runs}/ft", "--retrain", "{runs}/original"], 2, "not of Retrain"),
    (["{runs}/ft", "--device", "cuda"], 3, "No GPU is available"),
]


@pytest.mark.parametrize(("args", "code", "message"), MISTAKES)
def test_what_cannot_be_judged_is_told(
    args: list[str], code: int, message: str, runs: Path, made: Path, refused: Refused
) -> None:
    filled = [arg.format(runs=runs, made=made) for arg in args]
    refused(["audit", *filled, *([] if "--healing" in args else FAST)], code, message)


def test_all_mistakes_are_told_at_once(runs: Path, refused: Refused) -> None:
    args = ["audit", f"{runs}/original", "--margin", "9", "--reference", f"{runs}/none"]
    refused(args, 3, "has forgotten nothing", "--margin 9.0", "holds no run")
