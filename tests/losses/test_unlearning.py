"""CU's loss against a slow float64 loop, gradient identities, empty sets and empty slots."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from untrain.losses import cu_loss

Batch = tuple[Tensor, Tensor, Tensor, Tensor]
DENOMINATORS = ["paper", "official"]
LABELS = {
    "every set filled": ([0, 1, 2, 0], [0, 1, 2, 2, 1, 0]),
    "class unlearning: no same class": ([3, 3, 3, 3], [0, 1, 2, 2, 1, 0]),
    "one anchor without same class": ([0, 1, 4, 0], [0, 1, 2, 2, 1, 0]),
    "one anchor without other classes": ([0, 1, 0, 0], [1, 1, 1]),
    "no other classes at all": ([1, 1, 1], [1, 1, 1, 1]),
    "one anchor": ([1], [0, 1, 2, 2, 1, 0]),
    "one retained, same": ([1, 1], [1]),
    "one retained, other": ([1, 1], [0]),
    "one retained of both": ([1, 0], [0]),
    "nothing retained": ([1, 0], []),
    "nothing forgotten": ([], [1, 0]),
    "empty slots": ([0, 1, 4], [0, -1, 2, -1, 1, 0]),
    "empty slots only": ([0, 1], [-1, -1, -1]),
}


def slow(batch: Batch, tau: float, denominator: str) -> float:
    """The formula, one pair at a time, in float64."""
    z_forget, y_forget, z_retain, y_retain = (t.detach().double().numpy() for t in batch)
    losses = []
    for z, y in zip(z_forget, y_forget, strict=True):
        other, same = [], []
        for w, label in zip(z_retain, y_retain, strict=True):
            s = float(z @ w) / math.sqrt((z @ z) * (w @ w)) / tau
            if label >= 0:
                (same if label == y else other).append(s)
        if not other:
            continue
        log_d = math.log(sum(math.exp(s) for s in same)) if same else 0.0
        mean, top = sum(other) / len(other), max(other + same)
        if denominator == "paper":
            losses.append(-mean + log_d)
        elif same:
            count = len(other) + len(same)
            offset = top * len(same) / len(other)
            losses.append(-mean + log_d * count / len(other) - offset)
        else:
            losses.append(-mean + top)
    return sum(losses) / len(losses) if losses else 0.0


def batch(y_forget: list[int], y_retain: list[int], dtype: torch.dtype = torch.float32) -> Batch:
    chance = torch.Generator().manual_seed(0)
    z_forget = torch.randn(len(y_forget), 5, generator=chance, dtype=dtype)
    z_retain = torch.randn(len(y_retain), 5, generator=chance, dtype=dtype)
    y_forget_, y_retain_ = (torch.tensor(y, dtype=torch.int64) for y in (y_forget, y_retain))
    return z_forget.requires_grad_(), y_forget_, z_retain.requires_grad_(), y_retain_


def gradients(given: Batch, loss: Tensor) -> tuple[Tensor, Tensor]:
    forget, retain = torch.autograd.grad(loss, (given[0], given[2]))
    return forget, retain


@pytest.mark.parametrize("tau", [0.05, 0.2, 2.0])
@pytest.mark.parametrize("denominator", DENOMINATORS)
@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS.keys())
def test_equals_a_slow_loop(
    labels: tuple[list[int], list[int]], denominator: str, tau: float
) -> None:
    given = batch(*labels)
    expected = slow(given, tau, denominator)
    assert cu_loss(*given, tau, denominator).item() == pytest.approx(expected, rel=1e-5, abs=1e-5)
    given = batch(*labels, torch.float64)
    assert cu_loss(*given, tau, denominator).item() == pytest.approx(
        slow(given, tau, denominator), rel=1e-12, abs=1e-12
    )


@pytest.mark.parametrize("denominator", DENOMINATORS)
@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS.keys())
def test_gradients_are_finite_and_zero_where_nothing_is_compared(
    labels: tuple[list[int], list[int]], denominator: str
) -> None:
    given = batch(*labels)
    forget, retain = gradients(given, cu_loss(*given, denominator=denominator))
    assert forget.isfinite().all()
    assert retain.isfinite().all()
    _, y_forget, _, y_retain = given
    kept = ((y_retain >= 0) & (y_retain != y_forget[:, None])).any(1)
    assert not forget[~kept].any()
    assert not retain[y_retain < 0].any()
    assert (forget[kept].abs().sum(1) > 0).all()


@pytest.mark.parametrize("name", ["every set filled", "one anchor without same class"])
def test_gradcheck(name: str) -> None:
    z_forget, y_forget, z_retain, y_retain = batch(*LABELS[name], torch.float64)

    def loss(a: Tensor, b: Tensor) -> Tensor:
        return cu_loss(a, y_forget, b, y_retain, tau=0.5)

    assert torch.autograd.gradcheck(loss, (z_forget, z_retain))


def test_class_unlearning_has_the_gradient_of_minus_the_mean_similarity() -> None:
    given = batch([3] * 4, [0, 1, 2, 2, 1, 0], torch.float64)
    cosines = torch.cosine_similarity(given[0][:, None], given[2][None], dim=2)
    expected = gradients(given, -(cosines / 0.2).mean())
    for denominator in DENOMINATORS:
        found = gradients(given, cu_loss(*given, 0.2, denominator))
        for one, other in zip(found, expected, strict=True):
            torch.testing.assert_close(one, other)


def test_official_gradient_differs_in_the_repelling_part_by_its_factor() -> None:
    given = batch([1], [0, 1, -1, 2, 1, 0], torch.float64)  # 5 images, 3 of other classes
    others = given[3][[0, 3, 5]]
    attract = gradients(given, cu_loss(*given[:2], given[2][[0, 3, 5]], others))
    paper = gradients(given, cu_loss(*given))
    official = gradients(given, cu_loss(*given, denominator="official"))
    for part, plain, scaled in zip(attract, paper, official, strict=True):
        torch.testing.assert_close(scaled - part, (plain - part) * 5 / 3)
        assert (plain - part).abs().max() > 0.1


def test_a_step_down_moves_an_anchor_to_other_classes_and_off_its_own() -> None:
    z_forget, y_forget, z_retain, y_retain = batch([1], [0, 1])
    (slope,) = torch.autograd.grad(cu_loss(z_forget, y_forget, z_retain, y_retain), z_forget)
    before, after = (
        torch.cosine_similarity(z, z_retain) for z in (z_forget, z_forget - 0.01 * slope)
    )
    assert after[0] > before[0]
    assert after[1] < before[1]


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_is_bounded_and_reaches_the_bound(sign: float) -> None:
    tau, own = 0.1, 7
    z = torch.tensor([[1.0, 0.0]])
    retain = torch.cat([-sign * z.expand(4, 2), sign * z.expand(own, 2)])
    labels = torch.tensor([0] * 4 + [1] * own)
    loss = cu_loss(z, torch.tensor([1]), retain, labels, tau).item()
    assert loss == pytest.approx(sign * 2 / tau + math.log(own), rel=1e-5)
    given = batch([1], [0, 1, 2, 2, 1, 0])
    assert abs(cu_loss(*given, tau).item()) <= 2 / tau + math.log(2)


@pytest.mark.parametrize("denominator", DENOMINATORS)
def test_does_not_change_with_length_nor_order(denominator: str) -> None:
    z_forget, y_forget, z_retain, y_retain = batch([0, 1, 4, 0], [0, 1, -1, 2, 1, 0])
    expected = cu_loss(z_forget, y_forget, z_retain, y_retain, 0.2, denominator).item()
    longer = torch.arange(1, 5)[:, None]
    flipped = [t.flip(0) for t in (z_forget, y_forget)]
    rolled = [t.roll(2, 0) for t in (z_retain, y_retain)]
    for changed in (
        (z_forget * longer, y_forget, z_retain * 0.01, y_retain),
        (*flipped, z_retain, y_retain),
        (z_forget, y_forget, *rolled),
    ):
        assert cu_loss(*changed, 0.2, denominator).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("denominator", DENOMINATORS)
def test_empty_slots_do_not_act(denominator: str) -> None:
    z_forget, y_forget, z_retain, y_retain = batch([0, 1, 4], [0, 2, 1, 0])
    expected = cu_loss(z_forget, y_forget, z_retain, y_retain, 0.2, denominator)
    padded = torch.cat([torch.zeros(3, 5), z_retain, z_forget])
    labels = torch.cat([torch.full((3,), -1), y_retain, torch.full((3,), -1)])
    found = cu_loss(z_forget, y_forget, padded, labels, 0.2, denominator)
    assert found.item() == pytest.approx(expected.item(), rel=1e-6)


@pytest.mark.parametrize("denominator", DENOMINATORS)
def test_zero_features_and_a_small_temperature_stay_finite(denominator: str) -> None:
    z_forget, y_forget, z_retain, y_retain = batch([0, 1], [0, 1, 2])
    with torch.no_grad():
        z_forget[0], z_retain[1] = 0, 0
    given = z_forget, y_forget, z_retain, y_retain
    loss = cu_loss(*given, 1e-3, denominator)
    assert loss.isfinite()
    assert all(slope.isfinite().all() for slope in gradients(given, loss))


@pytest.mark.parametrize("denominator", DENOMINATORS)
def test_runs_without_looking_at_values(denominator: str) -> None:
    for labels in LABELS.values():
        given = [t.detach().to("meta") for t in batch(*labels)]
        given[0].requires_grad_()
        loss = cu_loss(*given, 0.2, denominator)
        loss.backward()
        assert loss.shape == ()
        assert given[0].grad is not None


def test_autocast_and_half_precision_do_not_lower_its_precision() -> None:
    z_forget, y_forget, z_retain, y_retain = batch([0, 1, 4], [0, 1, 2, 2])
    with torch.autocast("cpu", torch.bfloat16):
        lowered = cu_loss(z_forget, y_forget, z_retain, y_retain)
    assert lowered.dtype == torch.float32
    assert torch.equal(lowered, cu_loss(z_forget, y_forget, z_retain, y_retain))
    a, b = z_forget.bfloat16(), z_retain.bfloat16()
    half = cu_loss(a, y_forget, b, y_retain)
    assert torch.equal(half, cu_loss(a.float(), y_forget, b.float(), y_retain))


WRONG = {
    "features": ((4, 3), (4,), (6, 2), (6,)),
    "features of one": ((3,), (4,), (6, 3), (6,)),
    "a label": ((4, 3), (5,), (6, 3), (6,)),
    "a label of retained": ((4, 3), (4,), (6, 3), (6, 3)),
}


@pytest.mark.parametrize("shapes", WRONG.values(), ids=WRONG.keys())
def test_refuses_shapes_that_do_not_fit(shapes: tuple[tuple[int, ...], ...]) -> None:
    a, y_a, b, y_b = shapes
    with pytest.raises(ValueError, match="expected, got"):
        cu_loss(torch.ones(a), torch.ones(y_a).long(), torch.ones(b), torch.ones(y_b).long())


def test_refuses_wrong_settings() -> None:
    given = batch([0, 1], [0, 1, 2])
    for tau in (0.0, -1.0, math.nan):
        with pytest.raises(ValueError, match="tau must be positive"):
            cu_loss(*given, tau)
    with pytest.raises(ValueError, match="denominator is one of"):
        cu_loss(*given, denominator="published")
