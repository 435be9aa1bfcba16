"""untrain tune: trials, what is kept of them, going on after a stop, and what is refused."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from mistakes import SMALL, Refused

from untrain.cli.main import main
from untrain.engine.steps import Steps
from untrain.tune.search import Search
from untrain.tune.trial import Work

RANGE = ["--search", "lr=0.001:1"]
FAST = ["--epochs", "1", "--batch", "64", "--threads", "1"]


def tune(made: Path, out: Path, *flags: str, method: str = "ft") -> list[str]:
    start = ["tune", method, "--original", f"{made}/original"]
    start += [] if "--forget" in flags else ["--forget", "random:0.2"]
    return [*start, *flags, "--out", str(out)]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An Original of 300 digits, beside its folder."""
    out = tmp_path_factory.mktemp("small")
    assert main(["train", "--limit", "300", *SMALL, "--out", f"{out}/original"]) == 0
    return out


def stored(out: Path, name: str = "trials.json") -> dict[str, Any]:
    content: dict[str, Any] = json.loads((out / name).read_text())
    return content


@pytest.fixture(scope="module")
def searched(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("tune") / "run"
    flags = ["--trials", "3", "--max-utility-loss", "100", *RANGE, *FAST]
    assert main(tune(small, out, *flags)) == 0
    return out


def timeless(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: row[name] for name in row if name != "seconds"} for row in rows]


def test_the_best_trial_is_a_run_and_the_others_are_gone(searched: Path) -> None:
    rows, run = stored(searched)["trials"], stored(searched / "best", "run.json")
    assert sorted(path.name for path in searched.iterdir()) == [".lock", "best", "trials.json"]
    assert len(rows) == 3
    accepted = [row for row in rows if not row["why"]]
    best = min(accepted or rows, key=lambda row: row["objective"])
    assert run["checkpoints"]["child"] == best["weights"]
    assert run["config"]["method"]["lr"] == best["values"]["lr"]
    assert run["label"] == "ft (tune)"
    choice = run["choice"]
    assert (choice["by"], choice["looked"], choice["candidates"]) == ("tune", "half", 3)
    assert choice["trace"] == rows
    assert choice["cost"]["trials"] == 3
    assert choice["cost"]["flops"] > 3 * run["cost"]["flops"]
    assert choice["RTE_with_search"] == choice["cost"]["seconds"] > run["cost"]["seconds"]
    assert best.get("probe")


