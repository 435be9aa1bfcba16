"""The values of `answers` beside slow loops."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from untrain.bench.audits.answers import (
    BINS,
    LOSS,
    MARGIN,
    STEPS,
    histograms,
    roc,
    stepped,
    values,
    whole_curve,
)
from untrain.metrics.evidence import Outputs, View
from untrain.metrics.membership.strata import matched_weights


def outputs(n: int, seed: int, loc: float = 0, classes: int = 3, coarse: bool = False) -> Outputs:
    """Random logits, those of the true class higher by loc; coarse: with ties."""
    chance = np.random.default_rng(seed)
    logits, labels = chance.normal(0, 2, (n, classes)), chance.integers(0, classes, n)
    logits[np.arange(n), labels] += loc
    logits = logits.round() if coarse else logits
    return Outputs(logits.astype(np.float32), labels, np.array([f"{seed}-{k}" for k in range(n)]))


def seen(**parts: Outputs) -> View:
    whole = {"retain": outputs(90, 0, 4), "forget": outputs(60, 1, 1), "test": outputs(70, 2)}
    whole |= {"reference": outputs(80, 3)}
    return View(**(whole | parts), gone=np.zeros(0, np.int64))


NAMES = ["cat", "dog", "owl"]


@pytest.mark.parametrize("coarse", [False, True])
def test_the_whole_curve_counts_images_at_or_above_each_score(coarse: bool) -> None:
    forget, unseen = outputs(40, 1, 1, coarse=coarse), outputs(50, 2, coarse=coarse)
    weights = matched_weights(forget.labels, unseen.labels)
    fpr, tpr = whole_curve(forget.margin, unseen.margin, weights)
    scores = sorted({*forget.margin.tolist(), *unseen.margin.tolist()}, reverse=True)
    expected = [(0.0, 0.0)]
    for score in scores:
        mistakes = sum(w for w, s in zip(weights, unseen.margin, strict=True) if s >= score)
        hits = sum(1 for s in forget.margin if s >= score) / len(forget)
        expected.append((mistakes, hits))
    np.testing.assert_allclose(np.stack([fpr, tpr], 1), expected, atol=1e-12)


@pytest.mark.parametrize(
    ("n", "m", "coarse"), [(30, 20, False), (400, 3000, False), (60, 60, True)]
)
def test_a_curve_of_few_points_is_never_above_the_true_one(n: int, m: int, coarse: bool) -> None:
    forget, unseen = outputs(n, 4, 1, coarse=coarse), outputs(m, 5, coarse=coarse)
    weights = matched_weights(forget.labels, unseen.labels)
    x, y = whole_curve(forget.margin, unseen.margin, weights)
    few = roc(forget, unseen)
    assert len(few["fpr"]) == len(few["tpr"]) <= 2 * STEPS + 1 <= 200
    assert (few["fpr"][0], few["tpr"][0]) == (0, 0)
    assert (few["fpr"][-1], few["tpr"][-1]) == (1, 1)
    assert np.all(np.diff(few["fpr"]) >= 0)
    assert np.all(np.diff(few["tpr"]) >= 0)
    grid = np.unique(np.concatenate([np.linspace(0, 1, 297), np.geomspace(1e-4, 1, 100)]))
    for at in grid[grid < 1]:
        true = max(hit for mistake, hit in zip(x, y, strict=True) if mistake <= at + 1e-9)
        # a line between two points can be nowhere above what the points before it allow
        assert np.interp(at, few["fpr"], few["tpr"]) <= true + 1e-9
    below = np.trapezoid(few["tpr"], few["fpr"])
    assert few["area"] - (0.03 if coarse else 0.012) - 1 / m <= below <= few["area"] + 1e-5


def test_low_rates_are_kept_apart() -> None:
    """Of 3,000 unseen images, each of the first few steps of the curve is there."""
    scores = np.random.default_rng(0).normal(size=3400)
    curve = whole_curve(scores[:400], scores[400:], np.full(3000, 1 / 3000))
    x, _ = stepped(*curve)
    assert {round(3000 * at) for at in x} >= {0, 1, 2, 3, 4, 5}


def test_the_area_and_the_stratified_auc() -> None:
    forget, unseen = outputs(40, 6, 1, coarse=True), outputs(50, 7, coarse=True)
    found = roc(forget, unseen)
    shares = {k: (forget.labels == k).mean() for k in range(3)}
    within = mixed = 0.0
    for k, other in product(range(3), repeat=2):
        a, b = forget.margin[forget.labels == k], unseen.margin[unseen.labels == other]
        won = np.mean([(s > t) + (s == t) / 2 for s in a for t in b])
        mixed += shares[k] * shares[other] * won
        within += shares[k] * won * (k == other)
    assert found["area"] == pytest.approx(mixed, abs=1e-6)
    assert found["auc"] == pytest.approx(within, abs=1e-6)
    rows = forget.labels == 1, unseen.labels == 1
    alone = roc(*(part.take(row) for part, row in zip((forget, unseen), rows, strict=True)))
    assert alone["auc"] == pytest.approx(alone["area"], abs=1e-6)


def test_rates_that_too_few_unseen_images_can_show_are_not_told() -> None:
    for count, known in ((99, []), (100, ["0.01"]), (1000, ["0.001", "0.01"])):
        found = roc(outputs(50, 8, 3), outputs(count, 9))
        assert [rate for rate, value in found["tpr_at"].items() if value is not None] == known
        assert found["least"] == pytest.approx(1 / count, abs=1e-6)


@pytest.mark.parametrize("what", ["no class in both", "no unseen images", "not finite"])
def test_no_curve(what: str) -> None:
    forget, unseen = outputs(20, 1), outputs(20, 2)
    if what == "no class in both":
        forget, unseen = forget.take(forget.labels == 0), unseen.take(unseen.labels == 1)
    elif what == "no unseen images":
        unseen = unseen.take(np.zeros(0, np.int64))
    else:
        forget = replace(forget, logits=np.full_like(forget.logits, np.nan))
    found = values(seen(forget=forget, reference=unseen), NAMES)
    assert found["roc"]["auc"] is None
    assert found["roc"]["fpr"] == found["roc"]["tpr"] == []
    assert set(found["roc"]["tpr_at"].values()) == {None}
    json.dumps(found, allow_nan=False)


def mixed(forget: Outputs, other: Outputs) -> list[float]:
    """What each image of the other set counts so that classes are mixed as the forgotten ones'."""
    wanted, there = Counter(forget.labels.tolist()), Counter(other.labels.tolist())
    odds = [wanted[label] / there[label] for label in other.labels.tolist()]
    return [len(other) * one / sum(odds) for one in odds]


