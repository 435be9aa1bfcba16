"""--select: what is recorded, under which name, what is refused, and that nothing else changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from untrain.cli.main import main
from untrain.data.sets.halves import tune_half
from untrain.data.sets.splits import key_hash

SMALL = ["--batch", "64", "--threads", "1"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An Original, one without a holdout, FT with and without a choice, and Retrains."""
    out = tmp_path_factory.mktemp("select")
    train = ["train", "--limit", "400", "--epochs", "2", "--width", "4", *SMALL]
    forget = ["--forget", "random:0.2"]
    for args in (
        [*train, "--out", f"{out}/original"],
        [*train, "--holdout", "0", "--out", f"{out}/all"],
        [*train, *forget, "--out", f"{out}/retrain"],
        [*train, "--forget", "class:1", "--out", f"{out}/other"],
        unlearn(out, "ft", "--out", f"{out}/plain"),
        unlearn(out, "ft", *EARLY, "--out", f"{out}/early"),
        unlearn(out, "ft", *ORACLE, f"{out}/retrain", "--out", f"{out}/oracle"),
        unlearn(out, "cu", "--out", f"{out}/cu"),
    ):
        assert main(args) == 0
    return out


EARLY = ["--select", "early", "--margin", "0.2", "--max-utility-loss", "100"]
ORACLE = ["--select", "oracle", "--retrain"]


def unlearn(out: Path, method: str, *flags: str, original: str = "original") -> list[str]:
    epochs = [] if method in ("ssd", "mask-class") else ["--epochs", "2", "--batch", "64"]
    forget = [] if "--forget" in flags else ["--forget", "random:0.2"]
    start = ["unlearn", method, "--original", f"{out}/{original}", *forget, *epochs]
    return [*start, "--threads", "1", *flags]


def record(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "run.json").read_text())
    return content


def tune_hash(folder: Path) -> str:
    """Of the tune half, from the keys and labels that the run has left."""
    from sklearn.datasets import load_digits

    keys = np.load(folder / "split.npz")["forget"]
    labels = load_digits().target[[int(key.rpartition("/")[2]) for key in keys]]
    return key_hash(keys[tune_half(keys, labels)])


def test_what_was_chosen_and_seen_is_recorded(runs: Path) -> None:
    run = record(runs / "early")
    choice = run["choice"]
    assert run["label"] == "ft (early)"
    assert run["config"]["select"] == {
        "select": "early",
        "margin": 0.2,
        "max_utility_loss": 100.0,
    }
    assert choice["by"] == "early"
    assert choice["looked"] == "half"
    assert choice["seen"] == tune_hash(runs / "early")
    assert choice["candidates"] == len(choice["trace"]) - 1
    assert choice["converged"]
    assert choice["checkpoint"] == choice["trace"][-2]["at"]
    assert choice["trace"][-2]["probe"]["accepted"]
    assert choice["cost"]["flops"] > run["cost"]["flops"] > 0
    assert run["cost"]["flops"] < record(runs / "plain")["cost"]["flops"]


def test_without_a_choice_nothing_is_recorded_and_the_key_is_another(runs: Path) -> None:
    plain, early = record(runs / "plain"), record(runs / "early")
    assert "choice" not in plain
    assert "select" not in plain["config"]
    assert plain["label"] == "ft"
    assert plain["key"] != early["key"]


