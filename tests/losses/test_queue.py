"""The ring of retained features: order, wrap-around, labels; and the moving average of models."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from untrain.losses import FeatureQueue, cu_loss
from untrain.losses.queue import momentum_update


def numbered(first: int, count: int) -> tuple[Tensor, Tensor]:
    """Features that tell their label: row k is (k, -k)."""
    labels = torch.arange(first, first + count)
    return torch.stack([labels, -labels], 1).float(), labels


@pytest.mark.parametrize("sizes", [[2, 2], [3, 4, 1], [5], [6], [12], [1] * 13, [4, 11, 3], [0, 2]])
def test_holds_the_last_ones_with_their_labels(sizes: list[int]) -> None:
    queue, seen = FeatureQueue(5, 2), 0
    for count in sizes:
        queue.push(*numbered(seen, count))
        seen += count
    expected = list(range(max(0, seen - 5), seen))
    filled = queue.labels >= 0
    assert sorted(queue.labels[filled].tolist()) == expected
    assert torch.equal(queue.features[filled, 0], queue.labels[filled].float())
    assert torch.equal(queue.features[:, 1], -queue.features[:, 0])


def test_the_oldest_are_replaced_first() -> None:
    queue = FeatureQueue(4, 2)
    queue.push(*numbered(0, 3))
    assert queue.labels.tolist() == [0, 1, 2, -1]
    queue.push(*numbered(3, 3))
    assert queue.labels.tolist() == [4, 5, 2, 3]
    assert queue.cursor.item() == 2
    queue.push(*numbered(6, 9))
    assert sorted(queue.labels.tolist()) == [11, 12, 13, 14]
    queue.push(*numbered(15, 1))
    assert sorted(queue.labels.tolist()) == [12, 13, 14, 15]


def test_goes_on_from_its_saved_state() -> None:
    queue, copy = FeatureQueue(4, 2), FeatureQueue(4, 2)
    queue.push(*numbered(0, 6))
    copy.load_state_dict(queue.state_dict())
    for each in (queue, copy):
        each.push(*numbered(6, 3))
    for one, other in zip(queue.buffers(), copy.buffers(), strict=True):
        assert torch.equal(one, other)
    assert not list(queue.parameters())


@pytest.mark.parametrize("denominator", ["paper", "official"])
def test_a_half_full_queue_acts_as_the_batch_in_it(denominator: str) -> None:
    chance = torch.Generator().manual_seed(0)
    z = torch.randn(3, 4, generator=chance)
    features, labels = torch.randn(5, 4, generator=chance), torch.tensor([0, 1, 2, 0, 1])
    queue, y = FeatureQueue(9, 4), torch.tensor([0, 1, 3])
    empty = cu_loss(z, y, queue.features, queue.labels, 0.2, denominator)
    assert empty.item() == 0
    queue.push(features, labels)
    found = cu_loss(z, y, queue.features, queue.labels, 0.2, denominator)
    expected = cu_loss(z, y, features, labels, 0.2, denominator)
    assert found.item() == pytest.approx(expected.item(), rel=1e-6)


def test_a_push_before_backward_leaves_the_gradient_alone() -> None:
    queue = FeatureQueue(4, 2)
    queue.push(*numbered(1, 4))
    z = torch.tensor([[1.0, 2.0]], requires_grad=True)
    loss = cu_loss(z, torch.tensor([1]), queue.features, queue.labels)
    (expected,) = torch.autograd.grad(loss, z, retain_graph=True)
    queue.push(*numbered(7, 4))
    assert torch.equal(torch.autograd.grad(loss, z)[0], expected)


def test_takes_features_that_need_gradient_or_are_half() -> None:
    queue = FeatureQueue(4, 2)
    features, labels = numbered(1, 2)
    queue.push(features.bfloat16().requires_grad_(), labels.int())
    assert not queue.features.requires_grad
    assert queue.features.dtype == torch.float32
    assert torch.equal(queue.features[:2], features)


def test_runs_without_looking_at_values() -> None:
    with torch.device("meta"):
        queue = FeatureQueue(4, 2)
        queue.push(torch.ones(3, 2), torch.ones(3, dtype=torch.int64))
    assert queue.features.shape == (4, 2)


@pytest.mark.parametrize("shapes", [((3, 3), (3,)), ((3, 2), (2,)), ((2,), (2,)), ((3, 2), (3, 1))])
def test_refuses_what_does_not_fit(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    with pytest.raises(ValueError, match=r"features \(N, 2\)"):
        FeatureQueue(4, 2).push(torch.ones(shapes[0]), torch.ones(shapes[1]).long())


@pytest.mark.parametrize(("size", "dim"), [(0, 2), (2, 0), (-1, 2)])
def test_refuses_a_queue_without_room(size: int, dim: int) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        FeatureQueue(size, dim)


def model(value: float) -> nn.Module:
    net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    for tensor in (*net.parameters(), *net.buffers()):
        tensor.data.fill_(value)
    return net


@pytest.mark.parametrize("momentum", [0.0, 0.3, 0.9, 1.0])
def test_momentum_has_its_closed_form_and_buffers_are_copied(momentum: float) -> None:
    target, source = model(8.0), model(2.0)
    for _ in range(3):
        momentum_update(target, source, momentum)
    expected = 2 + 6 * momentum**3
    for slow, fast in zip(target.parameters(), source.parameters(), strict=True):
        torch.testing.assert_close(slow.detach(), torch.full_like(slow, expected))
        assert torch.equal(fast, torch.full_like(fast, 2))
        assert slow.requires_grad
        assert slow.grad is None
    for old, new in zip(target.buffers(), source.buffers(), strict=True):
        assert torch.equal(old, new)
        assert old is not new


@pytest.mark.parametrize("momentum", [-0.1, 1.1])
def test_refuses_a_momentum_outside_its_range(momentum: float) -> None:
    with pytest.raises(ValueError, match=r"in \[0, 1\]"):
        momentum_update(model(1), model(2), momentum)


@pytest.mark.parametrize("other", [nn.Linear(2, 3), nn.Sequential(nn.Linear(1, 3))])
def test_refuses_models_that_differ(other: nn.Module) -> None:
    with pytest.raises(ValueError, match="same parameters and buffers"):
        momentum_update(model(1), other, 0.5)
