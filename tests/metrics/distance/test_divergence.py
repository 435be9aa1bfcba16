"""Divergences against the formula written out, and their ends."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from chosen import answers, random_outputs

from untrain.metrics.distance.divergence import KINDS, activation_distance, jensen_shannon
from untrain.metrics.evidence import Outputs


def slow(one: Outputs, other: Outputs) -> dict[str, list[float]]:
    """Per image, term by term."""
    found: dict[str, list[float]] = {"js": [], "l1": [], "l2": [], "square": []}
    for a, b in zip(one.logits, other.logits, strict=True):
        p = [math.exp(z) / sum(math.exp(v) for v in a) for z in a]
        q = [math.exp(z) / sum(math.exp(v) for v in b) for z in b]
        m = [(x + y) / 2 for x, y in zip(p, q, strict=True)]
        found["js"].append(
            sum(x * math.log(x / z) for x, z in zip(p, m, strict=True)) / 2
            + sum(y * math.log(y / z) for y, z in zip(q, m, strict=True)) / 2
        )
        gaps = [x - y for x, y in zip(p, q, strict=True)]
        found["l1"].append(sum(map(abs, gaps)))
        found["l2"].append(math.sqrt(sum(g * g for g in gaps)))
        found["square"].append(sum(g * g for g in gaps) / len(gaps))
    return found


def test_they_are_the_formulas() -> None:
    one, other = (random_outputs(40, 5, seed) for seed in (0, 1))
    found = slow(one, other)
    js = jensen_shannon(one, other)
    assert js.value == pytest.approx(np.mean(found["js"]), rel=1e-6)
    assert js.error == pytest.approx(np.std(found["js"], ddof=1) / math.sqrt(40), rel=1e-6)
    for kind in ("l1", "l2"):
        ours = activation_distance(one, other, kind)
        assert ours.value == pytest.approx(np.mean(found[kind]), rel=1e-6)
    rms = activation_distance(one, other, "rms")
    assert rms.value == pytest.approx(math.sqrt(np.mean(found["square"])), rel=1e-6)
    draws = np.random.default_rng(0).choice(found["square"], (4000, 40))
    assert rms.error == pytest.approx(np.sqrt(draws.mean(1)).std(), rel=0.1)


def test_js_is_symmetric_and_at_most_ln_2() -> None:
    one, other = (random_outputs(50, 4, seed) for seed in (2, 3))
    assert jensen_shannon(one, other).value == pytest.approx(
        jensen_shannon(other, one).value, rel=1e-12
    )
    labels = np.zeros(4, np.int64)
    far = [answers(labels, np.full(4, k), 3) for k in (0, 1)]
    far = [replace(one, logits=one.logits * 1000) for one in far]  # disjoint one-hots
    assert jensen_shannon(*far) == (pytest.approx(math.log(2), abs=1e-12), 0)
    assert activation_distance(*far).value == pytest.approx(math.sqrt(2))
    assert activation_distance(*far, kind="l1").value == pytest.approx(2)


@pytest.mark.parametrize("kind", KINDS)
def test_zero_for_the_same_model(kind: str) -> None:
    one = random_outputs(20, 4, 4)
    assert activation_distance(one, one, kind) == (0, 0)
    assert jensen_shannon(one, one).value == pytest.approx(0, abs=1e-15)


def test_bad_input() -> None:
    one = random_outputs(6, 3, 0)
    with pytest.raises(ValueError, match="same images"):
        jensen_shannon(one, one.take(np.arange(5)))
    with pytest.raises(ValueError, match="not finite"):
        activation_distance(one, replace(one, logits=one.logits * np.inf))
    with pytest.raises(ValueError, match="kind is one of"):
        activation_distance(one, one, "l3")
    nothing = one.take(np.zeros(0, int))
    assert math.isnan(jensen_shannon(nothing, nothing).value)
