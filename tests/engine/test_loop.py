"""The loop: streams beside each other, divergence, resuming, dropout, accuracy journal."""

from __future__ import annotations

import copy
import os
import re
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from untrain.data.batches import Stream
from untrain.engine.loop import Loop
from untrain.engine.resume import Resume
from untrain.engine.schedule import learning_rate
from untrain.errors import GATE, UserError
from untrain.methods import FT, CoUn, Retrain
from untrain.methods.contract import Pass, Run, State, Step, Trained
from untrain.task import Task

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


def killed_after(passes: int) -> Callable[[float, dict[str, Any] | None], None]:
    def observe(done: float, row: dict[str, Any] | None) -> None:
        if done > passes:
            raise Killed

    return observe


@pytest.mark.parametrize("method", [CoUn(**FAST), Both(**FAST), Retrain(**FAST, schedule="step")])
@pytest.mark.parametrize("passes", [1, 3])
def test_a_killed_run_goes_on_to_the_same_bits(
    method: Trained,
    passes: int,
    task: Task,
    model: nn.Module,
    tmp_path: Path,
    same: Callable[..., bool],
) -> None:
    whole = Loop(method, task, model).run()
    path = tmp_path / "resume.safetensors"
    with pytest.raises(Killed):
        Loop(method, task, model).run(Resume(path, "key", every=0), killed_after(passes))
    places: list[float] = []
    resumed = Loop(method, task, model).run(
        Resume(path, "key", every=0), lambda done, row: places.append(done)
    )
    assert places[0] == passes
    assert same(whole.model, resumed.model)
    assert [row["loss"] for row in whole.curve] == [row["loss"] for row in resumed.curve]
    assert resumed.cost.flops == whole.cost.flops
    assert resumed.cost.samples == whole.cost.samples


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


def test_ctrl_c_ends_after_the_epoch_with_everything_saved(
    task: Task, model: nn.Module, tmp_path: Path, same: Callable[..., bool]
) -> None:
    def interrupt(done: float, row: dict[str, Any] | None) -> None:
        if row is None and 1 < done < 1.3:
            os.kill(os.getpid(), signal.SIGINT)

    path = tmp_path / "resume.safetensors"
    with pytest.raises(KeyboardInterrupt):
        Loop(FT(**FAST), task, model).run(Resume(path, "key"), interrupt)
    places: list[float] = []
    resumed = Loop(FT(**FAST), task, model).run(
        Resume(path, "key"), lambda done, row: places.append(done)
    )
    assert places[0] == 2
    assert same(resumed.model, Loop(FT(**FAST), task, model).run().model)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_shorter_stream_cycles_and_is_reshuffled(task: Task, model: nn.Module) -> None:
    loop = Loop(Both(**FAST), task, model)
    loop.run()
    assert loop.streams["retain"].epoch == 3
    assert loop.streams["forget"].epoch > 3
    assert set(loop.streams) == {"retain", "forget"}


def test_divergence_is_told_with_the_epoch(task: Task, model: nn.Module) -> None:
    with pytest.raises(UserError, match="diverged in epoch") as told:
        Loop(FT(epochs=5, batch=10, lr=1e30), task, model).run()
    assert told.value.code == GATE
    assert "Lower --lr" in told.value.fix


def test_frozen_batch_norm_keeps_its_statistics(task: Task, model: nn.Module) -> None:
    after = Loop(FT(**FAST, bn="frozen"), task, model).run().model.state_dict()
    for name, before in model.state_dict().items():
        if "running" in name:
            assert torch.equal(before, after[name])


def test_a_run_leaves_the_global_random_state_alone(task: Task, model: nn.Module) -> None:
    before = torch.get_rng_state()
    Loop(FT(**FAST), task, model).run()
    assert torch.equal(before, torch.get_rng_state())


def test_frozen_parameters_of_the_user_stay(task: Task, model: nn.Module) -> None:
    model.layers[0].weight.requires_grad_(False)
    after = Loop(FT(**FAST), task, model).run().model
    assert torch.equal(after.layers[0].weight, model.layers[0].weight)
    assert not torch.equal(after.head.weight, model.head.weight)


def test_the_loop_is_plain_sgd_on_the_planned_batches(task: Task, model: nn.Module) -> None:
    """Against a loop as anyone would write it: no fused optimiser, no Fabric, no channels last."""
    method = FT(epochs=2, batch=10, lr=0.1, momentum=0.9, weight_decay=5e-4)
    ours = Loop(method, task, model).run().model
    plain = copy.deepcopy(model).train()
    optimizer = torch.optim.SGD(
        plain.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4, foreach=False
    )
    stream = Stream(
        task.images,
        task.split.retain,
        "retain",
        augment=task.augment,
        seed=0,
        device=torch.device("cpu"),
    )
    for epoch in range(2):
        optimizer.param_groups[0]["lr"] = learning_rate(method, epoch)
        for _ in range(-(-len(stream) // 10)):
            batch = stream.take(10)
            optimizer.zero_grad()
            cross_entropy(plain(batch.view().contiguous()).logits, batch.y).backward()
            optimizer.step()
    for name, tensor in plain.state_dict().items():
        torch.testing.assert_close(ours.state_dict()[name], tensor, rtol=1e-4, atol=1e-5)


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


@pytest.mark.parametrize(
    ("method", "flag"),
    [
        (FT(schedule="foo"), "--schedule 'foo'"),
        (CoUn(transform="X"), "--transform 'X'"),
        (FT(bn="off", optimizer="lion"), "--optimizer 'lion'.*--bn 'off'"),
    ],
)
def test_options_that_do_not_exist_are_told_from_python_too(
    method: Trained, flag: str, task: Task, model: nn.Module
) -> None:
    with pytest.raises(UserError, match=re.compile(flag, re.DOTALL)):
        Loop(method, task, model)
