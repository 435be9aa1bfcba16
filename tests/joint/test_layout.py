"""One picture of several models: what is turned, drawn and laid out."""

from __future__ import annotations

import numpy as np
import pytest

from untrain.joint import layout


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "ROUNDS", 300)


@pytest.fixture
def chance() -> np.random.Generator:
    return np.random.default_rng(0)


def rotation(chance: np.random.Generator, size: int) -> np.ndarray:
    return np.asarray(np.linalg.qr(chance.normal(size=(size, size)))[0])


def test_a_model_that_differs_by_a_turn_a_shift_and_a_scale_is_the_same(
    chance: np.random.Generator,
) -> None:
    x = chance.normal(size=(80, 7)) * np.linspace(3, 0.5, 7)
    wide = np.pad(x, ((0, 0), (0, 5))) @ rotation(chance, 12) * 4 + 3
    retained = np.arange(80) < 50
    turned = layout.turned({"original": x, "other": wide}, retained)
    assert turned["original"].shape == turned["other"].shape == (80, 12)
    np.testing.assert_allclose(turned["original"], turned["other"], atol=1e-9)
    lengths = np.square(turned["original"][retained]).sum(1)
    assert lengths.mean() == pytest.approx(1)


def test_a_turn_changes_no_distance_within_a_model(chance: np.random.Generator) -> None:
    x, y = chance.normal(size=(2, 40, 6))
    turned = layout.turned({"one": x, "other": y}, np.ones(40, dtype=bool))["other"]
    for i, j in ((0, 1), (3, 30)):
        scale = np.sqrt(np.square(y - y.mean(0)).sum(1).mean())
        far = np.linalg.norm(turned[i] - turned[j])
        assert far == pytest.approx(np.linalg.norm(y[i] - y[j]) / scale)


def test_no_other_turn_is_nearer(chance: np.random.Generator) -> None:
    x, y = chance.normal(size=(2, 30, 4))
    best = layout.procrustes(x, y)
    np.testing.assert_allclose(best @ best.T, np.eye(4), atol=1e-12)
    nearest = np.linalg.norm(x @ best - y)
    for _ in range(200):
        assert np.linalg.norm(x @ rotation(chance, 4) - y) >= nearest
    small = np.eye(4) + 0.01 * np.triu(np.ones((4, 4)), 1) - 0.01 * np.tril(np.ones((4, 4)), -1)
    assert np.linalg.norm(x @ best @ np.linalg.qr(small)[0] - y) >= nearest - 1e-12


def test_only_retained_images_shape_the_turn(chance: np.random.Generator) -> None:
    x = chance.normal(size=(60, 5))
    moved = x.copy()
    moved[50:] += 100
    retained = np.arange(60) < 50
    turned = layout.turned({"one": x, "other": moved @ rotation(chance, 5)}, retained)
    np.testing.assert_allclose(turned["one"][:50], turned["other"][:50], atol=1e-9)
    assert layout.apart(turned["one"], turned["other"], retained) == pytest.approx(0, abs=1e-9)
    assert layout.apart(turned["one"], turned["other"], ~retained) > 10
    assert np.isnan(layout.apart(turned["one"], turned["other"], np.zeros(60, dtype=bool)))


def test_a_destroyed_model_has_one_place() -> None:
    turned = layout.turned(
        {"one": np.random.default_rng(1).normal(size=(20, 3)), "flat": np.ones((20, 3))},
        np.ones(20, dtype=bool),
    )
    assert np.ptp(turned["flat"]) == 0
    places, _ = layout.fitted(turned)
    assert np.isfinite(np.concatenate(list(places.values()))).all()


@pytest.mark.parametrize(
    ("sizes", "models", "expected"),
    [
        ((5000, 5000, 9000), 2, (1000, 500, 1000)),
        ((5000, 5000, 9000), 10, (300, 150, 300)),
        ((100, 5000, 9000), 3, (100, 1400, 1000)),
        ((100, 50, 9000), 3, (100, 50, 2350)),
        ((4000, 0, 10), 3, (2490, 0, 10)),
        ((30, 20, 50), 3, (30, 20, 50)),
        ((0, 0, 0), 3, (0, 0, 0)),
    ],
)
def test_images_are_drawn_within_the_budget(
    sizes: tuple[int, ...], models: int, expected: tuple[int, ...]
) -> None:
    starts = np.cumsum([0, *sizes])
    names = ("forget", "unseen", "retain")
    sets = {n: np.arange(a, a + k) for n, a, k in zip(names, starts, sizes, strict=False)}
    found = layout.drawn(sets, models, 9000)
    assert tuple(len(found[name]) for name in names) == expected
    for name in names:
        assert len(np.unique(found[name])) == len(found[name])
        assert np.isin(found[name], sets[name]).all()
        np.testing.assert_array_equal(found[name], layout.drawn(sets, models, 9000)[name])
    assert sum(expected) * models <= layout.POINTS
    small = layout.drawn(sets, models, 1500)
    assert sum(map(len, small.values())) == min(sum(expected), 500)


def test_the_layout_is_the_same_each_time_and_keeps_groups(chance: np.random.Generator) -> None:
    centres = np.eye(3, 6) * 8
    labels = np.arange(90) % 3
    one = centres[labels] + chance.normal(0, 0.3, (90, 6))
    turned = {"a": one, "b": one + chance.normal(0, 0.1, (90, 6))}
    places, left = layout.fitted(turned, seed=1)
    again, _ = layout.fitted(turned, seed=1)
    assert np.isfinite(left)
    for row, xy in places.items():
        np.testing.assert_array_equal(xy, again[row])
        assert abs(xy).max() <= 100
        assert layout.purity(xy, labels).mean() > 0.99
    assert max(abs(xy).max() for xy in places.values()) == pytest.approx(100)
    own = np.linalg.norm(places["a"] - places["b"], axis=1)
    assert np.median(own) < 10  # an image lies where it lies under a model that is nearly the same


def test_purity_is_that_of_a_loop(chance: np.random.Generator) -> None:
    x, labels = chance.normal(size=(25, 3)), chance.integers(0, 3, 25)
    found = layout.purity(x.astype(np.float16), labels, k=4)
    x = x.astype(np.float16).astype(np.float64)
    for i in range(25):
        others = sorted((float(((x[i] - x[j]) ** 2).sum()), j) for j in range(25) if j != i)
        expected = np.mean([labels[j] == labels[i] for _, j in others[:4]])
        assert found[i] == pytest.approx(expected)
    assert np.isnan(layout.purity(x[:1], labels[:1])).all()
    assert layout.purity(x[:2], np.zeros(2)).tolist() == [1, 1]
