"""Outputs with chosen accuracies and margins, so that every measure is known in advance."""

from __future__ import annotations

import numpy as np

from untrain.metrics.evidence import Evidence, Outputs

CLASSES = 3
SIZES = {"train": 150, "val": 60, "unseen": 90, "test": 90}
FORGET = np.array([f"train{i}" for i in range(30)])
"""A random request: ten images of each class."""
CLASS = np.array([f"train{i}" for i in range(0, 150, CLASSES)])
"""A class request: every training image of class 0."""


def with_margin(z: np.ndarray, labels: np.ndarray, name: str = "k") -> Outputs:
    """Outputs whose logit of the true class is z and whose other logits are 0."""
    logits = np.zeros((len(z), CLASSES), dtype=np.float32)
    logits[np.arange(len(z)), labels] = z
    return Outputs(logits, labels, np.array([f"{name}{i}" for i in range(len(z))]))


def simulated(name: str, accuracy: float, seed: int = 0, size: int = 0, loc: float = 2) -> Outputs:
    """A set with this accuracy (%) to one image; loc: the mean margin of the right ones."""
    chance = np.random.default_rng(seed)
    size = size or SIZES[name]
    right = chance.permutation(size) < round(size * accuracy / 100)
    z = np.where(right, np.abs(chance.normal(loc, 1, size)) + 0.1, -chance.random(size) - 0.1)
    return with_margin(z, np.arange(size) % CLASSES, name)


def evidence(
    seed: int = 0,
    *,
    retain: float = 100,
    forget: float = 70,
    other: float = 70,
    keys: np.ndarray = FORGET,
    loc: float = 2,
) -> Evidence:
    """A model's evidence: accuracies on retained, forgotten, and all other images."""
    train = simulated("train", retain, seed, loc=4)
    at = np.flatnonzero(np.isin(train.keys, keys))
    train.logits[at] = 0
    z = simulated("train", forget, seed + 1, len(at), loc).logits.max(1)
    train.logits[at, train.labels[at]] = z
    wrong = at[z == 0]
    train.logits[wrong, train.labels[wrong]] = -1
    sets = {
        name: simulated(name, other, seed + place)
        for place, name in enumerate(("val", "unseen", "test"), start=2)
    }
    return Evidence({"train": train, **sets}, np.zeros((0, 2), np.float16), np.zeros(0, str))
