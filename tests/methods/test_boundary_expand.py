"""Boundary Expanding: a class that comes, takes the forgotten images and goes again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from untrain.data.sets.splits import make_split
from untrain.engine.loop import Loop
from untrain.errors import UserError
from untrain.methods.boundary_expand import BoundaryExpand
from untrain.methods.contract import Draw, Step
from untrain.methods.terms import Contrastive
from untrain.task import Task

STILL = {"epochs": 2, "batch": 4, "lr": 1e-300, "weight_decay": 0.0}


def wide(task: Task, model: nn.Module, seed: int = 0) -> tuple[Loop, dict[str, int]]:
    """The run with the extra output, before any training."""
    method = BoundaryExpand()
    loop = Loop(method, task, model, seed=seed)
    return loop, method.prepare(loop)


def test_the_classes_logits_are_the_originals_before_training(task: Task, model: nn.Module) -> None:
    loop, state = wide(task, model)
    x = torch.randn(5, 1, 8, 8)
    before, after = model.eval()(x).logits, loop.model.eval()(x).logits
    assert after.shape == (5, 4)
    assert state == {"class": 3}
    torch.testing.assert_close(after[:, :3], before, rtol=1e-6, atol=1e-7)
    assert torch.equal(loop.model.head.weight[:3], model.head.weight)


def test_the_new_row_is_drawn_as_a_linear_layer_is(task: Task, model: nn.Module) -> None:
    rows = [wide(task, model, seed)[0].model.head for seed in (0, 0, 1)]
    first, again, other = (torch.cat([head.weight[3], head.bias[3:]]).detach() for head in rows)
    assert torch.equal(first, again)
    assert not torch.isclose(first, other).any()
    assert 0.5 * model.head.in_features**-0.5 < float(first.abs().max())
    assert float(first.abs().max()) <= model.head.in_features**-0.5
    assert float(first.min()) < 0 < float(first.max())


def test_a_step_too_small_to_move_leaves_the_original(
    task: Task, model: nn.Module, same: Callable[..., bool]
) -> None:
    assert same(Loop(BoundaryExpand(**STILL), task, model).run().model, model)
    assert not same(Loop(BoundaryExpand(bn="train", **STILL), task, model).run().model, model)


def test_the_result_has_the_classes_of_the_original(task: Task, model: nn.Module) -> None:
    after = Loop(BoundaryExpand(epochs=2, batch=4, lr=0.1), task, model).run().model
    shapes = {name: tensor.shape for name, tensor in model.state_dict().items()}
    assert {name: tensor.shape for name, tensor in after.state_dict().items()} == shapes
    assert after.head.out_features == 3
    assert after(torch.randn(2, 1, 8, 8)).logits.shape == (2, 3)
    assert all(parameter.requires_grad and parameter.is_leaf for parameter in after.parameters())
    for name, before in model.named_parameters():
        assert not torch.equal(before, after.get_parameter(name)), f"{name} was not trained"


def test_every_forgotten_image_is_taught_the_new_class(task: Task, model: nn.Module) -> None:
    loop, state = wide(task, model)
    x, y = torch.randn(5, 1, 8, 8), torch.tensor([0, 1, 2, 0, 1])
    loop.model.eval()
    draw = Draw(y, torch.arange(5), lambda k, augment: x, loop.model)
    expected = cross_entropy(loop.model(x).logits, torch.tensor([3] * 5))
    assert torch.equal(BoundaryExpand().loss(Step(loop.model, {"forget": draw}), state), expected)


def test_forgotten_images_go_to_the_new_class(task: Task, model: nn.Module) -> None:
    shares: list[float] = []

    class Watched(BoundaryExpand):
        def finish(self, run: Loop, state: dict[str, int]) -> None:
            logits = torch.cat([draw.out().logits for draw in run.batches("forget", 99)])
            shares.append(float((logits.argmax(1) == 3).float().mean()))
            super().finish(run, state)

    Loop(Watched(epochs=10, batch=4, lr=0.1), task, model).run()
    assert shares == [1.0]


def test_a_head_without_bias_and_a_frozen_one(task: Task) -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.ReLU(), nn.Linear(8, 3, bias=False))
    net[3].requires_grad_(False)
    after = Loop(BoundaryExpand(epochs=2, batch=4, lr=0.1), task, net).run().model
    assert after[3].bias is None
    assert torch.equal(after[3].weight, net[3].weight)
    assert not after[3].weight.requires_grad
    assert not torch.equal(after[1].weight, net[1].weight)


def test_nothing_to_forget_is_told(task: Task, model: nn.Module) -> None:
    whole = Task.of(task.images, make_split(task.images))
    with pytest.raises(UserError, match="there are none"):
        Loop(BoundaryExpand(), whole, model)


def test_the_contrastive_term_cannot_act(task: Task, model: nn.Module) -> None:
    with pytest.raises(UserError, match="no step on retain images"):
        Loop(BoundaryExpand(), task, model, terms=(Contrastive(),))