def test_the_oracle_is_named_in_every_output(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = record(runs / "oracle")
    assert run["label"] == "ft (oracle)"
    assert run["choice"]["by"] == "oracle"
    assert "Chosen (oracle)" in run["notes"][0]
    for form in ([], ["--md"], ["--json"]):
        folders = [str(runs / name) for name in ("original", "oracle")]
        assert main(["audit", *folders, *form, "--retrain", f"{runs}/retrain"]) == 0
        assert "ft (oracle)" in capsys.readouterr().out


def test_a_method_with_a_stop_of_its_own_has_seen_all_forgotten_images(runs: Path) -> None:
    run = record(runs / "cu")
    choice = run["choice"]
    assert run["label"] == "cu"
    assert (choice["by"], choice["looked"]) == ("method", "all")
    assert choice["seen"] == run["split"]["forget"]["keys"]
    assert choice["candidates"] == run["measured"]["forget"] >= 1
    assert "measured" not in record(runs / "plain")


def test_its_own_stop_is_told_beside_another_choice(runs: Path, tmp_path: Path) -> None:
    args = unlearn(runs, "cu", "--select", "early", "--out", f"{tmp_path}/run")
    assert main(args) == 0
    run = record(tmp_path / "run")
    assert (run["choice"]["by"], run["choice"]["looked"]) == ("early", "all")
    assert run["choice"]["seen"] == run["split"]["forget"]["keys"]
    assert any("on all forgotten images" in note for note in run["notes"])


def test_a_finished_one_is_there_and_another_choice_is_refused(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = unlearn(runs, "ft", *EARLY, "--out", f"{runs}/early")
    assert main(again) == 0
    assert "is there already" in capsys.readouterr().err
    assert main(unlearn(runs, "ft", "--out", f"{runs}/early")) == 2
    assert "--select early, not none" in capsys.readouterr().err


def test_each_of_several_requests_has_a_choice(runs: Path, tmp_path: Path) -> None:
    twice = ["--forget", "random:0.2", "--forget", "random:0.1"]
    assert main(unlearn(runs, "ft", *twice, *EARLY, "--out", f"{tmp_path}/run")) == 0
    one, two = (record(tmp_path / "run" / stage)["choice"] for stage in "12")
    assert one["seen"] == tune_hash(tmp_path / "run" / "1")
    assert two["seen"] == tune_hash(tmp_path / "run" / "2") != one["seen"]
    assert "choices_before" not in record(tmp_path / "run" / "1")
    (before,) = record(tmp_path / "run" / "2")["choices_before"]
    assert before == {name: one[name] for name in ("by", "seen", "looked")}


@pytest.mark.parametrize(
    ("method", "flags", "original", "messages"),
    [
        ("ssd", EARLY, "original", ["'ssd' acts in one shot", "untrain tune"]),
        ("ft", EARLY, "all", ["There is no val set to choose on", "--holdout 0.1"]),
        ("retrain", EARLY, "original", ["starts from fresh weights"]),
        ("ft", ["--select", "oracle"], "original", ["needs a Retrain to compare with"]),
        ("ft", ["--retrain", "{runs}/retrain"], "original", ["acts with --select oracle alone"]),
        ("ft", [*ORACLE, "{runs}/plain"], "original", ["is a run of 'ft', not of Retrain"]),
        ("ft", [*ORACLE, "{runs}/other"], "original", ["is the Retrain of another request"]),
        ("ft", [*ORACLE, "{runs}/none"], "original", ["holds no run"]),
        ("ft", ["--margin", "0.7"], "original", ["--margin 0.7 is out of range"]),
        (
            "ft",
            ["--margin", "0", "--max-utility-loss", "-1", "--select", "oracle"],
            "original",
            ["--margin 0 is", "--max-utility-loss -1 is", "needs a Retrain"],
        ),
        (
            "ft",
            ["--forget", "random:2", "--select", "early"],
            "original",
            ["Of 2 forgotten images a choice may see 0", "too few"],
        ),
        (
            "ft",
            ["--forget", "class:1", "--forget", "class:2", *ORACLE, "{runs}/retrain"],
            "original",
            ["--select oracle takes one request, and --forget names 2"],
        ),
        (
            "ssd",
            [*EARLY, "--alpha", "-1"],
            "all",
            ["--alpha -1"],
        ),
    ],
)
def test_what_cannot_be_is_refused_before_work(
    method: str,
    flags: list[str],
    original: str,
    messages: list[str],
    runs: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    filled = [flag.format(runs=runs) for flag in flags]
    args = unlearn(runs, method, *filled, "--out", f"{tmp_path}/run", original=original)
    assert main(args) in (2, 3)
    told = " ".join(capsys.readouterr().err.split())
    assert all(message in told for message in messages), told
    assert not (tmp_path / "run").exists()
