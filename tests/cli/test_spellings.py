"""What looks like a mistake and is none: other spellings, places and orders of the same."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from mistakes import SMALL

from untrain.cli.main import main


@pytest.mark.parametrize(
    "switch", [["--no-per-step"], ["--per-step", "False"], ["--per-step=false"]]
)
def test_a_finished_run_is_found_however_its_flags_are_written(
    switch: list[str],
    made: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text("lr-min = 1e-4\nlr = 0.1\n", encoding="utf-8-sig")
    monkeypatch.chdir(made / "pictures")
    assert main(["train", *SMALL, *switch, f"--recipe={recipe}", "--out", "../original/"]) == 0
    assert "is there already" in capsys.readouterr().err


@pytest.mark.parametrize("switch", [["--rewind"], ["--rewind", "True"], ["--rewind=true"]])
def test_a_switch_needs_no_value(switch: list[str], made: Path, tmp_path: Path) -> None:
    args = ["unlearn", "scrub", "--original", f"{made}/original", "--forget", "class:1"]
    assert main([*args, "--epochs", "1", *switch, "--out", f"{tmp_path}/run"]) == 0
    assert json.loads((tmp_path / "run" / "run.json").read_text())["config"]["method"]["rewind"]


@pytest.mark.parametrize("seed", ["-1", str(10**30)])
def test_any_whole_number_is_a_seed(seed: str, tmp_path: Path) -> None:
    assert main(["train", *SMALL, "--seed", seed, "--out", f"{tmp_path}/run"]) == 0


def test_a_home_folder_that_no_shell_has_named_is_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert main(["train", *SMALL, "--out=~/mine"]) == 0
    assert (tmp_path / "mine" / "run.json").exists()


def test_folders_of_the_audit_may_follow_its_switches(
    made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", "--json", f"{made}/original", f"{made}/ft"]) == 0
    json.loads(capsys.readouterr().out)


def test_a_moved_run_is_what_it_was(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    moved = shutil.copytree(made / "ft", tmp_path / "läuft noch")
    assert main(["audit", f"{made}/original", str(moved), "--json"]) == 0
    assert "class:1" in capsys.readouterr().out


@pytest.mark.parametrize("below", ["", "pictures"])
def test_pictures_that_have_moved_are_found_where_the_root_says(
    below: str, made: Path, tmp_path: Path
) -> None:
    shutil.copytree(made / "pictures", tmp_path / "pictures")
    args = ["unlearn", "ft", "--original", f"{made}/painted", "--forget", "class:cat"]
    args += ["--epochs", "1", "--data-root", str(tmp_path / below), "--out", f"{tmp_path}/run"]
    assert main(args) == 0
    data = json.loads((tmp_path / "run" / "run.json").read_text())["config"]["data"]["data"]
    assert data == f"folder:{tmp_path}/pictures"
