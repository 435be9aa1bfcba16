"""CoUn's centroid table: loops, normalisations, and what must not change it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from chosen import classes_of, features
from scipy.stats import spearmanr

from untrain.metrics.distance.centroids import KINDS, compare, excess, own_class, profile
from untrain.metrics.embeddings import Classes, Features

COUNT = 4


def case(seed: int, scale: float = 1, turn: bool = False) -> tuple[Features, Classes]:
    """Retained classes 0, 1 and 3, forgotten images of 0 and 2."""
    chance = np.random.default_rng(seed)
    turned = np.linalg.qr(chance.normal(size=(5, 5)))[0] if turn else np.eye(5)
    chance = np.random.default_rng(7)
    labels = chance.choice([0, 1, 3], 60)
    x = chance.normal(size=(60, 5)) + 2 * labels[:, None] + (seed if not turn else 0)
    forget = chance.normal(size=(20, 5)) + 1
    known = np.array([0] * 8 + [2] * 12)
    return features(scale * forget @ turned, known), classes_of(scale * x @ turned, labels, COUNT)


@pytest.mark.parametrize("kind", KINDS)
def test_the_table_is_the_formula(kind: str) -> None:
    sample, classes = case(0)
    found = profile(sample, classes, kind)
    np.testing.assert_array_equal(found.classes, [0, 2])
    np.testing.assert_array_equal(found.retained, [0, 1, 3])
    np.testing.assert_array_equal(found.counts, [8, 12])
    for row, label in zip(found.rows, (0, 2), strict=True):
        far = [
            np.mean([math.dist(x, classes.centroids[k]) for x in sample.of(label)])
            for k in (0, 1, 3)
        ]
        expected = {
            "none": far,
            "within": [d / classes.radius[k] for d, k in zip(far, (0, 1, 3), strict=True)],
            "row_sum": [d / sum(far) for d in far],
            "row_max": [d / max(far) for d in far],
            "minmax": [(d - min(far)) / (max(far) - min(far)) for d in far],
        }
        np.testing.assert_allclose(row, expected[kind], rtol=1e-9)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "none"])
def test_rotation_and_scale_change_nothing(kind: str) -> None:
    found = compare(case(0), case(1, scale=3, turn=True), kind)
    assert found.l1.value == pytest.approx(0, abs=0.01)  # half precision
    assert found.spearman.value == pytest.approx(1)


def test_comparison_is_the_mean_over_images_of_rows() -> None:
    (a, c), (b, d) = case(0), case(2)
    one, other = profile(a, c), profile(b, d)
    found = compare((a, c), (b, d))
    l1 = np.abs(one.rows - other.rows).sum(1)
    assert found.l1.value == pytest.approx((8 * l1[0] + 12 * l1[1]) / 20)
    rho = [spearmanr(p, q).statistic for p, q in zip(one.rows, other.rows, strict=True)]
    assert found.spearman.value == pytest.approx((8 * rho[0] + 12 * rho[1]) / 20)
    assert 0 < found.l1.error < found.l1.value


def test_own_class_is_negative_for_memorised_images_and_zero_for_equal_ones() -> None:
    chance = np.random.default_rng(0)
    labels = np.arange(200) % 2
    classes = classes_of(chance.normal(size=(200, 6)), labels, 2)
    near = features(0.5 * chance.normal(size=(200, 6)), labels, "f")
    other, again = (features(chance.normal(size=(200, 6)), labels, name) for name in "uv")
    assert own_class(near, other, classes).interval()[1] < -0.2
    assert abs(own_class(again, other, classes).value) < 3 * own_class(again, other, classes).error


def test_excess_is_zero_for_equal_images_and_has_own_class_on_its_diagonal() -> None:
    chance = np.random.default_rng(3)
    labels = np.arange(120) % 3
    classes = classes_of(chance.normal(size=(120, 4)) + labels[:, None], labels, 3)
    f, u = (features(chance.normal(size=(120, 4)) + labels[:, None], labels, n) for n in "fu")
    table, found = excess(f, u, classes)
    assert table.rows.shape == (3, 3)
    assert all(abs(one.value) < 3.5 * one.error for one in found.values())
    own = own_class(f, u, classes)
    assert own.value == pytest.approx(np.diag(table.rows).mean())
    assert own.error == pytest.approx(
        np.sqrt(np.sum([found[k, k].error ** 2 for k in range(3)])) / 3
    )


def test_a_class_that_is_gone_has_no_own_centre() -> None:
    sample, classes = case(0)
    gone = sample.labels == 2
    only = Features(sample.features[gone], sample.labels[gone], sample.keys[gone])
    assert math.isnan(own_class(only, only, classes).value)
    assert np.isfinite(profile(only, classes).rows).all()


def test_empty_and_bad_input() -> None:
    sample, classes = case(0)
    nothing = features(np.zeros((0, 5)))
    assert profile(nothing, classes).rows.shape == (0, 3)
    assert math.isnan(compare((nothing, classes), (nothing, classes)).l1.value)
    with pytest.raises(ValueError, match="kind is one of"):
        profile(sample, classes, "max")
    with pytest.raises(ValueError, match="same images"):
        compare((sample, classes), (nothing, classes))
    with pytest.raises(ValueError, match="not finite"):
        profile(features(np.full((2, 5), np.inf)), classes)
