"""ROC curves against a slow reading of the definition."""

from __future__ import annotations

import numpy as np
import pytest

from untrain.report.charts import attack
from untrain.report.charts.palette import Scales


def slow(fpr: np.ndarray, tpr: np.ndarray, rate: float) -> float:
    """The line between the last point at or left of the rate and the first one right of it."""
    points = sorted({(0.0, 0.0), *zip(fpr.tolist(), tpr.tolist(), strict=True)})
    left = max(x for x, _ in points if x <= rate)
    low = max(y for x, y in points if x <= rate)
    right = [x for x, _ in points if x > rate]
    if left == rate or not right:
        return low
    high = max(low, max(y for x, y in points if x <= min(right)))
    return low + (high - low) * (rate - left) / (min(right) - left)


@pytest.mark.parametrize("seed", range(4))
def test_a_curve_is_read_as_by_a_slow_loop(seed: int) -> None:
    draw = np.random.default_rng(seed)
    fpr = np.sort(draw.integers(0, 20, 30) / 20)  # with points above each other
    tpr = np.sort(draw.random(30))
    where = np.concatenate([draw.random(50), fpr])
    found = attack.at(fpr, tpr, where)
    assert np.allclose(found, [slow(fpr, tpr, rate) for rate in where])
    assert np.allclose(attack.at(fpr[::-1], tpr[::-1], where), found)  # in whatever order


def test_the_area_of_a_drawn_curve_is_that_of_the_scores() -> None:
    draw = np.random.default_rng(0)
    mine, other = draw.normal(0.7, 1, 400), draw.normal(0, 1, 600)
    cuts = np.sort(np.concatenate([mine, other]))[::-1]
    fpr = np.array([0, *((other >= cut).mean() for cut in cuts)])
    tpr = np.array([0, *((mine >= cut).mean() for cut in cuts)])
    curve = attack.mean("one", [(fpr, tpr)])
    auc = (mine[:, None] > other).mean()
    assert np.trapezoid(curve.tpr, curve.fpr) == pytest.approx(auc, abs=0.005)
    assert curve.fpr[0] == 0
    assert curve.fpr[-1] == 1
    assert curve.tpr[-1] == 1


def test_guessing_is_the_diagonal_and_the_band_holds_all_seeds() -> None:
    line = np.linspace(0, 1, 11)
    curve = attack.mean("two", [(line, line), (line, np.sqrt(line))])
    assert np.all(curve.low <= curve.tpr)
    assert np.all(curve.tpr <= curve.high)
    assert np.allclose(curve.low, curve.fpr)


def test_a_spec_is_small_and_has_both_axes() -> None:
    looks = Scales(["Retrain", "ft"], ["#000", "#111"], ["circle", "square"], [[1, 0], [6, 4]])
    line = np.linspace(0, 1, 100)
    made = attack.roc([attack.mean(label, [(line, line)]) for label in looks.labels], looks)
    assert {param["name"] for param in made["params"]} == {"axes", "who"}
    assert len(str(made)) < 20_000
    assert "config" not in made
    assert made["width"] == "container"
