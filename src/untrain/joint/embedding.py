"""The images of a request under several models: places in one layout, and what they are taken for.

Of embeddings where they were collected, which have up to 2,500 images of each set, or else of the
2,500 mixed images whose features evidence has.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any

import numpy as np

from untrain.joint import layout
from untrain.metrics.embeddings import Embeddings
from untrain.metrics.evidence import Evidence, view
from untrain.metrics.plain import plain
from untrain.progress import say

SETS = ("forget", "unseen", "retain")
REFERENCES = ("original", "retrain")


def laid_out(
    evidence: Mapping[str, Evidence],
    made: Mapping[str, Embeddings],
    forget_keys: np.ndarray,
    seed: int = 0,
) -> dict[str, Any]:
    """The values of `embedding`, by row: evidence of each model, and what was collected of them.

    keys, labels, sets: of the images shown, N of each. x, y, predicted: by row. purity: by row and
    set, the mean share of an image's nearest others, of those shown, that have its label, in the
    model's own features. apart: by row, reference and set, the mean distance of an image's two
    places before the layout; 1 is the root mean square length of the features of retained images.
    unseen: images of the forgotten ones' classes; test images where none were held out.
    """
    first = next(iter(evidence.values()))
    sources = {row: _features(made.get(row), evidence[row]) for row in evidence}
    keys = reduce(np.intersect1d, [of for of, _ in sources.values()])
    known = {row: x[_rows(of, keys)] for row, (of, x) in sources.items()}
    broken = [row for row, x in known.items() if not np.isfinite(x).all()]
    if broken:
        say(f"The features of {', '.join(broken)} are not finite: all its points lie at one place.")
    features = {row: np.zeros_like(x) if row in broken else x for row, x in known.items()}
    labels = _told(first, keys)[0]
    rows = _sets(first, forget_keys, keys, labels)
    retained = np.isin(np.arange(len(keys)), rows["retain"])
    fit = retained if retained.sum() > 1 else np.ones(len(keys), dtype=bool)
    shown = layout.drawn(rows, len(features), len(first.sets["train"]), seed)
    at = np.concatenate([shown[name] for name in SETS])
    sets = np.repeat(SETS, [len(shown[name]) for name in SETS])
    turned = {row: x[at] for row, x in layout.turned(features, fit).items()}
    points = sum(map(len, turned.values()))
    say(f"one layout of {len(turned)} models and {len(at)} images: t-SNE of {points:,} points")
    places, left = layout.fitted(turned, seed)
    return {
        "about": {
            "source": "embeddings" if made else "evidence",
            "seed": seed,
            "perplexity": layout.PERPLEXITY,
            "axes": layout.AXES,
            "nearest": layout.NEAREST,
            "shown": {name: len(shown[name]) for name in SETS},
            "of": {name: len(rows[name]) for name in SETS},
        },
        "keys": keys[at].tolist(),
        "labels": labels[at].tolist(),
        "sets": sets.tolist(),
        "x": {row: plain(xy[:, 0], 1) for row, xy in places.items()},
        "y": {row: plain(xy[:, 1], 1) for row, xy in places.items()},
        "predicted": {row: _told(evidence[row], keys[at])[1].tolist() for row in turned},
        "purity": {row: _purity(features[row][at], labels[at], sets) for row in turned},
        "apart": {row: _apart(turned, row, sets) for row in turned},
        "fit": {"divergence": round(left, 4), "points": points},
    }


def _features(made: Embeddings | None, evidence: Evidence) -> tuple[np.ndarray, np.ndarray]:
    """Keys (N,) and features (N, D)."""
    if made is None:
        return evidence.feature_keys, evidence.features
    samples = [made.samples[name] for name in SETS]
    keys = np.concatenate([one.keys for one in samples])
    keys, once = np.unique(keys, return_index=True)
    return keys, np.concatenate([one.features for one in samples])[once]


def _rows(keys: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    order = np.argsort(keys, kind="stable")
    return np.asarray(order[np.searchsorted(keys, wanted, sorter=order)])


def _told(evidence: Evidence, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Labels and predicted classes of these images."""
    sets = [one for one in evidence.sets.values() if len(one)]
    rows = _rows(np.concatenate([one.keys for one in sets]), wanted)
    labels = np.concatenate([one.labels for one in sets])
    return labels[rows], np.concatenate([one.predictions for one in sets])[rows]


def _sets(
    evidence: Evidence, forget_keys: np.ndarray, keys: np.ndarray, labels: np.ndarray
) -> dict[str, np.ndarray]:
    """Rows of the keys that are forgotten, retained, and unseen ones of forgotten classes."""
    seen = view(evidence, forget_keys)
    like = np.isin(labels, seen.forget.labels)
    return {
        "forget": np.flatnonzero(np.isin(keys, seen.forget.keys)),
        "unseen": np.flatnonzero(np.isin(keys, seen.reference.keys) & like),
        "retain": np.flatnonzero(np.isin(keys, seen.retain.keys)),
    }


def _purity(features: np.ndarray, labels: np.ndarray, sets: np.ndarray) -> dict[str, Any]:
    pure = layout.purity(features, labels)
    found = {name: pure[sets == name] for name in SETS}
    return {name: plain(part.mean(), 4) if len(part) else None for name, part in found.items()}


def _apart(turned: Mapping[str, np.ndarray], row: str, sets: np.ndarray) -> dict[str, Any]:
    return {
        name: {
            part: plain(layout.apart(turned[row], turned[name], sets == part), 4) for part in SETS
        }
        if name in turned and name != row
        else None
        for name in REFERENCES
    }
