"""What a model says about each image, collected once; every metric reads it from here."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from untrain.errors import UserError
from untrain.files import TORN, write_arrays
from untrain.rng import numpy_rng

if TYPE_CHECKING:
    from torch import nn

    from untrain.data.images import Images
    from untrain.data.sets.splits import Split

SAMPLE = 2500
"""How many images keep their features: the same ones for every model of a split."""
UNSEEN = 5000
"""How many unseen images are measured; more would not sharpen a comparison with a few hundred."""


@dataclass(frozen=True)
class Outputs:
    """A model's outputs on a set: logits float32 (N, C), labels int64 (N,), keys (N,)."""

    logits: np.ndarray
    labels: np.ndarray
    keys: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def predictions(self) -> np.ndarray:
        return np.asarray(self.logits.argmax(1))

    @property
    def log_probabilities(self) -> np.ndarray:
        """float64 (N, C)."""
        z = self.logits.astype(np.float64)
        z = z - z.max(1, keepdims=True)
        return np.asarray(z - np.log(np.exp(z).sum(1, keepdims=True)))

    @property
    def confidence(self) -> np.ndarray:
        """Probability of the true class, float64 (N,)."""
        return np.asarray(np.exp(self.log_probabilities[np.arange(len(self)), self.labels]))

    @property
    def margin(self) -> np.ndarray:
        """log p_y - log(1 - p_y), from logits, float64 (N,): the best single membership signal."""
        z, rows = self.logits.astype(np.float64), np.arange(len(self))
        own = z[rows, self.labels]
        others = z.copy()
        others[rows, self.labels] = -np.inf
        top = others.max(1)
        return np.asarray(own - top - np.log(np.exp(others - top[:, None]).sum(1)))

    def take(self, chosen: np.ndarray) -> Outputs:
        """The rows of a mask or an index array."""
        return Outputs(self.logits[chosen], self.labels[chosen], self.keys[chosen])


@dataclass(frozen=True)
class Evidence:
    """Outputs on train, val, unseen and test, and the features of a fixed sample.

    features: float16 (S, D) of the images `feature_keys` (S,), at most SAMPLE of them.
    """

    sets: dict[str, Outputs]
    features: np.ndarray
    feature_keys: np.ndarray

    def save(self, path: Path, weights: str) -> None:
        """Write everything as npz, with the hash of the weights it was collected from."""
        arrays = {"weights": np.asarray(weights), "features": self.features}
        arrays["feature_keys"] = self.feature_keys
        for name, outputs in self.sets.items():
            arrays |= {f"{name}/{part}": array for part, array in vars(outputs).items()}
        write_arrays(path, arrays)


def load_evidence(path: Path, weights: str) -> Evidence | None:
    """Read evidence back; None if there is none, it is damaged, or of other weights."""
    try:
        return _read(path, weights)
    except TORN:  # none, or half of one: collected anew
        return None


def _read(path: Path, weights: str) -> Evidence | None:
    with path.open("rb") as file, np.load(file) as saved:
        if str(saved["weights"]) != weights:
            return None
        names = {name.partition("/")[0] for name in saved.files if "/" in name}
        sets = {
            name: Outputs(*(saved[f"{name}/{part}"] for part in ("logits", "labels", "keys")))
            for name in names
        }
        return Evidence(sets, saved["features"], saved["feature_keys"])


def audited_unseen(split: Split) -> np.ndarray:
    """Positions of the unseen images that are measured, sorted: all, or UNSEEN of them."""
    return np.sort(numpy_rng(0, "evidence", "unseen").permutation(split.unseen)[:UNSEEN])


def collect(model: nn.Module, images: Images, split: Split, what: str = "") -> Evidence:
    """Run a model over all sets once, in eval mode with the test-time transform.

    Independent of the forget rule: training images are one set here, which views divide.
    """
    import torch  # evidence is read without it

    from untrain.engine.predict import predict

    positions = {
        "train": split.train,
        "val": split.val,
        "unseen": audited_unseen(split),
        "test": split.test,
    }
    everything = np.concatenate(list(positions.values()))
    logits, features = predict(model, images, everything, what)
    sample = np.sort(numpy_rng(0, "evidence", "sample").permutation(len(everything))[:SAMPLE])
    starts = np.cumsum([0, *map(len, positions.values())])
    labels = images.y[torch.from_numpy(everything)].numpy()
    keys = images.keys[everything]
    sets = {
        name: Outputs(logits[a:b].numpy(), labels[a:b], keys[a:b])
        for name, (a, b) in zip(positions, pairwise(starts), strict=True)
    }
    top = np.finfo(np.float16).max  # a destroyed model's features can lie beyond it
    kept = features[torch.from_numpy(sample)].numpy().clip(-top, top).astype(np.float16)
    return Evidence(sets, kept, keys[sample])


@dataclass(frozen=True)
class View:
    """Evidence divided by a split: what metrics take.

    reference: images the model has never seen: `unseen`, or test where there is none.
    gone: classes of which every training image is forgotten.
    """

    retain: Outputs
    forget: Outputs
    test: Outputs
    reference: Outputs
    gone: np.ndarray
    test_stands_in: bool = False

    @property
    def test_kept(self) -> Outputs:
        """The test images of the classes that remain."""
        return self.test.take(~np.isin(self.test.labels, self.gone))


def view(evidence: Evidence, forget_keys: np.ndarray, *, choosing: bool = False) -> View:
    """Divide evidence into retain, forget, test and reference.

    choosing: for choices (hyper-parameters, epochs), which may see neither test nor unseen: val
    takes the place of both.
    """
    train = evidence.sets["train"]
    forgotten = np.isin(train.keys, forget_keys)
    retain, forget = train.take(~forgotten), train.take(forgotten)
    test, unseen = evidence.sets["test"], evidence.sets["unseen"]
    if choosing and not len(evidence.sets["val"]):
        raise UserError(
            "There is no val set to choose on.",
            where="--holdout 0",
            fix="Train with a holdout (0.1), give val images (--val), or choose nothing.",
        )
    if choosing:
        test = unseen = evidence.sets["val"]
    gone = np.setdiff1d(forget.labels, retain.labels)
    missing = len(unseen) == 0
    return View(retain, forget, test, test if missing else unseen, gone, missing)
