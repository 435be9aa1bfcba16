"""Who is trained on, forgotten, held out and tested: disjoint, complete, saved by key."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from untrain.data.forget import select
from untrain.data.images import Images
from untrain.errors import UserError
from untrain.files import write_arrays
from untrain.rng import numpy_rng

TEST_SHARE = 0.2
"""What a data set without a test part loses to one."""


@dataclass(frozen=True)
class Split:
    """Positions into one `Images`, int64 and sorted, disjoint.

    retain and forget: together what the Original was trained on (`train`).
    val: what choices may see. unseen: never seen by anything, the audit's reference.
    test: for utility only.
    """

    retain: np.ndarray
    forget: np.ndarray
    val: np.ndarray
    unseen: np.ndarray
    test: np.ndarray

    def __post_init__(self) -> None:
        if len(np.unique(np.concatenate(list(self.sets().values())))) != sum(self.sizes().values()):
            raise ValueError("the sets of a split overlap")

    def sets(self) -> dict[str, np.ndarray]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def sizes(self) -> dict[str, int]:
        return {name: len(positions) for name, positions in self.sets().items()}

    @property
    def train(self) -> np.ndarray:
        """What the Original was trained on."""
        return np.sort(np.concatenate([self.retain, self.forget]))

    def hashes(self, images: Images) -> dict[str, str]:
        """SHA-256 of the sorted keys of each set: equal hashes mean equal sets."""
        return {name: key_hash(images.keys[at]) for name, at in self.sets().items()}

    def save(self, path: Path, images: Images) -> None:
        """Write the keys of each set as npz, atomically."""
        write_arrays(path, {name: images.keys[at] for name, at in self.sets().items()})


def key_hash(keys: np.ndarray) -> str:
    """SHA-256 of a set of keys, whatever their order."""
    return hashlib.sha256("\n".join(sorted(map(str, keys))).encode()).hexdigest()


def load_split(path: Path, images: Images) -> Split:
    """Read a split back; raises UserError if the data set lacks some of its keys."""
    try:
        with np.load(path) as saved:
            keys = {field.name: saved[field.name] for field in fields(Split)}
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise UserError(
            f"{path.name} is missing or damaged.", str(path.parent), "Make the run again."
        ) from error
    found = {name: np.sort(images.positions(of)) for name, of in keys.items()}
    missing = sum(int((at < 0).sum()) for at in found.values())
    if missing:
        raise UserError(
            f"{missing} images of the saved split are not in {images.name}.",
            where=str(path),
            fix="Use the data set that the run was made with.",
        )
    return Split(**found)


def make_split(images: Images, *, limit: int = 0, holdout: float = 0.1, seed: int = 0) -> Split:
    """Hold out `val` and `unseen`, before anything trains, and leave nothing forgotten yet.

    limit: train on this many images only (0: all); the others join unseen.
    holdout: share of the training part that is held out, half val and half unseen; 0 is the
        papers' protocol, in which the test set has to stand in for unseen data.
    seed: the split seed.
    Raises UserError if a share is out of range or nothing is left to train on.
    """
    if not 0 <= holdout < 1:
        raise UserError(f"--holdout {holdout} is not in [0, 1).", "--holdout", "Try 0.1.")
    if limit < 0:
        raise UserError(f"--limit {limit} is negative.", "--limit", "Use 0 for all images.")
    pool = np.arange(len(images))
    if "part" in images.table and (images.table["part"] == "test").any():
        is_test = images.table["part"] == "test"
        test, pool = pool[is_test], pool[~is_test]
    else:
        order = numpy_rng(seed, "split", "test").permutation(pool)
        test, pool = np.split(order, [round(TEST_SHARE * len(pool))])
    order = numpy_rng(seed, "split", "holdout").permutation(np.sort(pool))
    held = round(holdout * len(order))
    val, unseen, train = np.split(order, [held // 2, held])
    if limit > len(train):
        raise UserError(
            f"--limit {limit} is more than the {len(train)} images that can be trained on.",
            where=f"{images.name}: {len(images)} images, {len(test)} test, {held} held out",
            fix="Lower --limit, or leave it out.",
        )
    if limit:
        train, left = np.split(train, [limit])
        unseen = np.concatenate([unseen, left])
    if len(train) == 0 or len(test) == 0:
        raise UserError(
            f"The split leaves {len(train)} training and {len(test)} test images.",
            where=images.name,
            fix="Use more images or a smaller --holdout.",
        )
    none = np.zeros(0, dtype=np.int64)
    sets = {"retain": train, "forget": none, "val": val, "unseen": unseen, "test": test}
    return Split(**{name: np.sort(at) for name, at in sets.items()})


def forget(split: Split, rule: str, images: Images, seed: int = 0) -> Split:
    """The same split with what `rule` selects moved from retain to forget."""
    chosen = select(rule, images, split.train, seed)
    return with_forget(split, chosen)


def with_forget(split: Split, chosen: np.ndarray) -> Split:
    """The same split with these positions forgotten and the rest of the training set retained."""
    rest = np.setdiff1d(split.train, chosen)
    return Split(rest, np.sort(chosen), split.val, split.unseen, split.test)
