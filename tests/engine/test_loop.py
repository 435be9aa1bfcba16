"""The loop: streams beside each other, divergence, resuming, dropout, accuracy journal."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from untrain.data.streams.batches import Stream
from untrain.engine.loop import Loop
from untrain.engine.schedule import learning_rate
from untrain.errors import GATE, UserError
from untrain.methods import FT, CoUn, NegGradPlus
from untrain.methods.contract import Run, State, Trained
from untrain.task import Task

FAST = {"epochs": 4, "batch": 10, "lr": 0.1}


def test_the_shorter_stream_cycles_and_is_reshuffled(task: Task, model: nn.Module) -> None:
    loop = Loop(NegGradPlus(**FAST), task, model)
    loop.run()
    assert loop.streams["retain"].epoch == 3
    assert loop.streams["forget"].epoch > 3
    assert set(loop.streams) == {"retain", "forget"}


def test_divergence_is_told_with_the_epoch(task: Task, model: nn.Module) -> None:
    with pytest.raises(UserError, match="diverged in epoch") as told:
        Loop(FT(epochs=5, batch=10, lr=1e30), task, model).run()
    assert told.value.code == GATE
    assert "Lower --lr" in told.value.fix


@dataclass(frozen=True, kw_only=True)
class Spoils(FT):
    """Fine-tuning whose end leaves one weight that is not finite."""

    name = "spoils"

    def finish(self, run: Run, state: State) -> None:
        with torch.no_grad():
            next(run.model.parameters()).view(-1)[0] = float("nan")


@pytest.mark.parametrize("method", [FT(epochs=1, batch=1000, lr=1e39), Spoils(**FAST)])
def test_weights_that_are_not_finite_are_told(
    method: Trained, task: Task, model: nn.Module
) -> None:
    """The last step may spoil them after its loss was read."""
    with pytest.raises(UserError, match="left weights that are not finite") as told:
        Loop(method, task, model).run()
    assert told.value.code == GATE


def test_a_mask_of_infinities_is_no_divergence(task: Task, model: nn.Module) -> None:
    model.register_buffer("mask", torch.full((3, 3), float("-inf")).triu(1))
    after = Loop(FT(**FAST), task, model).run().model
    assert torch.equal(after.mask, model.mask)


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
