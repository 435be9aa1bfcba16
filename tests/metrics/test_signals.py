"""Membership signals against loops written from their formulas, and where floats run out."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from untrain.metrics import signals
from untrain.metrics.evidence import Outputs

CLASSES = 5


def draw(size: int = 40, scale: float = 3, seed: int = 0) -> Outputs:
    chance = np.random.default_rng(seed)
    logits = chance.normal(0, scale, (size, CLASSES)).astype(np.float32)
    return Outputs(logits, np.arange(size) % CLASSES, np.arange(size).astype(str))


def slow(name: str, z: list[float], y: int) -> float:
    total = sum(math.exp(one) for one in z)
    p = [math.exp(one) / total for one in z]
    others = [k for k in range(len(z)) if k != y]
    if name == "loss":
        return math.log(p[y])
    if name == "confidence":
        return p[y]
    if name == "margin":
        return z[y] - math.log(sum(math.exp(z[k]) for k in others))
    if name == "hinge":
        return z[y] - max(z[k] for k in others)
    if name == "entropy":
        return sum(one * math.log(one) for one in p)
    if name == "correct":
        return float(all(z[y] > z[k] for k in others))
    return (1 - p[y]) * math.log(p[y]) + sum(p[k] * math.log(1 - p[k]) for k in others)


@pytest.mark.parametrize(
    "name", ["loss", "confidence", "margin", "hinge", "entropy", "modified_entropy", "correct"]
)
def test_signal_is_its_formula(name: str) -> None:
    outputs = draw()
    found = getattr(signals, name)(outputs)
    expected = [
        slow(name, z.tolist(), y) for z, y in zip(outputs.logits, outputs.labels, strict=True)
    ]
    assert found.dtype == np.float64
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("bias", [True, False])
def test_last_layer_gradient_is_that_of_autograd(bias: bool) -> None:
    torch.manual_seed(0)
    features, head = torch.randn(9, 6).double(), torch.nn.Linear(6, CLASSES, bias=bias).double()
    labels = torch.arange(9) % CLASSES
    norms = []
    for one, label in zip(features, labels, strict=True):
        head.zero_grad()
        torch.nn.functional.cross_entropy(head(one[None]), label[None]).backward()
        norms.append(math.sqrt(sum(float((p.grad**2).sum()) for p in head.parameters())))
    outputs = Outputs(head(features).detach().numpy(), labels.numpy(), np.arange(9))
    found = signals.gradient(outputs, features.norm(dim=1).numpy(), bias)
    assert found == pytest.approx([-norm for norm in norms], rel=1e-5)


def test_certain_images_are_still_told_apart() -> None:
    """Where float64 probabilities have all become 1."""
    logits = np.zeros((3, CLASSES), dtype=np.float32)
    logits[:, 0] = [60, 70, 80]
    outputs = Outputs(logits, np.zeros(3, dtype=np.int64), np.arange(3))
    assert (signals.confidence(outputs) == 1).all()
    norms = np.ones(3)
    for one in (
        signals.loss(outputs),
        signals.margin(outputs),
        signals.modified_entropy(outputs),
        signals.gradient(outputs, norms),
    ):
        assert (np.diff(one) > 0).all()


def test_modified_entropy_of_certainty_is_0_and_of_a_confident_mistake_is_large() -> None:
    logits = np.zeros((2, CLASSES), dtype=np.float32)
    logits[:, 1] = 800
    outputs = Outputs(logits, np.array([1, 0]), np.arange(2))
    sure, wrong = signals.modified_entropy(outputs)
    assert sure == 0
    assert wrong < -700


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_diverged_model_is_an_error_not_a_number(bad: float) -> None:
    outputs = draw()
    outputs.logits[3, 1] = bad
    for one in signals.SIGNALS.values():
        with pytest.raises(ValueError, match="logits are not finite"):
            one(outputs)
    with pytest.raises(ValueError, match="feature norms are not finite"):
        signals.gradient(draw(), np.full(40, bad))