def test_histograms_count_each_image_once_between_fixed_edges() -> None:
    parts = {"forget": (200, 1), "unseen": (100, 2), "test": (150, 3), "retain": (120, 4)}
    sets = {name: outputs(count, seed, 9) for name, (count, seed) in parts.items()}
    sets["forget"].logits[0] = [900, 0, 0]  # beyond every edge, right or wrong
    found = histograms(sets)
    logs = {name: part.log_probabilities for name, part in sets.items()}
    for name, part in sets.items():
        log = logs[name]
        own = log[np.arange(len(part)), part.labels]
        signals = {
            "confidence": np.exp(own),
            "loss": -own,
            "entropy": -(np.exp(log) * np.where(np.exp(log) > 0, log, 0)).sum(1),
            "margin": part.margin,
        }
        edges = {"confidence": (0, 1), "loss": (0, LOSS), "entropy": (0, round(np.log(3), 6))}
        for signal, numbers in signals.items():
            low, high = edges.get(signal, (-MARGIN, MARGIN))
            assert (found[signal]["low"], found[signal]["high"]) == (low, high)
            weights = mixed(sets["forget"], part) if name in ("unseen", "test") else [1] * len(part)
            counts, total = [0.0] * BINS, 0.0
            for value, weight in zip(numbers, weights, strict=True):
                place = int((value - low) / (high - low) * BINS)
                counts[min(max(place, 0), BINS - 1)] += weight
                total += weight * min(max(value, low), high)
            told = found[signal]["counts"][name]
            assert sum(told) == pytest.approx(len(part), abs=0.2)  # to two digits each
            assert np.abs(np.subtract(told, counts)).sum() <= 2.2  # rounding at an edge
            assert found[signal]["means"][name] == pytest.approx(total / len(part), abs=1e-5)


def test_unseen_images_of_other_classes_count_nothing() -> None:
    forget, unseen = outputs(40, 1, 9), outputs(60, 2, 9)
    sets = dict.fromkeys(("forget", "retain"), forget.take(forget.labels == 0))
    sets |= dict.fromkeys(("unseen", "test"), unseen.take(unseen.labels != 0))
    found = histograms(sets)["confidence"]
    assert not any(found["counts"]["unseen"])
    assert found["means"]["unseen"] is None


def test_accuracies_of_classes_and_size() -> None:
    view = seen()
    found = values(view, NAMES)
    for name, part in (("retain", view.retain), ("unseen", view.reference), ("test", view.test)):
        for label in range(3):
            mine = [i for i in range(len(part)) if part.labels[i] == label]
            right = sum(int(part.logits[i].argmax() == label) for i in mine)
            assert found["accuracy"][name][str(label)] == [right, len(mine)]
        assert found["images"][name] == len(part)
    assert found["classes"] == NAMES
    assert (found["reference"], values(replace(view, test_stands_in=True), NAMES)["reference"]) == (
        "unseen",
        "test",
    )
    assert len(json.dumps(found, separators=(",", ":"))) < 8000