def test_the_best_run_is_as_any_other(
    small: Path, searched: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", f"{small}/original", f"{searched}/best", "--md"]) == 0
    assert "ft (tune)" in capsys.readouterr().out


def test_the_same_command_shows_the_table_again_and_more_trials_go_on(
    small: Path, searched: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--max-utility-loss", "100", *RANGE, *FAST]
    before = stored(searched)
    capsys.readouterr()
    assert main(tune(small, searched, *flags, "--trials", "3")) == 0
    shown = capsys.readouterr()
    assert stored(searched) == before
    assert "trial 1/3" not in shown.err
    head, start, *rows = shown.out.splitlines()
    assert head.split() == ["trial", "lr", "J", "AUC", "FA", "goal", "RA", "VA", "H"]
    assert start.split()[0] == "start"
    assert sum("best, " in row for row in rows) == 1
    assert f"Best: {searched}/best (ft (tune)), --lr" in shown.out
    assert "The search took" in shown.out


@pytest.mark.parametrize(
    "place", ["train", "keep", pytest.param("measure", marks=pytest.mark.slow)]
)
def test_a_search_that_was_stopped_goes_on_to_the_same_end(
    place: str, small: Path, searched: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed within a trial, after it before it is written, and before the best one is moved."""
    out, calls = tmp_path / "run", []
    command = tune(small, out, "--trials", "3", "--max-utility-loss", "100", *RANGE, *FAST)

    def killed(owner: Any, name: str, at: int) -> None:
        real = getattr(owner, name)

        def sometimes(*args: Any, **options: Any) -> Any:
            calls.append(name)
            if len(calls) == at:
                raise KeyboardInterrupt
            return real(*args, **options)

        monkeypatch.setattr(owner, name, sometimes)

    if place == "train":
        killed(Steps, "_step", 11)
    elif place == "measure":
        killed(Work, "measured", 3)
    else:
        killed(Search, "keep", 3)
    assert main(command) == 130
    assert len(calls) > 1
    monkeypatch.undo()
    assert main(command) == 0
    assert timeless(stored(out)["trials"]) == timeless(stored(searched)["trials"])
    mine, theirs = (stored(one / "best", "run.json") for one in (out, searched))
    assert mine["checkpoints"] == theirs["checkpoints"]
    assert mine["notes"] == theirs["notes"]
    assert sorted(path.name for path in out.iterdir()) == [".lock", "best", "trials.json"]


def test_a_trial_that_diverges_or_is_no_method_is_a_row(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    flags = ["--trials", "3", "--search", "lr=1e30:1e33", "--lr", "1e31", *FAST]
    assert main(tune(small, out, *flags)) == 0
    rows = stored(out)["trials"]
    assert all("diverged" in row["why"] or "not finite" in row["why"] for row in rows)
    assert "No trial has given a model" in capsys.readouterr().out
    assert sorted(path.name for path in out.iterdir()) == [".lock", "trials.json"]


def test_a_one_shot_method_and_a_class_can_be_searched(small: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    flags = ["--forget", "class:1", "--trials", "1", "--threads", "1"]
    assert main(tune(small, out, *flags, method="ssd")) == 0
    assert set(stored(out)["trials"][0]["values"]) == {"alpha", "lam"}
    assert stored(out / "best", "run.json")["label"] == "ssd (tune)"


def test_the_oracle_is_named(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    flags = ["--forget", "class:1", "--select", "oracle", "--retrain", f"{made}/retrain"]
    assert main(tune(made, out, *flags, "--trials", "2", *FAST)) == 0
    run = stored(out / "best", "run.json")
    assert run["label"] == "ft (oracle)"
    assert run["choice"]["by"] == "oracle"
    assert not any(row.get("probe") for row in run["choice"]["trace"])
    assert "gap" in capsys.readouterr().out.splitlines()[0]


@pytest.mark.parametrize(
    ("method", "flags", "code", "messages"),
    [
        (
            "coun",
            ["--search", "lr=2:1,lamb=0.1:6", "--trials", "0", "--margin", "1", "--tau", "-1"],
            2,
            ["--trials 0", "--margin 1", "--tau -1"],
        ),
        (
            "coun",
            ["--search", "lr=2:1,lamb=0.1:6,tau=0.1:0.1,schedule=1:2"],
            2,
            ["lower end above", "Unknown field 'lamb'", "tau=0.1:0.1 is empty", "is no number"],
        ),
        ("mask-class", [], 2, ["'mask-class' has nothing to search", "untrain unlearn mask-class"]),
        ("retrain", [], 2, ["'retrain' starts from fresh weights"]),
        ("ft", ["--original", "{made}/all"], 2, ["There is no val set to choose on"]),
        ("ft", ["--original", "{made}/none"], 3, ["none holds no run"]),
        ("ft", ["--out", ""], 2, ["--out is missing"]),
        ("ft", ["--out", "{made}/ft"], 2, ["ft holds something else"]),
        ("ft", ["--forget", ""], 2, ["--forget is missing"]),
        ("ft", ["--select", "oracle"], 2, ["needs a Retrain"]),
        ("ft", ["--retrain", "{made}/retrain"], 2, ["acts with --select oracle alone"]),
        (
            "ft",
            ["--select", "oracle", "--retrain", "{made}/retrain"],
            2,
            ["is the Retrain of another request"],
        ),
        ("ft", ["--max-utility-loss", "101"], 2, ["--max-utility-loss 101 is out of range"]),
        ("ft", ["--search", "contrastive.lam=0.1:6"], 2, ["Unknown field 'contrastive.lam'"]),
        ("--lr", [], 2, ["The method is missing", "untrain tune METHOD"]),
        ("nott", [], 2, ["Unknown method 'nott'. Did you mean 'not'"]),
    ],
)
def test_mistakes(
    method: str,
    flags: list[str],
    code: int,
    messages: list[str],
    made: Path,
    refused: Refused,
    tmp_path: Path,
) -> None:
    filled = [flag.format(made=made) for flag in flags]
    args = tune(made, tmp_path / "run", method=method)
    for name in ("--original", "--forget", "--out"):
        if name in filled:
            place = args.index(name)
            del args[place : place + 2]
    refused([*args, *filled], code, *messages)


def test_the_folder_of_another_search_is_refused(
    small: Path, searched: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = stored(searched)
    assert main(tune(small, searched, "--search", "lr=0.01:1", *FAST)) == 2
    assert "holds another search" in capsys.readouterr().err
    assert stored(searched) == before


def test_a_damaged_storage_is_told(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "trials.json").write_text('{"trials": [')
    assert main(tune(made, tmp_path / "run", *FAST)) == 2
    assert "trials.json is damaged" in capsys.readouterr().err


def test_without_optuna_it_says_how_to_get_it(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: Refused
) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    refused(tune(made, tmp_path / "run"), 3, "Optuna", "pip install 'untrain[tune]'")
