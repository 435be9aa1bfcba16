"""NegGrad+: its gradient, its ends beta 0 and 1, and what the contrastive term sees."""

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
from untrain.methods import FT, Contrastive
from untrain.methods.contract import State, Step
from untrain.methods.neggrad_plus import NegGradPlus
from untrain.task import Task

FAST: dict[str, Any] = {"epochs": 2, "batch": 16, "lr": 0.1}


def test_with_beta_one_it_is_ft_bit_for_bit(
    images: Images, task: Task, model: nn.Module, same: Callable[..., bool]
) -> None:
    ft = Loop(FT(**FAST), task, model).run()
    plus = Loop(NegGradPlus(**FAST, beta=1.0), task, model).run()
    assert same(ft.model, plus.model)
    assert (ft.cost.flops, ft.cost.samples) == (plus.cost.flops, plus.cost.samples)
    whole = Task.of(images, make_split(images))
    Loop(NegGradPlus(**FAST, beta=1.0), whole, model)  # needs nothing to forget
    with pytest.raises(UserError, match="there are none"):
        Loop(NegGradPlus(**FAST), whole, model)


@pytest.mark.parametrize("beta", [0.0, 0.3, 0.8])
def test_a_step_is_beta_down_and_the_rest_up(
    images: Images, split: Split, model: nn.Module, beta: float
) -> None:
    plain = Task.of(images, split, augment="none")
    once = {"epochs": 1, "batch": 64, "lr": 0.1, "momentum": 0.0, "weight_decay": 0.0}
    method = NegGradPlus(**once, bn="frozen", beta=beta)
    after = dict(Loop(method, plain, model).run().model.named_parameters())
    by_hand = deepcopy(model).eval()

    def mean_loss(rows: Any) -> Tensor:
        x = (images.x[rows].permute(0, 3, 1, 2) / 255 - 0.5) / 0.5
        return cross_entropy(by_hand(x).logits, images.y[rows])

    (beta * mean_loss(split.retain) - (1 - beta) * mean_loss(split.forget)).backward()
    for name, weight in by_hand.named_parameters():
        assert weight.grad is not None
        assert torch.allclose(after[name], weight - 0.1 * weight.grad, atol=1e-6), name


@pytest.mark.parametrize(("beta", "forwards"), [(0.0, 1), (0.5, 2), (1.0, 1)])
def test_a_weight_of_zero_runs_no_forward(
    task: Task, model: nn.Module, beta: float, forwards: int
) -> None:
    result = Loop(NegGradPlus(**FAST, beta=beta), task, model).run()
    assert int(result.model.layers[1].num_batches_tracked) == forwards * result.cost.steps


def test_forgotten_images_go_on_across_epochs(task: Task, model: nn.Module) -> None:
    """Three retain batches an epoch show six of eight forgotten images; then come the others."""
    seen: list[Tensor] = []

    @dataclass(frozen=True, kw_only=True)
    class Watched(NegGradPlus):
        def after_step(self, step: Step, state: State) -> None:
            super().after_step(step, state)
            seen.append(step.forget.index)

    few = replace(task.split, retain=task.split.retain[:6])
    Loop(Watched(**FAST | {"batch": 2}), Task.of(task.images, few), model).run()
    assert [len(index) for index in seen] == [2] * 6
    assert len(set(torch.cat(seen[:4]).tolist())) == 8


def test_an_epoch_beyond_the_cap_is_taken_back_and_told(
    task: Task, model: nn.Module, same: Callable[..., bool]
) -> None:
    """The cap is on the forget loss alone, whatever the retain loss does."""
    method = NegGradPlus(**FAST | {"epochs": 9, "schedule": "constant"}, beta=0.5, cap=1.5)
    capped = Loop(method, task, model).run()
    count = len(capped.curve)
    assert 2 <= count < 9
    assert f"forget loss of epoch {count} is " in capped.notes[0]
    before = Loop(replace(method, epochs=count - 1), task, model).run()
    assert not before.notes
    assert same(before.model, capped.model)


def test_the_term_acts_on_retained_images_only(
    images: Images, task: Task, model: nn.Module, same: Callable[..., bool]
) -> None:
    values: list[Tensor] = []

    @dataclass(frozen=True, kw_only=True)
    class Watched(Contrastive):
        def __call__(self, step: Step) -> Tensor | None:
            value = super().__call__(step)
            assert value is not None
            if not value.is_meta:  # the cost is counted on meta tensors
                values.append(value.detach())
            return value

    x = images.x.clone()
    x[torch.from_numpy(task.split.forget)] = 77
    still = {"epochs": 1, "batch": 16, "lr": 1e-30, "lr_min": 0.0, "weight_decay": 0.0}
    for shown in (images, replace(images, x=x)):
        spoiled = Task.of(shown, task.split, augment=task.augment)
        Loop(NegGradPlus(**still), spoiled, model, terms=(Watched(),)).run()
    before, after = torch.stack(values).chunk(2)
    assert torch.equal(before, after)
    method = NegGradPlus(**FAST | {"epochs": 1})
    off = Loop(method, task, model, terms=(Contrastive(lam=0.0),)).run().model
    assert same(off, Loop(method, task, model).run().model)


@pytest.mark.parametrize("values", [{"beta": -0.1}, {"beta": 1.1}, {"cap": 0.0}])
def test_values_out_of_range_name_their_flag(values: dict[str, float]) -> None:
    with pytest.raises(UserError, match="--" + next(iter(values))):
        NegGradPlus(**values)
