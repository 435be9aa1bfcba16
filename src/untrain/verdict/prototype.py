"""Prototypes: can a forgotten class be read off a few of its images again?

The mean feature of a few forgotten images stands beside the mean features of the retained
classes, and unseen images go to the nearest by cosine. Ha et al. 2025, arXiv 2506.01318. There is
no absolute goal: features that never saw the class carry some of it over, so what counts is the
same number under a model that never saw the class.
Differences: all classes by their means, so that the scale of the head does not matter.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from torch import nn

from untrain.engine.predict import predict
from untrain.rng import numpy_rng
from untrain.task import Task

SHOTS = 20
DRAWS = 10
RETAINED = 250
"""Images of each retained class that make its mean."""


class Recovered(NamedTuple):
    """Share of images that go to their forgotten class, in [0, 1], mean over draws of shots.

    unseen: of never seen images of the forgotten classes; forget: of the forgotten images that
    are no shots. images, left: how many there are of each.
    """

    unseen: float
    forget: float
    images: int
    left: int


def recovered(
    model: nn.Module, task: Task, unseen: np.ndarray, shots: int = SHOTS, seed: int = 0
) -> Recovered | None:
    """Accuracy on forgotten classes after giving each the mean feature of a few of its images.

    unseen: positions of never seen images. None unless whole classes are forgotten and some
    unseen image is of them.
    """
    labels, gone = task.images.y.numpy(), task.gone_classes()
    unseen = unseen[np.isin(labels[unseen], gone)]
    if not len(gone) or not len(unseen):
        return None
    retain = _some(labels, task.split.retain, RETAINED, seed)
    forget = _some(labels, task.split.forget, 4 * max(shots, RETAINED), seed)
    forget = forget[np.isin(labels[forget], gone)]
    at = np.concatenate([retain, forget, unseen])
    features = predict(model, task.images, at)[1].numpy().astype(np.float64)
    features /= np.linalg.norm(features, axis=1, keepdims=True) + 1e-12
    one, two = len(retain), len(retain) + len(forget)
    kept, old, new = features[:one], features[one:two], features[two:]
    classes = np.unique(labels[retain])
    means = np.stack([kept[labels[retain] == label].mean(0) for label in classes])
    hits: list[tuple[float, float]] = []
    for number in range(DRAWS):
        chosen = _shots(labels[forget], shots, seed, number)
        own = [old[chosen & (labels[forget] == label)].mean(0) for label in gone]
        centres = np.concatenate([means, np.stack(own)])
        centres /= np.linalg.norm(centres, axis=1, keepdims=True) + 1e-12
        names = np.concatenate([classes, gone])
        right = [
            float((names[(some @ centres.T).argmax(1)] == truth).mean()) if len(truth) else np.nan
            for some, truth in (
                (new, labels[unseen]),
                (old[~chosen], labels[forget][~chosen]),
            )
        ]
        hits.append((right[0], right[1]))
    found = np.array(hits).mean(0)
    left = int((~_shots(labels[forget], shots, seed, 0)).sum())
    return Recovered(float(found[0]), float(found[1]), len(unseen), left)


def _some(labels: np.ndarray, positions: np.ndarray, most: int, seed: int) -> np.ndarray:
    """At most so many positions of each class."""
    parts = []
    for label in np.unique(labels[positions]):
        own = positions[labels[positions] == label]
        parts.append(numpy_rng(seed, "prototype", int(label)).permutation(own)[:most])
    return np.sort(np.concatenate(parts)) if parts else positions


def _shots(labels: np.ndarray, shots: int, seed: int, number: int) -> np.ndarray:
    """bool (N,): the shots of each class, at most half of it and at least one."""
    chosen = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        rows = numpy_rng(seed, "prototype", "shots", number, int(label)).permutation(rows)
        chosen[rows[: max(1, min(shots, len(rows) // 2))]] = True
    return chosen
