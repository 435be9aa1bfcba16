"""Learning-rate schedules against the formulas of the papers."""

from __future__ import annotations

import math

import pytest

from untrain.engine.schedule import learning_rate
from untrain.methods import FT, Retrain


def rates(method: FT) -> list[float]:
    return [learning_rate(method, epoch) for epoch in range(method.epochs)]


def test_cosine_is_the_coun_protocol() -> None:
    """lr_e = lr_min + (lr - lr_min) (1 + cos(pi e / E)) / 2."""
    expected = [1e-4 + (0.05 - 1e-4) * (1 + math.cos(math.pi * e / 50)) / 2 for e in range(50)]
    assert rates(FT(lr=0.05)) == pytest.approx(expected)


def test_step_is_retrain_of_the_coun_protocol() -> None:
    found = rates(Retrain())
    assert found[0] == found[90] == 0.1
    assert found[91] == found[136] == pytest.approx(0.01)
    assert found[137] == found[181] == pytest.approx(0.001)


def test_laptop_preset_is_linear_with_three_epochs_of_warm_up() -> None:
    method = Retrain(**Retrain.presets["laptop"])
    expected = [0.05 * min(1, (e + 1) / 3) * (1 - e / 20) for e in range(20)]
    assert rates(method) == pytest.approx(expected, abs=1.1e-4)


def test_warm_up_keeps_its_share_when_the_schedule_is_compressed() -> None:
    long = Retrain(epochs=20, schedule="constant", warmup=0.2, lr=1.0)
    short = Retrain(epochs=10, schedule="constant", warmup=0.2, lr=1.0)
    assert rates(long)[:4] == pytest.approx([0.25, 0.5, 0.75, 1.0])
    assert rates(short)[:2] == pytest.approx([0.5, 1.0])


def test_per_step_warm_up_begins_with_one_step() -> None:
    method = FT(epochs=2, schedule="constant", warmup=0.5, lr=1.0, per_step=True)
    assert [learning_rate(method, k / 4, 0.25) for k in range(5)] == [0.25, 0.5, 0.75, 1.0, 1.0]
