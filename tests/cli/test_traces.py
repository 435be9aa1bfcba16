"""`untrain traces`: what it prints, when it removes, and what it refuses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from mistakes import SMALL, Refused, filled

from untrain.cli.main import main
from untrain.files import lock
from untrain.runs.load import data_of
from untrain.runs.measure import measured
from untrain.runs.record import read

GATE = "no audit of a model that has forgotten them has ended in PASS"
Shown = pytest.CaptureFixture[str]


@pytest.fixture
def runs(made: Path, tmp_path: Path) -> Path:
    """An Original and what has forgotten class 1, with evidence of one."""
    folder = tmp_path / "runs"
    for name in ("original", "ft", "retrain", "both"):
        shutil.copytree(made / name, folder / name)
    shutil.copy(made / "ft" / "split.npz", folder / "ft" / "split.npz")
    measured(folder / "ft", data_of(read(folder / "ft"))[1])
    return folder


def told(args: list[str], shown: Shown) -> dict[str, list[str]]:
    """The lines of a listing by their heading, those of the files themselves."""
    shown.readouterr()
    assert main(["traces", *args]) == 0
    found: dict[str, list[str]] = {}
    heading = ""
    for line in shown.readouterr().out.splitlines():
        if line.startswith("  ") and not line.startswith("   "):
            found[heading].append("/".join(line.split()[0].split("/")[-2:]))
        elif line and not line.startswith(" "):
            heading = line
            found[heading] = []
    return {name: sorted(lines) for name, lines in found.items() if lines}


def test_a_listing_and_a_purge(runs: Path, capsys: Shown) -> None:
    first = told([f"{runs}/ft"], capsys)
    splits = ["1/split.npz", "2/split.npz"]
    splits += [f"{name}/split.npz" for name in ("ft", "original", "retrain")]
    assert first["--purge removes"] == sorted([*splits, "ft/evidence.npz"])
    assert first["--purge --models removes"] == ["original/model.safetensors"]
    assert "ft/model.safetensors" in first["stays"]
    after = told([f"{runs}/ft", "--purge", "--yes"], capsys)
    assert after["removed"] == first["--purge removes"]
    assert "--purge removes" not in after
    assert "removed" not in told(["--purge", f"{runs}/ft"], capsys)


def test_all_that_it_prints_as_json(runs: Path, capsys: Shown) -> None:
    capsys.readouterr()
    assert main(["traces", f"{runs}/ft", "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["request"] == {"images": 135, "rules": ["class:1"]}
    assert {trace["purge"] for trace in content["traces"]} == {"yes", "models", "no"}
    assert not content["removed"]
    assert "backups" in content["not_covered"]


@pytest.mark.parametrize(
    "args",
    [
        ["{runs}/ft"],
        ["{runs}", "--forget", "class:1"],
        ["--forget", "class:1", "{runs}"],
        ["--original", "{runs}/original", "--forget", "class:1"],
        ["{runs}/retrain", "{runs}/ft"],
    ],
)
def test_ways_to_name_them(args: list[str], runs: Path, capsys: Shown) -> None:
    found = told(filled(args, runs=runs), capsys)
    assert "ft/evidence.npz" in found["--purge removes"]


def test_the_runs_of_the_folder_here(
    runs: Path, capsys: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(runs.parent)
    shutil.rmtree(runs / "both")
    assert "ft/evidence.npz" in told([], capsys)["--purge removes"]


@pytest.mark.parametrize(("verdict", "code"), [("PASS", 0), ("INCONCLUSIVE", 4), ("", 4)])
def test_a_purge_needs_a_pass(verdict: str, code: int, runs: Path, capsys: Shown) -> None:
    if verdict:
        (runs / "ft" / "audit").mkdir()
        log = {"checkpoints": read(runs / "ft")["checkpoints"]}
        content = json.dumps({"verdict": verdict, "log": log})
        (runs / "ft" / "audit" / "verdict.json").write_text(content)
    assert main(["traces", f"{runs}/ft", "--purge"]) == code
    assert (GATE in capsys.readouterr().err) == bool(code)
    assert (runs / "ft" / "evidence.npz").exists() == bool(code)


def test_models_go_when_asked(runs: Path, capsys: Shown) -> None:
    told([f"{runs}/ft", "--purge", "--models", "--yes"], capsys)
    assert not (runs / "original" / "model.safetensors").exists()
    assert (runs / "ft" / "model.safetensors").exists()


def test_a_run_that_is_being_made_stops_a_purge(runs: Path, capsys: Shown) -> None:
    with lock(runs / "original"):
        assert main(["traces", f"{runs}/ft", "--purge", "--yes"]) == 3
    assert "Another process is working in" in capsys.readouterr().err
    assert (runs / "ft" / "evidence.npz").exists()


def test_a_folder_that_cannot_be_written_stops_a_purge(runs: Path, capsys: Shown) -> None:
    for name in ("original", "retrain"):
        (runs / name / ".lock").unlink()
        (runs / name / ".lock").mkdir()  # not even root can open it
    assert main(["traces", f"{runs}/ft", "--purge", "--yes"]) == 3
    error = capsys.readouterr().err
    assert error.count("cannot be written") == 2
    assert (runs / "ft" / "evidence.npz").exists()


MISTAKES = [
    (["{tmp}"], 3, "holds no run."),
    (["{tmp}/none"], 3, "holds no run."),
    (["{made}/orignal"], 3, "Did you mean {made}/original"),
    (["{made}/original"], 2, "has forgotten nothing."),
    (["{made}/ft", "{made}/original"], 2, "has forgotten nothing."),
    (["{made}"], 2, "have forgotten different images: class:1; class:1, then class:2; class:2"),
    (["{made}", "--forget", "class:1"], 2, "Originals: {made}/all, {made}/original"),
    (["{made}/both", "--forget", "class:1", "--original", "{made}/ft"], 2, "have erased all"),
    (["--original", "{made}/original", "--forget", "class:zebra"], 2, "Unknown class 'zebra'"),
    (["--original", "{made}/original", "--forget", "random:0"], 2, "neither a share"),
    (["--original", "{made}/original"], 2, "--original without --forget names no images"),
    (["{made}/ft", "--yes", "--models"], 2, "--models says how to purge"),
    (["{made}/ft", ""], 2, "A name is empty."),
    (["{made}/ft", "--prune"], 2, "--prune"),
]
"""Arguments, code, message."""


@pytest.mark.parametrize(("args", "code", "message"), MISTAKES)
def test_mistakes_are_told(
    args: list[str], code: int, message: str, made: Path, tmp_path: Path, refused: Refused
) -> None:
    told = refused(["traces", *filled(args, made=made, tmp=tmp_path)], code)
    assert message.format(made=made) in told


def test_all_mistakes_at_once(made: Path, tmp_path: Path, refused: Refused) -> None:
    args = ["traces", f"{made}/ft", "--original", "x", "--yes", "--models"]
    refused(args, 2, "--original without --forget", "--models says", "--yes says")


def test_runs_of_two_data_sets_are_two_requests(
    made: Path, tmp_path: Path, refused: Refused
) -> None:
    args = ["unlearn", "ft", "--original", f"{made}/painted", "--forget", "random:2", *SMALL[:2]]
    assert main([*args, "--out", f"{tmp_path}/two"]) == 0
    refused(["traces", f"{made}/ft", f"{tmp_path}/two"], 2, "are of different data sets")
