"""SalUn: its mask, what it holds still, and that rho 1 is random labels."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from untrain.data.images import Images
from untrain.data.sets.splits import Split, make_split
from untrain.engine.loop import Loop
from untrain.errors import UserError
from untrain.methods import Contrastive
from untrain.methods.contract import Step
from untrain.methods.random_label import RandomLabel
from untrain.methods.salun import SalUn, largest, saliency
from untrain.task import Task

FAST: dict[str, Any] = {"epochs": 2, "batch": 16, "lr": 0.1, "weight_decay": 0.01}
ORDERS = ("sequential", "mixed")


@pytest.mark.parametrize(("order", "optimizer"), [("sequential", "sgd"), ("mixed", "adam")])
def test_with_rho_one_it_is_random_label_bit_for_bit(
    task: Task, model: nn.Module, same: Callable[..., bool], order: str, optimizer: str
) -> None:
    values = FAST | {"order": order, "optimizer": optimizer}
    base = Loop(RandomLabel(**values), task, model).run().model
    assert same(base, Loop(SalUn(**values, rho=1.0), task, model).run().model)


@pytest.mark.parametrize("terms", [(), (Contrastive(lam=0.5),)], ids=["alone", "with-term"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_weights_outside_the_mask_keep_their_bits(
    task: Task, model: nn.Module, optimizer: str, terms: tuple[Contrastive, ...]
) -> None:
    loop = Loop(SalUn(**FAST, rho=0.3, optimizer=optimizer), task, model, terms=terms)
    mask = largest(saliency(loop, 16), 0.3)
    after = loop.run().model
    moved = 0
    for name, weight in model.named_parameters():
        changed = after.get_parameter(name) != weight
        assert not changed[~mask[name]].any(), name
        moved += int(changed[mask[name]].sum())
    assert moved > 0.9 * sum(int(part.sum()) for part in mask.values())
    assert not torch.equal(after.layers[1].running_mean, model.layers[1].running_mean)


def test_saliency_is_the_size_of_the_summed_gradient(
    images: Images, split: Split, model: nn.Module
) -> None:
    """Of one batch and of several, in eval mode, buffers untouched."""
    loop = Loop(SalUn(**FAST), Task.of(images, split, augment="none"), model)
    by_hand = deepcopy(model).eval()
    x = (images.x[split.forget].permute(0, 3, 1, 2) / 255 - 0.5) / 0.5
    cross_entropy(by_hand(x).logits, images.y[split.forget]).backward()
    for batch, times in ((8, 1), (4, 2)):  # equal batches: a sum of means is a multiple of it
        scores = saliency(loop, batch)
        for name, weight in by_hand.named_parameters():
            assert weight.grad is not None
            assert torch.allclose(scores[name], times * weight.grad.abs(), atol=1e-6), name
    for name, buffer in loop.model.named_buffers():
        assert torch.equal(buffer, model.get_buffer(name))


@pytest.mark.parametrize(("share", "kept"), [(0.5, 10), (0.29, 5), (0.95, 19), (1.0, 20)])
def test_the_mask_has_the_exact_count_with_ties(share: float, kept: int) -> None:
    scores = {"a": torch.zeros(3, 4), "b": torch.zeros(8)}
    scores["b"][5], scores["a"][1, 2] = 3.0, 2.0
    mask = largest(scores, share)
    assert sum(int(part.sum()) for part in mask.values()) == kept
    assert mask["b"][5]
    assert mask["a"][1, 2]
    assert {name: part.shape for name, part in mask.items()} == {"a": (3, 4), "b": (8,)}
    scaled = largest({name: 7 * score for name, score in scores.items()}, share)
    assert all(torch.equal(scaled[name], part) for name, part in mask.items())


def test_a_share_that_is_whole_is_not_rounded_down() -> None:
    scores = {"a": torch.rand(100)}
    assert int(largest(scores, 0.29)["a"].sum()) == 29  # 0.29 * 100 is 28.999999999999996


def test_frozen_weights_are_not_counted(task: Task, model: nn.Module) -> None:
    model.layers[0].weight.requires_grad_(False)
    result = Loop(SalUn(**FAST, rho=0.5), task, model).run()
    count = sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert result.notes[0] == f"{count // 2:,} of {count:,} weights may change."
    assert torch.equal(result.model.layers[0].weight, model.layers[0].weight)


@pytest.mark.parametrize("order", ORDERS)
def test_the_term_acts_on_retained_images_only(
    images: Images, task: Task, model: nn.Module, same: Callable[..., bool], order: str
) -> None:
    values: list[Tensor] = []
    roles: list[str] = []

    @dataclass(frozen=True, kw_only=True)
    class Watched(Contrastive):
        def __call__(self, step: Step) -> Tensor | None:
            value = super().__call__(step)
            if value is not None and not value.is_meta:  # the cost is counted on meta tensors
                roles.append(step.role)
                values.append(value.detach())
            return value

    x = images.x.clone()
    x[torch.from_numpy(task.split.forget)] = 77
    still = {"epochs": 1, "batch": 16, "lr": 1e-30, "lr_min": 0.0, "bn": "frozen", "order": order}
    for shown in (images, replace(images, x=x)):
        spoiled = Task.of(shown, task.split, augment=task.augment)
        Loop(SalUn(**still), spoiled, model, terms=(Watched(),)).run()
    assert set(roles) == {"retain" if order == "sequential" else "mixed"}
    before, after = torch.stack(values).chunk(2)
    assert torch.equal(before, after)
    method = SalUn(**FAST | {"epochs": 1}, order=order)
    off = Loop(method, task, model, terms=(Contrastive(lam=0.0),)).run().model
    assert same(off, Loop(method, task, model).run().model)


def test_what_it_cannot_mask_is_refused(images: Images, task: Task, model: nn.Module) -> None:
    with pytest.raises(UserError, match="there are none"):
        Loop(SalUn(**FAST), Task.of(images, make_split(images)), model)
    with pytest.raises(UserError, match="--rho"):
        Loop(SalUn(**FAST, rho=1e-6), task, model).run()


@pytest.mark.parametrize("rho", [0.0, 1.1, float("nan")])
def test_values_out_of_range_name_their_flag(rho: float) -> None:
    with pytest.raises(UserError, match="--rho"):
        SalUn(rho=rho)
