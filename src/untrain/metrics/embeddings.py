"""What logits do not hold: features, how steady predictions are, how far two views lie apart.

Collected once per model and request by `passes.embed`; every measure of `distance` reads it here.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple, get_type_hints

import numpy as np

from untrain.data.sets.splits import key_hash
from untrain.files import TORN, write_arrays
from untrain.rng import numpy_rng

SAMPLE = 2500
"""How many images of a set keep their features."""
LAYERED = 1000
"""How many of these, the first ones, keep the outputs of inner layers."""
SETS = ("retain", "forget", "unseen", "test")
SCHEMA = 1
"""Raised when an array changes its meaning, so that old files are collected anew."""


class Features(NamedTuple):
    """Features float16 (S, D) of a sample of a set, in random order; labels (S,), keys (S,)."""

    features: np.ndarray
    labels: np.ndarray
    keys: np.ndarray

    def of(self, label: int) -> np.ndarray:
        """Features float64 (n, D) of one class."""
        return np.asarray(self.features[self.labels == label], np.float64)


class Classes(NamedTuple):
    """All retained images, class by class: exact sums that were reduced while collected.

    centroids: float32 (C, D). counts: int64 (C,), 0 for a class that is gone (its rows are NaN).
    radius: float32 (C,), root mean square distance of a class's features to its centroid.
    """

    centroids: np.ndarray
    counts: np.ndarray
    radius: np.ndarray


class Steadiness(NamedTuple):
    """A sample of a set, all of it where it is no larger: labels, keys (N,), the norm of features
    float32 (N,), and the share float32 (N,) of augmented views predicted as the image itself."""

    labels: np.ndarray
    keys: np.ndarray
    norm: np.ndarray
    share: np.ndarray


class Views(NamedTuple):
    """Two augmented views of each image of a sample: labels (n,), distances float32 (n,).

    moved: between their unit-length features, in [0, 2]. pixels: between the images as the network
    sees them.
    """

    labels: np.ndarray
    moved: np.ndarray
    pixels: np.ndarray


class Spread(NamedTuple):
    """How far images of a class lie apart, for sigma(delta): of images alone, not of the model.

    labels: (K,). apart: float32 (K, n, n), the smallest distance between views of two images, NaN
    beyond the images of a class. means: float32 (K, D), mean unit-length features over views of
    retained images.
    """

    labels: np.ndarray
    apart: np.ndarray
    means: np.ndarray


@dataclass(frozen=True)
class Embeddings:
    """What a model makes of the images of one request.

    samples: by set. layers: by set and name of a block, float16 (L, width), averaged over pixels
    or tokens, of the first rows of the sample. steady: forget and unseen. views: by augmentation
    and set.
    """

    samples: dict[str, Features]
    layers: dict[str, dict[str, np.ndarray]]
    classes: Classes
    steady: dict[str, Steadiness]
    views: dict[str, dict[str, Views]]
    spread: Spread

    def save(self, path: Path, weights: str, request: str) -> None:
        """Write everything as npz, with the hashes of the weights and of the forgotten keys."""
        told = {"schema": SCHEMA, "weights": weights, "request": request}
        arrays = {name: np.asarray(value) for name, value in told.items()}
        for one in fields(self):
            arrays |= _flat(getattr(self, one.name), one.name)
        write_arrays(path, arrays)


def place(folder: Path, forget_keys: np.ndarray) -> Path:
    """Where the embeddings of a request lie in the folder of a run."""
    return folder / f"embeddings-{key_hash(forget_keys)[:12]}.npz"


def load_embeddings(path: Path, weights: str, request: str) -> Embeddings | None:
    """Read them back; None if there are none, damaged, of other weights or another request."""
    try:
        with path.open("rb") as file, np.load(file) as saved:
            told = (int(saved["schema"]), str(saved["weights"]), str(saved["request"]))
            if told != (SCHEMA, weights, request):
                return None
            return _read({name: saved[name] for name in saved.files if "/" in name})
    except TORN:  # none, or half of one: collected anew
        return None


def sample(keys: np.ndarray, name: str, count: int = SAMPLE) -> np.ndarray:
    """Up to `count` rows in random order, the same ones whatever the order of the keys."""
    rows = np.argsort(keys.astype(str), kind="stable")
    return np.asarray(rows[numpy_rng(0, "embeddings", name).permutation(len(rows))[:count]])


def matched(
    keys: np.ndarray, labels: np.ndarray, wanted: np.ndarray, count: int = SAMPLE
) -> np.ndarray:
    """The same, with the classes in the shares that they have among the labels `wanted`.

    A class of which there are too few gives what it has; others have none.
    """
    rows = sample(keys, "unseen", len(keys))
    shares = zip(*np.unique(wanted, return_counts=True), strict=True)
    quota = {int(label): -(-count * int(n) // len(wanted)) for label, n in shares}
    kept = [rows[labels[rows] == label][:most] for label, most in quota.items()]
    chosen = np.concatenate([*kept, rows[:0]])
    return np.asarray(rows[np.isin(rows, chosen)][:count])  # in the random order again


def _flat(value: Any, name: str) -> dict[str, np.ndarray]:
    """Nested dicts and tuples as one dict of arrays, by path."""
    if isinstance(value, np.ndarray):
        return {name: value}
    parts = value._asdict() if hasattr(value, "_asdict") else value
    return {k: v for part, one in parts.items() for k, v in _flat(one, f"{name}/{part}").items()}


def _read(arrays: dict[str, np.ndarray]) -> Embeddings:
    tree: dict[str, Any] = {}
    for path, array in arrays.items():
        *folders, last = path.split("/")
        at = tree
        for folder in folders:
            at = at.setdefault(folder, {})
        at[last] = array
    kinds = {"samples": Features, "steady": Steadiness}
    made: dict[str, Any] = {
        name: {one: kind(**parts) for one, parts in tree[name].items()}
        for name, kind in kinds.items()
    }
    made["views"] = {
        augment: {one: Views(**parts) for one, parts in sets.items()}
        for augment, sets in tree["views"].items()
    }
    made |= {"classes": Classes(**tree["classes"]), "spread": Spread(**tree["spread"])}
    assert made.keys() | {"layers"} == get_type_hints(Embeddings).keys()
    return Embeddings(layers=tree.get("layers", {}), **made)
