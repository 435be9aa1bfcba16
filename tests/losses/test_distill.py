"""The divergence against a slow float64 loop and torch's own, closed cases, classes ruled out."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.nn.functional import kl_div

from untrain.losses import kl


def slow(teacher: Tensor, student: Tensor, temperature: float) -> float:
    """The sum of all terms, one at a time, in float64: without T^2 and B."""
    total = 0.0
    for t, s in zip(teacher.tolist(), student.tolist(), strict=True):
        q, p = ([math.exp(v / temperature) for v in row] for row in (t, s))
        for a, b in zip(q, p, strict=True):
            total += 0.0 if a == 0 else a / sum(q) * math.log((a / sum(q)) / (b / sum(p)))
    return total


def logits(batch: int = 4, classes: int = 3, dtype: torch.dtype = torch.float32) -> list[Tensor]:
    chance = torch.Generator().manual_seed(0)
    return [torch.randn(batch, classes, generator=chance, dtype=dtype) * 3 for _ in range(2)]


@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("reduction", ["batchmean", "elementmean"])
@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
def test_equals_a_slow_loop_and_the_one_of_torch(
    temperature: float, reduction: str, scale: bool
) -> None:
    teacher, student = logits()
    found = kl(teacher, student, temperature, reduction, scale).item()
    factor = (temperature**2 if scale else 1) / (4 if reduction == "batchmean" else 12)
    assert found == pytest.approx(slow(teacher, student, temperature) * factor, rel=1e-5)
    q, p = ((z / temperature).log_softmax(1) for z in (teacher, student))
    torchs = kl_div(p, q, reduction="sum", log_target=True).item() * factor
    assert found == pytest.approx(torchs, rel=1e-5)


def test_gradcheck() -> None:
    teacher, student = logits(dtype=torch.float64)

    def loss(z: Tensor) -> Tensor:
        return kl(teacher, z, temperature=2.0)

    assert torch.autograd.gradcheck(loss, student.requires_grad_())


@pytest.mark.parametrize("temperature", [1.0, 4.0])
def test_gradient_is_the_difference_of_the_softmaxes(temperature: float) -> None:
    teacher, student = logits(dtype=torch.float64)
    kl(teacher, student.requires_grad_(), temperature).backward()
    q, p = ((z.detach() / temperature).softmax(1) for z in (teacher, student))
    assert student.grad is not None
    torch.testing.assert_close(student.grad, (p - q) * temperature / 4)


@pytest.mark.parametrize("temperature", [1.0, 4.0])
def test_equal_logits_give_zero_value_and_gradient(temperature: float) -> None:
    student = logits()[0].requires_grad_()
    loss = kl(student.detach() + 0.0, student, temperature)
    loss.backward()
    assert loss.item() == 0
    assert student.grad is not None
    assert student.grad.abs().max() < 1e-6


def test_the_teacher_gets_no_gradient() -> None:
    teacher, student = (z.requires_grad_() for z in logits())
    kl(teacher, student).backward()
    assert teacher.grad is None
    assert student.grad is not None


def test_does_not_change_when_logits_are_shifted() -> None:
    teacher, student = logits()
    assert kl(teacher + 5, student - 3).item() == pytest.approx(kl(teacher, student).item(), 1e-5)


def test_temperature_divides_the_logits() -> None:
    teacher, student = logits()
    warm = kl(teacher * 4, student * 4, temperature=4.0, scale=False)
    assert warm.item() == pytest.approx(kl(teacher, student).item(), rel=1e-5)


def test_is_minus_log_p_for_a_teacher_that_is_sure() -> None:
    _, student = logits()
    teacher = torch.full((4, 3), -math.inf)
    teacher[:, 1] = 0
    expected = -student.log_softmax(1)[:, 1].mean().item()
    assert kl(teacher, student).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("low", [-math.inf, -1e10, -300.0])
@pytest.mark.parametrize("both", [True, False])
def test_is_finite_where_the_teacher_gives_nothing(low: float, both: bool) -> None:
    teacher, student = logits()
    teacher[:, 0] = low
    if both:
        student[:, 0] = low
    rest = kl(teacher[:, 1:], student[:, 1:]).item()
    loss = kl(teacher, student.requires_grad_())
    loss.backward()
    lost = 0 if both else -(1 - student.softmax(1)[:, 0]).log().mean().item()
    assert loss.item() == pytest.approx(rest + lost, rel=1e-4)
    assert student.grad is not None
    assert student.grad.isfinite().all()


@pytest.mark.parametrize(("batch", "classes"), [(0, 3), (1, 1), (1, 3)])
@pytest.mark.parametrize("reduction", ["batchmean", "elementmean"])
def test_small_batches(batch: int, classes: int, reduction: str) -> None:
    teacher, student = logits(batch, classes)
    loss = kl(teacher, student.requires_grad_(), reduction=reduction)
    loss.backward()
    assert loss.isfinite()
    assert (loss.item() > 0) == (batch * classes > 1)


def test_runs_without_looking_at_values() -> None:
    loss = kl(torch.ones(4, 3, device="meta"), torch.ones(4, 3, device="meta"))
    assert loss.shape == ()


def test_autocast_and_half_precision_do_not_lower_its_precision() -> None:
    teacher, student = logits()
    with torch.autocast("cpu", torch.bfloat16):
        lowered = kl(teacher, student)
    assert lowered.dtype == torch.float32
    assert torch.equal(lowered, kl(teacher, student))
    a, b = teacher.bfloat16(), student.bfloat16()
    assert torch.equal(kl(a, b), kl(a.float(), b.float()))


def test_refuses_wrong_input() -> None:
    teacher, student = logits()
    with pytest.raises(ValueError, match=r"two \(B, C\) logits"):
        kl(teacher, student[:, :2])
    with pytest.raises(ValueError, match=r"two \(B, C\) logits"):
        kl(teacher[0], student[0])
    for temperature in (0.0, -1.0, math.nan):
        with pytest.raises(ValueError, match="temperature must be positive"):
            kl(teacher, student, temperature)
    with pytest.raises(ValueError, match="reduction is one of"):
        kl(teacher, student, reduction="mean")
