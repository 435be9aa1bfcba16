"""CoUn: FT plus the contrastive term, and what the term must not do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from untrain.engine.loop import Loop
from untrain.errors import UserError
from untrain.methods import FT, Contrastive, CoUn, Retrain, RetrainShort
from untrain.methods.contract import Draw, Step
from untrain.models.output import Output
from untrain.task import Task

FAST = {"epochs": 2, "batch": 16, "lr": 0.1}


def test_with_lam_zero_is_ft_bit_for_bit(
    task: Task, model: nn.Module, same: Callable[..., bool]
) -> None:
    ft = Loop(FT(**FAST), task, model).run()
    coun = Loop(CoUn(lam=0.0, **FAST), task, model).run()
    assert same(ft.model, coun.model)
    assert ft.cost.flops == coun.cost.flops


def test_is_ft_with_the_term_added(task: Task, model: nn.Module, same: Callable[..., bool]) -> None:
    added = Loop(FT(**FAST), task, model, terms=(Contrastive(lam=0.5, tau=0.2),)).run()
    coun = Loop(CoUn(lam=0.5, tau=0.2, **FAST), task, model).run()
    assert same(added.model, coun.model)


def test_a_second_view_doubles_the_cost(task: Task, model: nn.Module) -> None:
    ft = Loop(FT(**FAST), task, model).run().cost
    coun = Loop(CoUn(**FAST), task, model).run().cost
    assert coun.flops == pytest.approx(2 * ft.flops, rel=0.02)
    assert coun.samples == ft.samples


def test_the_term_has_no_gradient_in_the_head(model: nn.Module) -> None:
    x = torch.randn(4, 1, 8, 8)
    draw = Draw(torch.zeros(4).long(), torch.arange(4), lambda k, _: x + k, model)
    loss = Contrastive()(Step(model, {"retain": draw}))
    assert loss is not None
    loss.backward()
    assert model.head.weight.grad is None
    assert model.layers[0].weight.grad.abs().sum() > 0


def test_the_term_skips_a_single_image_and_weight_zero() -> None:
    def never(x: torch.Tensor) -> Output:
        raise AssertionError("no forward may run")

    def draw(count: int) -> Draw:
        return Draw(torch.zeros(count).long(), torch.arange(count), lambda k, _: x, never)

    x = torch.zeros(1, 1, 8, 8)
    assert Contrastive()(Step(nn.Identity(), {"retain": draw(1)})) is None
    assert Contrastive(lam=0.0)(Step(nn.Identity(), {"retain": draw(4)})) is None
    assert Contrastive()(Step(nn.Identity(), {"forget": draw(4)})) is None


@pytest.mark.parametrize("make", [CoUn, FT])
def test_a_configured_batch_of_one_is_refused(make: type, task: Task, model: nn.Module) -> None:
    terms = (Contrastive(),) if make is FT else ()
    with pytest.raises(UserError, match="at least 2 images"):
        Loop(make(batch=1), task, model, terms=terms)


def test_the_term_is_not_added_twice(task: Task, model: nn.Module) -> None:
    with pytest.raises(UserError, match="has the contrastive term already"):
        Loop(CoUn(**FAST), task, model, terms=(Contrastive(),))


def test_retrain_short_starts_from_weights_of_its_own(task: Task, model: nn.Module) -> None:
    still = {"epochs": 1, "batch": 64, "lr": 1e-30, "lr_min": 0.0, "weight_decay": 0.0}
    one = Loop(Retrain(**still), task, model).run().model
    other = Loop(RetrainShort(**still), task, model).run().model
    assert not torch.isclose(one.head.weight, other.head.weight).any()


def test_retrain_shares_no_weight_with_the_original(task: Task, model: nn.Module) -> None:
    """Even with no training to speak of: it starts from another initialisation."""
    method = Retrain(epochs=1, batch=64, lr=1e-30, lr_min=0.0, momentum=0.0, weight_decay=0.0)
    retrained = Loop(method, task, model).run().model
    weights = dict(model.named_parameters())
    for name, weight in retrained.named_parameters():
        if "weight" in name and weight.ndim > 1:  # batch norm starts at 1 and 0 everywhere
            assert not torch.isclose(weight, weights[name]).any(), name


@pytest.mark.parametrize("make", [Retrain, RetrainShort])
def test_retraining_needs_a_factory(make: type, task: Task, model: nn.Module) -> None:
    without = Task.of(task.images, task.split)
    with pytest.raises(UserError, match="fresh weights"):
        Loop(make(**FAST), without, model)


@pytest.mark.parametrize(
    "values",
    [
        {"epochs": 0},
        {"batch": 0},
        {"lr": 0.0},
        {"lr": float("nan")},
        {"lr_min": 1.0},
        {"warmup": 1.0},
        {"momentum": 1.0},
        {"weight_decay": -1.0},
        {"lam": -0.1},
        {"lam": float("nan")},
        {"tau": 0.0},
    ],
)
def test_hyper_parameters_out_of_range_name_their_flag(values: dict[str, float]) -> None:
    flag = "--" + next(iter(values)).replace("_", "-")
    with pytest.raises(UserError, match=flag):
        CoUn(**values)


@pytest.mark.parametrize("make", [lambda: FT(), lambda seed, width: FT()])
def test_a_factory_takes_the_seed_alone(make: object, task: Task, model: nn.Module) -> None:
    odd = Task.of(task.images, task.split, make_model=make)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="does not take one argument, the seed"):
        Loop(Retrain(**FAST), odd, model)


def test_a_value_of_an_added_term_is_told_with_the_terms_flag() -> None:
    with pytest.raises(UserError, match=r"--contrastive\.tau -1"):
        Contrastive(tau=-1.0)
    with pytest.raises(UserError, match="--tau -1"):
        CoUn(tau=-1.0)
