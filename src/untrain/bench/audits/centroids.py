"""How far forgotten images lie from the centre of each retained class, and unseen ones likewise.

Table 4 of Khalil et al. 2025, arXiv 2509.16391. All images are taken, none is drawn. Distances are
kept as they are, with the radius of each class: tables normalise them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from untrain.bench.audits import audits
from untrain.bench.audits.measured import Measured
from untrain.engine.predict import predict
from untrain.metrics.distance.centroids import own_class, profile
from untrain.metrics.embeddings import Classes, Features
from untrain.metrics.plain import plain

MOST = 20
"""Forgotten classes that have a row: those of most forgotten images."""


def measure(run: Measured, seeds: Sequence[int]) -> dict[str, Any]:
    """classes: names. gone: numbers of those of which every training image is forgotten.
    retained: numbers of those with a centre. radius: root mean square distance of a class's images
    to its centre. forget, unseen: by number of the class, the mean distance to each centre.
    own_class: to the own class's centre, forgotten less unseen, in radii, with its standard error;
    below 0: memorised."""
    at = {name: run.sets[name] for name in ("retain", "forget", "unseen")}
    parts = {name: embedded(run, positions) for name, positions in at.items()}
    centres = centred(parts["retain"], len(run.names))
    own = own_class(parts["forget"], parts["unseen"], centres)
    return {
        "classes": run.names,
        "gone": [int(k) for k in run.view.gone],
        "retained": [int(k) for k in np.flatnonzero(centres.counts)],
        "radius": plain(centres.radius[centres.counts > 0], 4),
        **{name: table(parts[name], parts["forget"], centres) for name in ("forget", "unseen")},
        "own_class": {"value": plain(own.value), "error": plain(own.error)},
    }


def embedded(run: Measured, positions: np.ndarray) -> Features:
    """Features of these images, float32."""
    labels, keys = run.images.y.numpy()[positions], run.images.keys[positions]
    if not len(positions):
        return Features(np.zeros((0, 1), np.float32), labels, keys)
    features = predict(run.model, run.images, positions)[1].numpy()
    return Features(features, labels, keys)


def centred(retain: Features, classes: int) -> Classes:
    """Centre, count and radius of each class; NaN and 0 of those that are gone."""
    x = retain.features.astype(np.float64)
    counts = np.bincount(retain.labels, minlength=classes)
    means = np.full((classes, x.shape[1]), np.nan)
    radius = np.full(classes, np.nan)
    for label in np.flatnonzero(counts):
        mine = x[retain.labels == label]
        means[label] = mine.mean(0)
        radius[label] = np.sqrt(np.square(mine - means[label]).sum(1).mean())
    return Classes(means, counts, radius)


def table(part: Features, forget: Features, centres: Classes) -> dict[str, list[float]]:
    """Mean distances of those classes of which most images are forgotten."""
    present, counts = np.unique(forget.labels, return_counts=True)
    chosen = present[np.argsort(-counts, kind="stable")[:MOST]]
    rows = np.isin(part.labels, chosen)
    if not rows.any():
        return {}
    found = profile(Features(*(one[rows] for one in part)), centres, "none")
    return {str(c): plain(row, 4) for c, row in zip(found.classes, found.rows, strict=True)}


audits.add("centroids", measure)
