"""Runs in trackers: what is there is what run.json says, once, whatever has happened between."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from logged import SMALL

from untrain.cli.main import main
from untrain.engine.device import Device
from untrain.engine.loop import Observer
from untrain.runs import sequence
from untrain.runs.execute import execute
from untrain.runs.plan import Plan

Seen = Callable[[], tuple[dict[str, Any], dict[str, str]]]


def record(run: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((run / "run.json").read_text())
    return content


def curve(run: Path, name: str = "loss") -> list[tuple[int, Any]]:
    rows = record(run)["curve"]
    return [(step, pytest.approx(row[name], rel=1e-6)) for step, row in enumerate(rows, 1)]


@pytest.fixture
def flags(tracker: str, tmp_path: Path) -> list[str]:
    return ["--track", tracker, "--track-to", str(tmp_path / "tracker")]


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """The next run is stopped by this after its second pass, when trackers have seen that."""

    def arrange(error: BaseException) -> None:
        def stop(plan: Plan, out: Path, device: Device, observe: Observer) -> bool:
            def seen(done: float, row: dict[str, Any] | None) -> None:
                observe(done, row)
                if row and done == 2:
                    monkeypatch.undo()
                    raise error

            return execute(plan, out, device, seen)

        monkeypatch.setattr(sequence, "execute", stop)

    return arrange


def test_a_run_is_logged_and_has_the_same_bits(
    flags: list[str], seen: Seen, original: Path, tmp_path: Path
) -> None:
    run = tmp_path / "original"
    assert main(["train", *SMALL, "--out", str(run), *flags]) == 0
    assert record(run)["checkpoints"] == record(original)["checkpoints"]
    assert record(run)["key"] == record(original)["key"]
    curves, status = seen()
    assert status == {"original": "FINISHED"}
    for name in ("loss", "lr"):
        assert curves["original"][name] == curve(run, name)
    assert curves["original"]["cost/flops"] == [
        (3, pytest.approx(record(run)["cost"]["flops"], rel=1e-6))
    ]


@pytest.mark.parametrize("save_every", ["0", "1000"])
def test_a_run_that_goes_on_does_so_in_the_trackers_run(
    save_every: str,
    flags: list[str],
    seen: Seen,
    stopped: Callable[[BaseException], None],
    tmp_path: Path,
) -> None:
    """From the state of its last step, and from the beginning where none was saved yet."""
    run = tmp_path / "original"
    command = ["train", *SMALL, "--save-every", save_every, "--out", str(run), *flags]
    stopped(KeyboardInterrupt())
    assert main(command) == 130
    curves, status = seen()
    assert status == {"original": "KILLED"}
    assert [step for step, _ in curves["original"]["loss"]] == [1, 2]
    assert main(command) == 0
    curves, status = seen()
    assert status == {"original": "FINISHED"}
    assert curves["original"]["loss"] == curve(run)


def test_a_run_that_fails_is_failed(
    flags: list[str], seen: Seen, stopped: Callable[[BaseException], None], tmp_path: Path
) -> None:
    stopped(RuntimeError())
    with pytest.raises(RuntimeError):
        main(["train", *SMALL, "--out", str(tmp_path / "original"), *flags])
    assert seen()[1] == {"original": "FAILED"}


def test_each_request_is_a_run_and_those_that_are_there_already_are_logged_once(
    tracker: str, flags: list[str], seen: Seen, original: Path, tmp_path: Path
) -> None:
    out = tmp_path / "scrub"
    command = ["unlearn", "scrub", "--original", str(original), "--forget", "class:1"]
    between = "-" if tracker == "tensorboard" else " "
    command += ["--forget", "class:2", "--epochs", "1", "--threads", "1", "--out", str(out)]
    assert main(command) == 0
    for _ in range(2):
        assert main([*command, *flags]) == 0
        curves, status = seen()
        assert sorted(status) == [f"scrub{between}scrub-{number}" for number in (1, 2)]
        for number, name in enumerate(sorted(curves), 1):
            rows = record(out / str(number))["curve"]
            assert [row["role"] for row in rows] == ["ascend", "descend"]
            for step, row in enumerate(rows, 1):
                found = curves[name][f"loss/{row['role']}"]
                assert found == [(step, pytest.approx(row["loss"], rel=1e-6))]


def test_a_run_without_passes_is_logged(
    flags: list[str], seen: Seen, original: Path, tmp_path: Path
) -> None:
    command = ["unlearn", "ssd", "--original", str(original), "--forget", "class:1"]
    command += ["--threads", "1", "--out", str(tmp_path / "ssd"), *flags]
    assert main(command) == 0
    curves, status = seen()
    assert status == {"ssd": "FINISHED"}
    assert curves["ssd"]["cost/steps"] == [(0, 0)]


def test_who_asked_to_be_forgotten_is_not_logged(original: Path, tmp_path: Path) -> None:
    listed = tmp_path / "alice.txt"
    listed.write_text(f"{np.load(original / 'split.npz')['retain'][0]}\n")
    command = ["unlearn", "ft", "--original", str(original), "--forget", f"ids:{listed}"]
    command += ["--epochs", "1", "--threads", "1", "--out", str(tmp_path / "ft")]
    assert main([*command, "--track", "tensorboard", "--track-to", str(tmp_path / "board")]) == 0
    (file,) = (tmp_path / "board").glob("*/events*")
    written = file.read_bytes()
    assert b"alice" not in written
    assert b"ids:..." in written
    assert b"| untrain.request.1.images | 1 |" in written
    assert record(tmp_path / "ft")["key"].encode() in written
    assert record(tmp_path / "ft")["requests"][0]["keys"].encode() not in written
