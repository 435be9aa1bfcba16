"""GA: one step of it, where it stops, and what it says about a whole class."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from untrain.data.images import Images
from untrain.data.sets.splits import Split, forget, make_split
from untrain.engine.loop import Loop
from untrain.errors import UserError
from untrain.methods import Contrastive
from untrain.methods.ga import GA
from untrain.task import Task

FAST: dict[str, Any] = {"epochs": 3, "batch": 4, "lr": 0.05}


def test_the_first_step_goes_up_the_gradient(
    images: Images, split: Split, model: nn.Module
) -> None:
    """theta + lr grad CE(forget), without momentum and weight decay."""
    plain = Task.of(images, split, augment="none")
    method = GA(epochs=1, batch=64, lr=0.1, momentum=0.0, weight_decay=0.0)
    after = dict(Loop(method, plain, model).run().model.named_parameters())
    by_hand = deepcopy(model).train()
    x = (images.x[split.forget].permute(0, 3, 1, 2) / 255 - 0.5) / 0.5
    cross_entropy(by_hand(x).logits, images.y[split.forget]).backward()
    for name, weight in by_hand.named_parameters():
        assert weight.grad is not None
        assert torch.allclose(after[name], weight + 0.1 * weight.grad, atol=1e-6), name


def test_an_epoch_beyond_the_cap_is_taken_back_and_told(
    task: Task, model: nn.Module, same: Callable[..., bool]
) -> None:
    level = FAST | {"schedule": "constant"}
    free = Loop(GA(**level), task, model).run()
    losses = [-row["loss"] for row in free.curve]
    assert losses[0] < losses[1] < losses[2]  # it ascends
    assert not free.notes
    capped = Loop(GA(**level, cap=(losses[0] + losses[1]) / 2), task, model).run()
    assert [-row["loss"] for row in capped.curve] == losses[:2]
    assert f"forget loss of epoch 2 is {losses[1]:.3g}, beyond --cap" in capped.notes[0]
    once = Loop(GA(**level | {"epochs": 1}), task, model).run()
    assert same(once.model, capped.model)


def test_a_class_in_train_mode_is_told(images: Images, model: nn.Module) -> None:
    task = Task.of(images, forget(make_split(images), "class:class1", images))
    assert "--bn frozen" in Loop(GA(**FAST), task, model).run().notes[0]
    assert not Loop(GA(**FAST, bn="frozen"), task, model).run().notes


def test_it_refuses_the_contrastive_term(task: Task, model: nn.Module) -> None:
    with pytest.raises(UserError, match="no step on retain images"):
        Loop(GA(**FAST), task, model, terms=(Contrastive(),))


def test_a_request_without_images_is_refused(images: Images, model: nn.Module) -> None:
    with pytest.raises(UserError, match="forgotten images, and there are none"):
        Loop(GA(**FAST), Task.of(images, make_split(images)), model)


def test_a_run_that_diverges_is_a_gate(task: Task, model: nn.Module) -> None:
    with pytest.raises(UserError, match="--lr"):
        Loop(replace(GA(**FAST), lr=1e30, cap=float("inf")), task, model).run()


@pytest.mark.parametrize("cap", [0.0, -1.0, float("nan")])
def test_values_out_of_range_name_their_flag(cap: float) -> None:
    with pytest.raises(UserError, match="--cap"):
        GA(cap=cap)
