"""InfoNCE against a slow float64 loop, closed forms, invariances and degenerate batches."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from untrain.losses import info_nce


def slow(z1: np.ndarray, z2: np.ndarray, tau: float) -> float:
    """The formula, one pair at a time, in float64."""

    def cos(a: np.ndarray, b: np.ndarray) -> float:
        return float(a @ b / math.sqrt((a @ a) * (b @ b)))

    count, loss = len(z1), 0.0
    for i in range(count):
        forth = [math.exp(cos(z1[i], z2[j]) / tau) for j in range(count)]
        back = [math.exp(cos(z1[j], z2[i]) / tau) for j in range(count)]
        loss -= math.log(forth[i] / sum(forth)) / count
        loss -= math.log(back[i] / sum(back)) / count
    return loss


def views(count: int = 6, size: int = 5) -> tuple[Tensor, Tensor]:
    chance = torch.Generator().manual_seed(0)
    return torch.randn(count, size, generator=chance), torch.randn(count, size, generator=chance)


@pytest.mark.parametrize("tau", [0.1, 0.5, 2.0])
@pytest.mark.parametrize("count", [2, 6])
def test_equals_a_slow_loop_over_all_pairs(count: int, tau: float) -> None:
    z1, z2 = views(count)
    expected = slow(z1.double().numpy(), z2.double().numpy(), tau)
    assert info_nce(z1, z2, tau).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("view", [0, 1])
def test_gradient_equals_finite_differences(view: int) -> None:
    leaves = [z.requires_grad_() for z in views(4, 3)]
    info_nce(*leaves, tau=0.5).backward()
    points = [z.detach().double().numpy() for z in leaves]
    expected = np.zeros((4, 3))
    for at in np.ndindex(4, 3):
        values = []
        for step in (1e-5, -1e-5):
            moved = [point.copy() for point in points]
            moved[view][at] += step
            values.append(slow(moved[0], moved[1], 0.5))
        expected[at] = (values[0] - values[1]) / 2e-5
    assert leaves[view].grad is not None
    np.testing.assert_allclose(leaves[view].grad.numpy(), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("tau", [0.1, 1.0])
def test_closed_form_for_orthonormal_identical_views(tau: float) -> None:
    z = torch.eye(8)
    expected = 2 * math.log(1 + 7 * math.exp(-1 / tau))
    assert info_nce(z, z, tau).item() == pytest.approx(expected, abs=1e-6)


def test_is_twice_log_n_when_all_features_are_equal() -> None:
    z = torch.ones(10, 4)
    assert info_nce(z, z).item() == pytest.approx(2 * math.log(10), rel=1e-5)


def test_one_image_gives_zero_and_no_gradient() -> None:
    z1, z2 = (z.requires_grad_() for z in views(1))
    loss = info_nce(z1, z2)
    loss.backward()
    assert loss.item() == 0
    assert z1.grad is not None
    assert not z1.grad.any()


CHANGES: dict[str, Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]] = {
    "rescaled rows": lambda a, b: (a * torch.arange(1, 7)[:, None], b * 0.01),
    "both permuted alike": lambda a, b: (a.flip(0), b.flip(0)),
    "views swapped": lambda a, b: (b, a),
    "both rotated": lambda a, b: (a.roll(1, 1), b.roll(1, 1)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_does_not_change(change: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]) -> None:
    z1, z2 = views()
    assert info_nce(*change(z1, z2)).item() == pytest.approx(info_nce(z1, z2).item(), rel=1e-5)


def test_changes_when_one_view_alone_is_permuted() -> None:
    z1, _ = views()
    assert info_nce(z1, z1.flip(0)).item() > info_nce(z1, z1).item() + 1


def test_zero_features_give_finite_loss_and_gradient() -> None:
    z1, z2 = views()
    z1[0] = 0
    z1.requires_grad_()
    loss = info_nce(z1, z2)
    loss.backward()
    assert loss.isfinite()
    assert z1.grad is not None
    assert z1.grad.isfinite().all()


def test_autocast_does_not_lower_its_precision() -> None:
    z1, z2 = views(32, 16)
    with torch.autocast("cpu", torch.bfloat16):
        lowered = info_nce(z1, z2)
    assert lowered.dtype == torch.float32
    assert torch.equal(lowered, info_nce(z1, z2))


def test_half_precision_features_are_raised_to_float32() -> None:
    z1, z2 = (z.bfloat16() for z in views())
    assert torch.equal(info_nce(z1, z2), info_nce(z1.float(), z2.float()))


@pytest.mark.parametrize(
    "shapes", [((4, 3), (5, 3)), ((4, 3), (4, 2)), ((4,), (4,)), ((4, 3, 1), (4, 3, 1))]
)
def test_refuses_views_that_are_not_two_equal_matrices(
    shapes: tuple[tuple[int, ...], tuple[int, ...]],
) -> None:
    with pytest.raises(ValueError, match=r"\(N, D\) views"):
        info_nce(torch.ones(shapes[0]), torch.ones(shapes[1]))


@pytest.mark.parametrize("tau", [0.0, -0.1])
def test_refuses_a_temperature_that_is_not_positive(tau: float) -> None:
    with pytest.raises(ValueError, match="tau must be positive"):
        info_nce(*views(), tau=tau)
