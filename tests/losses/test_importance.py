"""Importances against loops written from the formula, and what they may not depend on."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.flop_counter import FlopCounterMode

from untrain.losses import importance
from untrain.losses.importance import batch_squared, fisher, per_sample
from untrain.models.build import ModelSpec
from untrain.models.output import wrap

COUNT = 7


@pytest.fixture
def net() -> nn.Module:
    """A network whose running statistics are not those of a fresh one."""
    net = ModelSpec("small", classes=3, channels=1, width=4).make(0)
    net(torch.randn(32, 1, 8, 8, generator=torch.Generator().manual_seed(1)))
    return net


@pytest.fixture
def x() -> Tensor:
    return torch.randn(COUNT, 1, 8, 8, generator=torch.Generator().manual_seed(2))


@pytest.fixture
def y() -> Tensor:
    return torch.tensor([0, 1, 2, 0, 1, 2, 0])


def square(net: nn.Module, loss: Tensor) -> dict[str, Tensor]:
    """The squared gradient of one loss, the slow way."""
    net.zero_grad()
    loss.backward()
    return {name: weight.grad.clone() ** 2 for name, weight in net.named_parameters()}


def close(one: dict[str, Tensor], other: dict[str, Tensor], rtol: float = 1e-3) -> bool:
    """Whether all entries agree, as a share of the largest one of their tensor."""
    assert one.keys() == other.keys()
    pairs = [(one[name], other[name]) for name in one]
    return all(float((a - b).abs().max()) <= rtol * float(b.abs().max()) for a, b in pairs)


def test_batch_squared_weighs_batches_by_their_images(net: nn.Module, x: Tensor, y: Tensor) -> None:
    got = batch_squared(net, [(x[:5], y[:5]), (x[5:], y[5:])])
    first = square(net, cross_entropy(net(x[:5]).logits, y[:5]))
    last = square(net, cross_entropy(net(x[5:]).logits, y[5:]))
    assert close(got, {name: (5 * first[name] + 2 * last[name]) / 7 for name in first})


def test_per_sample_is_the_mean_of_the_images_squares(net: nn.Module, x: Tensor, y: Tensor) -> None:
    got = per_sample(net, [(x, y)])
    each = [square(net, cross_entropy(net(x[[i]]).logits, y[[i]])) for i in range(COUNT)]
    assert close(got, {name: sum(one[name] for one in each) / COUNT for name in got})


def test_fisher_is_the_expected_square_over_the_classes(net: nn.Module, x: Tensor) -> None:
    got = fisher(net, [x])
    expected = {name: torch.zeros_like(tensor) for name, tensor in got.items()}
    for i in range(COUNT):
        for label in range(3):
            log_p = net(x[[i]]).logits.log_softmax(1)[0, label]
            for name, value in square(net, log_p).items():
                expected[name] += log_p.detach().exp() * value / COUNT
    assert close(got, expected)
    assert all(bool((tensor >= 0).all()) for tensor in got.values())


def test_fisher_of_a_heads_bias_is_the_variance_of_its_class(net: nn.Module, x: Tensor) -> None:
    p = net.eval()(x).logits.softmax(1)
    expected = (p * (1 - p)).mean(0).detach()
    torch.testing.assert_close(fisher(net, [x])["head.bias"], expected)


def test_order_and_batches_matter_to_batch_squared_alone(
    net: nn.Module, x: Tensor, y: Tensor
) -> None:
    order = torch.tensor([3, 1, 4, 0, 6, 2, 5])
    plans = [
        [(x, y)],
        [(x[:4], y[:4]), (x[4:], y[4:])],
        [(x[order[:4]], y[order[:4]]), (x[order[4:]], y[order[4:]])],
    ]
    whole, halves, shuffled = (per_sample(net, plan) for plan in plans)
    assert close(whole, halves)
    assert close(whole, shuffled)
    whole, halves, shuffled = (batch_squared(net, plan) for plan in plans)
    assert not close(whole, halves, rtol=0.05)
    assert not close(halves, shuffled, rtol=0.05)
    whole, shuffled = fisher(net, [x]), fisher(net, [x[order[:4]], x[order[4:]]])
    assert close(whole, shuffled)


def test_classes_in_parts_give_the_same(
    net: nn.Module, x: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = fisher(net, [x])
    monkeypatch.setattr(importance, "CLASSES", 2)
    assert close(whole, fisher(net, [x]), rtol=1e-5)


def test_the_bill_is_the_images_whichever_way(net: nn.Module, x: Tensor, y: Tensor) -> None:
    def flops(work: object) -> int:
        with FlopCounterMode(display=False) as counter:
            work()
        return counter.get_total_flops()

    once = flops(lambda: batch_squared(net, [(x, y)]))
    assert flops(lambda: per_sample(net, [(x, y)])) == once
    assert once < flops(lambda: fisher(net, [x])) < 3 * once


class Odd(nn.Module):
    """Returns logits alone, holds a frozen layer and one that nothing uses."""

    def __init__(self) -> None:
        super().__init__()
        self.frozen, self.unused, self.head = nn.Linear(64, 5), nn.Conv2d(1, 2, 3), nn.Linear(5, 3)
        self.frozen.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.frozen(x.flatten(1)).relu())


def test_frozen_and_unused_weights_of_a_wrapped_model(x: Tensor, y: Tensor) -> None:
    model = wrap(Odd())
    trainable = {name: w.shape for name, w in model.named_parameters() if w.requires_grad}
    assert len(trainable) == 4
    for found in (
        batch_squared(model, [(x, y)]),
        per_sample(model, [(x, y)]),
        fisher(model, [x]),
    ):
        assert {name: tensor.shape for name, tensor in found.items()} == trainable
        assert all((tensor.sum() > 0) == ("head" in name) for name, tensor in found.items())


def test_leave_buffers_and_gradients_alone(net: nn.Module, x: Tensor, y: Tensor) -> None:
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    for found in (batch_squared(net, [(x, y)]), per_sample(net, [(x, y)]), fisher(net, [x])):
        assert not any(tensor.requires_grad for tensor in found.values())
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())
    assert all(weight.grad is None for weight in net.parameters())


@pytest.mark.parametrize("measure", [batch_squared, per_sample, fisher])
def test_no_image_is_refused(measure: object, net: nn.Module) -> None:
    with pytest.raises(ValueError, match="at least one image"):
        measure(net, [])
