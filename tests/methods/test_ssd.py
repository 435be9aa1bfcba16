"""SSD: it dampens what the forgotten images single out, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from untrain.data.images import Images
from untrain.data.sets.splits import Split
from untrain.engine.loop import Loop
from untrain.errors import UserError
from untrain.methods.ssd import SSD
from untrain.models.build import ModelSpec
from untrain.task import Task


@pytest.fixture
def task(images: Images, split: Split) -> Task:
    """With few retained images: each can be a pass of its own."""
    return Task.of(images, replace(split, retain=split.retain[:12]))


@pytest.fixture
def model(spec: ModelSpec) -> nn.Module:
    """With statistics of its own, so that a moved buffer shows."""
    made = spec.make(0)
    made(torch.randn(32, 1, 8, 8, generator=torch.Generator().manual_seed(1)))
    return made


def squares(model: nn.Module, task: Task, positions: np.ndarray) -> dict[str, Tensor]:
    """Mean squared gradient of single images, the slow way."""
    rows = torch.from_numpy(positions)
    x = task.images.x[rows].permute(0, 3, 1, 2).float() / 255
    mean, std = torch.tensor(task.images.mean), torch.tensor(task.images.std)
    x = (x - mean[:, None, None]) / std[:, None, None]
    total = {name: torch.zeros_like(weight) for name, weight in model.named_parameters()}
    for one, label in zip(x, task.images.y[rows], strict=True):
        model.zero_grad()
        cross_entropy(model.eval()(one[None]).logits, label[None]).backward()
        for name, weight in model.named_parameters():
            total[name] += weight.grad**2 / len(rows)
    model.zero_grad()
    return total


@pytest.mark.parametrize(("alpha", "lam"), [(1.5, 1.0), (0.8, 0.3), (1.0, 2.0)])
def test_is_the_formula_on_forget_and_all_images(
    alpha: float, lam: float, task: Task, model: nn.Module
) -> None:
    method = SSD(alpha=alpha, lam=lam, importance="per-sample")
    after = dict(Loop(method, task, model).run().model.named_parameters())
    split = task.split
    i_f = squares(model, task, split.forget)
    i_d = squares(model, task, np.concatenate([split.retain, split.forget]))
    moved = 0
    for name, weight in model.named_parameters():
        ratio = i_f[name] / i_d[name]
        certain = (ratio / alpha - 1).abs() > 1e-4  # rounding decides at the threshold itself
        expected = torch.where(ratio > alpha, weight * (lam / ratio).clamp(max=1), weight)
        torch.testing.assert_close(after[name][certain], expected[certain], rtol=1e-3, atol=1e-7)
        moved += int((expected != weight).sum())
    assert moved > 20


@pytest.mark.parametrize("importance", ["batch-squared", "per-sample"])
def test_weights_shrink_keep_their_sign_or_stay_bit_for_bit(
    importance: str, task: Task, model: nn.Module
) -> None:
    method = SSD(alpha=1.2, lam=0.6, importance=importance)
    result = Loop(method, task, model).run()
    state = model.state_dict()
    selected = 0
    for name, after in result.model.named_parameters():
        before = state[name]
        moved = after != before
        assert bool((after.abs() <= before.abs()).all()), name
        assert bool((after.sign() * before.sign() >= 0).all()), name
        # below lam / alpha where selected, and nothing in between
        assert bool((after.abs() < before.abs() * 0.6 / 1.2 * (1 + 1e-5))[moved].all()), name
        selected += int(moved.sum())
    assert selected > 20
    for name, buffer in result.model.named_buffers():
        assert torch.equal(buffer, state[name]), name
    told = int(result.notes[0].split()[1])
    zeros = sum(int((weight == 0).sum()) for weight in model.parameters())
    assert selected <= told <= selected + zeros


def test_a_high_threshold_leaves_the_model_and_says_so(
    task: Task, model: nn.Module, same: Callable[..., bool]
) -> None:
    result = Loop(SSD(alpha=1e30), task, model).run()
    assert same(result.model, model)
    assert "Selected 0 of" in result.notes[0]
    assert "lower --alpha" in result.notes[0]
    assert "lower --alpha" not in Loop(SSD(alpha=1.0), task, model).run().notes[0]


@pytest.mark.parametrize("importance", ["batch-squared", "per-sample"])
def test_forgetting_everything_singles_out_nothing(
    importance: str, split: Split, task: Task, model: nn.Module, same: Callable[..., bool]
) -> None:
    everything = replace(split, retain=split.retain[:0])
    task = Task.of(task.images, everything)
    method = SSD(alpha=1.001, lam=0.1, batch=1000, importance=importance)
    assert same(Loop(method, task, model).run().model, model)


def shrunk(task: Task, model: nn.Module, seed: int, **values: object) -> Tensor:
    """All weights, one after the other; only the order of the images depends on the seed."""
    method = SSD(alpha=0.01, lam=0.01, **values)
    after = Loop(method, task, model, seed=seed).run().model
    return torch.cat([weight.detach().flatten() for weight in after.parameters()])


def test_per_sample_depends_on_neither_batch_nor_order(task: Task, model: nn.Module) -> None:
    one = shrunk(task, model, 0, importance="per-sample", batch=4)
    assert torch.equal(one, shrunk(task, model, 0, importance="per-sample", batch=3))
    torch.testing.assert_close(
        one, shrunk(task, model, 1, importance="per-sample"), rtol=1e-3, atol=1e-6
    )
    squared = shrunk(task, model, 0, batch=4)
    assert not torch.allclose(squared, shrunk(task, model, 0, batch=3), rtol=1e-3, atol=1e-6)
    assert not torch.allclose(squared, shrunk(task, model, 1, batch=4), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize(("batch", "size"), [(128, 8), (8, 8), (7, 4), (3, 3), (1, 1)])
def test_batches_are_evened_out_over_the_forget_images(
    batch: int, size: int, task: Task, model: nn.Module, same: Callable[..., bool]
) -> None:
    """8 images in batches of 7 would be 7 and 1, and the gradient of one image is large."""
    result = Loop(SSD(alpha=1.0, batch=batch), task, model).run()
    assert f"batches of {size}." in result.notes[0]
    assert same(result.model, Loop(SSD(alpha=1.0, batch=size), task, model).run().model)


def test_frozen_weights_are_not_touched(task: Task, model: nn.Module) -> None:
    model.head.requires_grad_(False)
    after = Loop(SSD(alpha=0.1, lam=0.1), task, model).run().model
    assert torch.equal(after.head.weight, model.head.weight)
    assert not torch.equal(after.layers[0].weight, model.layers[0].weight)


def test_costs_both_sets_forward_and_backward(task: Task, model: nn.Module) -> None:
    both = Loop(SSD(), task, model).run().cost.flops
    fewer = Task.of(task.images, replace(task.split, retain=task.split.retain[:4]))
    assert both / Loop(SSD(), fewer, model).run().cost.flops == pytest.approx((12 + 16) / (4 + 16))


@pytest.mark.parametrize(
    "values",
    [{"alpha": 0.0}, {"alpha": float("nan")}, {"lam": 0.0}, {"lam": float("inf")}, {"batch": 0}],
)
def test_hyper_parameters_out_of_range_name_their_flag(values: dict[str, float]) -> None:
    with pytest.raises(UserError, match="--" + next(iter(values))):
        SSD(**values)
