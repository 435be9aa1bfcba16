"""Trackers that are not there, cannot be reached or fail, and what is told then."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from importlib.util import find_spec
from pathlib import Path

import pytest
from logged import SMALL

from untrain.cli.main import main
from untrain.runs import sequence
from untrain.runs.tracking.content import About, public
from untrain.runs.tracking.tensorboard import TensorBoard
from untrain.runs.tracking.trackers import Tracker, Tracking, connect

TWO = ["--track", "tensorboard", "--track", "mlflow"]
SECRET = "http://me:secret@localhost:5000"


@pytest.mark.parametrize(
    ("flags", "code", "told"),
    [
        (["--track", "tensorbord"], 2, "Unknown tracker 'tensorbord'. Did you mean 'tensorboard'?"),
        ([*TWO, *TWO], 2, "--track names one tracker twice."),
        (["--track-to", "here"], 2, "--track-to is given once, --track never."),
        ([*TWO, "--track-to", "here"], 2, "--track-to is given once, --track twice."),
        (["--track", "mlflow", "--track-to", SECRET], 2, "a user's name or password"),
        (["--track", "tensorboard", "--track-to", "s3://bucket"], 2, "writes into a folder"),
        (["--track", "tensorboard", "--track-to", "{file}"], 3, "cannot be written: File exists."),
    ],
)
def test_a_mistake_is_told_before_anything_trains(
    flags: list[str],
    code: int,
    told: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "file").touch()
    flags = [flag.format(file=tmp_path / "file") for flag in flags]
    assert main(["train", *SMALL, "--out", str(tmp_path / "run"), *flags]) == code
    shown = capsys.readouterr().err
    assert told in shown
    assert "secret" not in shown
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("tracker", "package"), [("tensorboard", "tensorboardX"), ("mlflow", "mlflow")]
)
def test_a_missing_package_is_told_before_anything_trains(
    tracker: str,
    package: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    run = str(tmp_path / "run")
    assert main(["train", *SMALL, "--holdout", "2", "--out", run, "--track", tracker]) == 3
    shown = capsys.readouterr().err
    assert f"--track {tracker} needs the package {package}." in shown
    assert f"pip install 'untrain[{tracker}]'" in shown
    assert "holdout" in shown, "all problems are told at once"
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.skipif(find_spec("mlflow") is None, reason="mlflow is not installed")
def test_a_server_that_does_not_answer_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--track", "mlflow", "--track-to", "http://127.0.0.1:9"]
    assert main(["train", *SMALL, "--out", "run", *flags]) == 3
    assert "MLflow does not answer" in capsys.readouterr().err


class Shaky:
    """Fails at some of its calls."""

    name, where, failures = "shaky", "here", (OSError,)

    def __init__(self, *failing: int) -> None:
        self.failing, self.calls, self.steps = failing, 0, list[int]()

    def _call(self) -> None:
        self.calls += 1
        if self.calls in self.failing:
            raise OSError("the server has gone\nby the way")

    def begin(self, about: About, new: bool) -> int | None:
        self._call()
        return len(self.steps)

    def log(self, step: int, values: Mapping[str, float]) -> None:
        self._call()
        self.steps.append(step)

    def end(
        self, status: str, step: int, values: Mapping[str, float], tags: Mapping[str, str]
    ) -> None:
        self._call()


@pytest.mark.parametrize(
    ("failing", "steps", "logged"),
    [
        ((), [1, 2, 3], True),
        ((1,), [1, 2, 3], True),
        ((3,), [1, 2, 3], True),
        ((5,), [1, 2, 3], False),
        ((3, 4), [1], False),
    ],
)
def test_a_tracker_that_fails_is_told_once_and_asked_again_at_the_end(
    failing: tuple[int, ...],
    steps: list[int],
    logged: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shaky: Tracker = Shaky(*failing)
    monkeypatch.setattr(sequence, "connect", lambda _: [shaky])
    assert main(["train", *SMALL, "--out", str(tmp_path / "run")]) == 0
    shown = capsys.readouterr().err
    assert shown.count("shaky has failed (the server has gone).") == bool(failing)
    assert ("logged to here" in shown) == logged
    assert shaky.steps == steps


def test_a_full_disk_is_an_error_and_the_files_are_closed(
    small_files: Callable[[int], AbstractContextManager[None]], tmp_path: Path
) -> None:
    (board,) = connect(Tracking(track=("tensorboard",), track_to=(str(tmp_path),)))
    about = About("run", "0", {"method.lr": 0.1}, {"untrain.key": "k"})
    assert board.begin(about, new=True) == 0
    board.log(1, {"lr": 0.1})
    (file,) = tmp_path.glob("*/events*")
    with small_files(file.stat().st_size + 10), pytest.raises(board.failures):
        board.log(2, {"lr": 0.1})
    again = TensorBoard(tmp_path)
    assert again.begin(about, new=True) == 1, "what was cut off is read up to there"
    again.end("FINISHED", 1, {"cost/seconds": 1.0}, {})
    assert again.begin(about, new=False) is None
    assert again.begin(about, new=True) == 0, "trained again: another run"
    again.end("FINISHED", 1, {"cost/seconds": 1.0}, {})
    assert sorted(one.name for one in tmp_path.iterdir()) == ["run-0", "run-0-2"]


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("", ""),
        ("random:0.1", "random:0.1"),
        ("class:truck", "class:truck"),
        ("where:user=17", "where:..."),
        ("ids:/home/me/alice.txt", "ids:..."),
    ],
)
def test_a_rule_is_told_without_whom_it_names(rule: str, told: str) -> None:
    assert public(rule) == told
