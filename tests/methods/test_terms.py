"""The contrastive term's second view, and its place beside any method."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from untrain.engine.loop import Loop
from untrain.errors import UserError
from untrain.methods import FT, Contrastive, CoUn
from untrain.methods.contract import Trained
from untrain.methods.cu import CU
from untrain.registry import methods
from untrain.task import Task
from untrain.testing import Subject

FAST = {"epochs": 2, "batch": 16, "lr": 0.1}
TRAINED = [name for name in methods.modules if issubclass(methods.get(name), Trained)]
HOSTS = [
    name
    for name in TRAINED
    if "retain" in methods.get(name).streams and "contrastive" not in methods.get(name).holds
]


def test_without_its_gradient_the_second_view_costs_a_forward(task: Task, model: nn.Module) -> None:
    ft = Loop(FT(**FAST), task, model).run().cost.flops
    half = Loop(CoUn(**FAST, second_view="stop-grad"), task, model).run().cost.flops
    assert half == pytest.approx(4 / 3 * ft, rel=0.03)


def test_stop_grad_is_the_gradient_of_view_0_alone(model: nn.Module) -> None:
    from untrain.losses import info_nce
    from untrain.methods.contract import Draw, Step

    x = torch.randn(2, 4, 1, 8, 8)
    draw = Draw(torch.zeros(4).long(), torch.arange(4), lambda k, _: x[k], model.eval())
    term = Contrastive(second_view="stop-grad")(Step(model, {"retain": draw}))
    assert term is not None
    term.backward()
    found = model.layers[0].weight.grad.clone()
    model.zero_grad()
    info_nce(model(x[0]).features, model(x[1]).features.detach()).backward()
    torch.testing.assert_close(found, model.layers[0].weight.grad)


def test_colour_jitter_of_floats_is_refused(task: Task, model: nn.Module) -> None:
    floats = Task(
        train=(task.images.x / 255, task.images.y),
        forget=[1, 2],
        test=(task.images.x[:5] / 255, task.images.y[:5]),
    )
    with pytest.raises(UserError, match="uint8"):
        Loop(CoUn(**FAST, transform="CHJGN"), floats, model)


@pytest.mark.parametrize("name", HOSTS)
def test_it_moves_every_method_with_a_retain_step(
    name: str, same: Callable[[nn.Module, nn.Module], bool]
) -> None:
    """With lam 0 it is the method itself, bit for bit."""
    subject = Subject(methods.get(name))

    def run(lam: float) -> nn.Module:
        terms = (Contrastive(lam=lam),)
        return Loop(subject.make(), subject.task(), model(), terms=terms).run().model

    def model() -> nn.Module:
        from untrain.testing.toy import TOY

        return TOY.make(0)

    assert same(run(0.0), subject.run())
    assert not same(run(0.5), subject.run())


@pytest.mark.parametrize("name", sorted({*methods.modules} - {*HOSTS}))
def test_it_is_refused_where_it_cannot_act(name: str) -> None:
    subject = Subject(methods.get(name))
    (problem,) = Contrastive().check(subject.make(), subject.task())
    assert "contrastive" in problem.what
    assert problem.fix


def test_it_stands_outside_the_coefficients_of_the_method(task: Task, model: nn.Module) -> None:
    """CU without its own terms' weight on retain still gets the whole term."""
    method = CU(**FAST, stop="none", lam_ce=0.0)
    with_term = Loop(method, task, model, terms=(Contrastive(lam=1.0),)).run().curve[0]["loss"]
    without = Loop(method, task, model).run().curve[0]["loss"]
    assert with_term > without + 1


@pytest.mark.parametrize("name", [n for n in methods.modules if "forget" in methods.get(n).streams])
def test_a_request_for_nothing_is_refused_or_taken_in_peace(name: str) -> None:
    """Reachable from Python only: a split with nothing forgotten."""
    from untrain.testing.toy import TOY, WHOLE, toy_task

    subject, task = Subject(methods.get(name)), toy_task(WHOLE)
    problems = subject.make().check(task)
    assert all("there are none" in problem.what for problem in problems)
    if not problems:
        Loop(subject.make(), task, TOY.make(0)).run()
