"""Resuming: killed between or within passes, stopped by Ctrl-C, on a full disk."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from untrain.engine.loop import Loop
from untrain.engine.resume import SHARE, Resume
from untrain.errors import UserError
from untrain.methods import CU, FT, CoUn, NegGradPlus, Retrain, Scrub
from untrain.methods.contract import Pass, Run, State, Step, Trained
from untrain.models.checkpoint import load, save
from untrain.task import Task

Limit = Callable[[int], AbstractContextManager[None]]
FAST = {"epochs": 4, "batch": 10, "lr": 0.1}


@dataclass(frozen=True, kw_only=True)
class Both(Trained):
    """A method of both streams with state of its own, which stops when val says so."""

    name = "both"
    streams = ("retain", "forget")
    reads = ("val",)

    def prepare(self, run: Run) -> State:
        return {"mean": torch.zeros(3), "twin": nn.Linear(1, 1), "seen": []}

    def passes(self, run: Run, state: State) -> Iterator[Pass]:
        for epoch in range(self.epochs):
            state["seen"].append(run.accuracy("val"))
            yield Pass(self.streams, "retain", epoch)

    def loss(self, step: Step, state: State) -> Tensor:
        retain, forget = step.retain.out().logits, step.forget.out().logits
        state["mean"] += retain.detach().mean(0)
        down = cross_entropy(retain, step.retain.y)
        return down - 0.1 * cross_entropy(forget, step.forget.y) + 0 * state["mean"].sum()

    def after_step(self, step: Step, state: State) -> None:
        with torch.no_grad():
            state["twin"].weight += state["mean"].mean()


class Killed(Exception):
    """Stands for SIGKILL in the middle of a run."""


def killed_after(passes: float) -> Callable[[float, dict[str, Any] | None], None]:
    def observe(done: float, row: dict[str, Any] | None) -> None:
        if done > passes:
            raise Killed

    return observe


def rest(method: Trained, task: Task, model: nn.Module, path: Path) -> tuple[Any, list[float]]:
    """The result of a run that goes on, and the places that it reported."""
    places: list[float] = []
    loop = Loop(method, task, model)
    result = loop.run(Resume(path, "key", every=0), lambda done, row: places.append(done))
    return result, places


@pytest.mark.parametrize(
    "method",
    [
        CoUn(**FAST),
        Both(**FAST),
        Retrain(**FAST, schedule="step"),
        NegGradPlus(**FAST, optimizer="adam"),
        CU(**FAST | {"lr": 0.01}, omega=3, stop="none", queue=12),
        Scrub(**FAST | {"lr": 0.01}, ascents=2, rewind=True),
    ],
    ids=lambda method: method.name,
)
@pytest.mark.parametrize("passes", [0.4, 1, 2.6])
def test_a_killed_run_goes_on_to_the_same_bits(
    method: Trained,
    passes: float,
    task: Task,
    model: nn.Module,
    tmp_path: Path,
    same: Callable[..., bool],
) -> None:
    """The step that was under way is lost, and nothing before it."""
    whole = Loop(method, task, model).run()
    path = tmp_path / "resume.safetensors"
    with pytest.raises(Killed):
        Loop(method, task, model).run(Resume(path, "key", every=0), killed_after(passes))
    resumed, places = rest(method, task, model, path)
    assert places[0] == int(passes)
    assert places[1] > passes
    assert same(whole.model, resumed.model)
    assert [row["loss"] for row in whole.curve] == [row["loss"] for row in resumed.curve]
    assert resumed.cost.flops == whole.cost.flops
    assert (resumed.cost.samples, resumed.cost.steps) == (whole.cost.samples, whole.cost.steps)


def test_dropout_goes_on_with_the_same_bits(
    task: Task, tmp_path: Path, same: Callable[..., bool]
) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(64, 3))
    whole = Loop(FT(**FAST), task, net).run()
    resume = Resume(tmp_path / "resume.safetensors", "key", every=0)
    with pytest.raises(Killed):
        Loop(FT(**FAST), task, net).run(resume, killed_after(2))
    torch.rand(7)  # the state of the process does not matter
    resumed = Loop(FT(**FAST), task, net).run(Resume(resume.path, "key", every=0))
    assert same(whole.model, resumed.model)


def test_a_resume_file_of_another_run_is_refused(
    task: Task, model: nn.Module, tmp_path: Path
) -> None:
    path = tmp_path / "resume.safetensors"
    with pytest.raises(Killed):
        Loop(FT(**FAST), task, model).run(Resume(path, "one", every=0), killed_after(1))
    with pytest.raises(UserError, match="other settings"):
        Loop(FT(**FAST), task, model).run(Resume(path, "two", every=0))


def test_a_damaged_resume_file_is_told_with_what_to_do(
    task: Task, model: nn.Module, tmp_path: Path
) -> None:
    path = tmp_path / "resume.safetensors"
    with pytest.raises(Killed):
        Loop(FT(**FAST), task, model).run(Resume(path, "key", every=0), killed_after(1))
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(UserError, match="not a whole") as told:
        Loop(FT(**FAST), task, model).run(Resume(path, "key", every=0))
    assert told.value.fix == "Remove this file; the run then starts anew."


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_after_the_step_with_everything_saved(
    number: int, task: Task, model: nn.Module, tmp_path: Path, same: Callable[..., bool]
) -> None:
    def interrupt(done: float, row: dict[str, Any] | None) -> None:
        if row is None and 1 < done < 1.3:
            os.kill(os.getpid(), number)

    path, before = tmp_path / "resume.safetensors", signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt):
        Loop(FT(**FAST), task, model).run(Resume(path, "key"), interrupt)
    assert signal.getsignal(number) is before
    resumed, places = rest(FT(**FAST), task, model, path)
    assert places[0] == 1
    assert places[1] == pytest.approx(1 + 2 / 4)
    assert same(resumed.model, Loop(FT(**FAST), task, model).run().model)


def test_a_second_ctrl_c_stops_at_once(task: Task, model: nn.Module, tmp_path: Path) -> None:
    def twice(done: float, row: dict[str, Any] | None) -> None:
        if done > 1:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)

    path = tmp_path / "resume.safetensors"
    with pytest.raises(KeyboardInterrupt):
        Loop(FT(**FAST), task, model).run(Resume(path, "key"), twice)
    assert not path.exists()


def test_a_signal_that_the_process_ignores_stays_ignored(
    task: Task, model: nn.Module, tmp_path: Path
) -> None:
    """As SIGHUP under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        Loop(FT(**FAST), task, model).run(
            Resume(tmp_path / "resume.safetensors", "key"),
            lambda done, row: os.kill(os.getpid(), signal.SIGHUP),
        )
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_run_goes_on_while_it_cannot_be_saved(
    task: Task,
    model: nn.Module,
    tmp_path: Path,
    same: Callable[..., bool],
    capsys: pytest.CaptureFixture[str],
    small_files: Limit,
) -> None:
    path = tmp_path / "resume.safetensors"
    with small_files(1000):
        result = Loop(FT(**FAST), task, model).run(Resume(path, "key", every=0))
    assert same(result.model, Loop(FT(**FAST), task, model).run().model)
    assert "Could not write resume.safetensors" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_another_number_of_threads_is_told(task: Task, model: nn.Module, tmp_path: Path) -> None:
    path = tmp_path / "resume.safetensors"
    with pytest.raises(Killed):
        Loop(FT(**FAST), task, model).run(Resume(path, "key", every=0), killed_after(1))
    tensors, about = load(path)
    save(path, tensors, about | {"about": about["about"] | {"threads": 7}})
    result, _ = rest(FT(**FAST), task, model, path)
    (note,) = result.notes
    assert note.startswith("Begun with threads 7, resumed with 1")


def test_saving_takes_a_small_share_of_the_time(
    task: Task, model: nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow disk makes saves rarer."""
    resume = Resume(tmp_path / "resume.safetensors", "key", every=1e-9)
    saved, before = [], time.monotonic()
    monkeypatch.setattr("untrain.engine.resume.save", lambda *_: (saved.append(1), time.sleep(0.2)))
    Loop(FT(**FAST), task, model).run(resume)
    assert resume.next >= before + 0.2 / SHARE
    assert len(saved) == 1


@dataclass(frozen=True, kw_only=True)
class Slow(FT):
    """Ctrl-C comes while it prepares."""

    name = "slow"

    def prepare(self, run: Run) -> State:
        os.kill(os.getpid(), signal.SIGINT)
        return {}


def test_ctrl_c_before_the_first_pass_stops_at_once(
    task: Task, model: nn.Module, tmp_path: Path
) -> None:
    """There is nothing to save, and a one-shot method has no pass to wait for."""
    with pytest.raises(KeyboardInterrupt):
        Loop(Slow(**FAST), task, model).run(Resume(tmp_path / "resume.safetensors", "key"))
