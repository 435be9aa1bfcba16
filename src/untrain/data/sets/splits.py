"""Who is trained on, forgotten, held out and tested: disjoint, complete, saved by key."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from untrain.data.images import Images
from untrain.data.sets.forget import select
from untrain.data.sets.pseudonyms import named
from untrain.errors import Problems, UserError
from untrain.files import TORN, write_arrays
from untrain.rng import numpy_rng

TEST_SHARE = 0.2
"""What a data set without a test part loses to one."""
NAMES = ("retain", "forget", "val", "unseen", "test")
"""The sets of every split, in the order in which they are written."""
NONE = np.zeros(0, dtype=np.int64)
"""No position."""


@dataclass(frozen=True)
class Split:
    """Positions into one `Images`, int64 and sorted, disjoint.

    retain, forget and what was erased before: together what the Original was trained on (`train`).
    val: what choices may see. unseen: never seen by anything, the audit's reference.
    test: for utility only.
    earlier: what earlier requests have forgotten, one array a request, in order; such images are
        in none of the other sets, so that nothing trains on them again.
    """

    retain: np.ndarray
    forget: np.ndarray
    val: np.ndarray
    unseen: np.ndarray
    test: np.ndarray
    earlier: tuple[np.ndarray, ...] = ()

    def __post_init__(self) -> None:
        if len(np.unique(np.concatenate(list(self.sets().values())))) != sum(self.sizes().values()):
            raise ValueError("the sets of a split overlap")

    def sets(self) -> dict[str, np.ndarray]:
        """Positions by name; `erased` is among them only where an earlier request has erased some,
        so that the record and the hashes of a first request know nothing of later ones."""
        sets = {name: getattr(self, name) for name in NAMES}
        return sets | ({"erased": self.erased} if self.earlier else {})

    def sizes(self) -> dict[str, int]:
        return {name: len(positions) for name, positions in self.sets().items()}

    @property
    def train(self) -> np.ndarray:
        """What the Original was trained on."""
        return np.sort(np.concatenate([self.retain, self.forget, *self.earlier]))

    @property
    def erased(self) -> np.ndarray:
        """What all earlier requests have forgotten."""
        return np.sort(np.concatenate(self.earlier)) if self.earlier else NONE

    @property
    def requests(self) -> tuple[np.ndarray, ...]:
        """What each request forgets, the earlier ones first; empty for an Original."""
        return (*self.earlier, *([self.forget] if len(self.forget) else []))

    @property
    def forgotten(self) -> np.ndarray:
        """What all requests forget together."""
        return np.sort(np.concatenate([NONE, *self.requests]))

    def settled(self) -> Split:
        """The same split before its next request: what it forgets is among the earlier requests."""
        return replace(self, forget=NONE, earlier=self.requests)

    def hashes(self, images: Images) -> dict[str, str]:
        """SHA-256 of the sorted keys of each set: equal hashes mean equal sets."""
        return {name: key_hash(images.keys[at]) for name, at in self.sets().items()}

    def save(self, path: Path, images: Images) -> None:
        """Write the keys of each set as npz, atomically; `request` numbers those of `erased`."""
        arrays = {name: images.keys[at] for name, at in self.sets().items()}
        if self.earlier:
            arrays["erased"] = images.keys[np.concatenate(self.earlier)]
            sizes = [len(at) for at in self.earlier]
            arrays["request"] = np.repeat(np.arange(len(sizes)) + 1, sizes)
        write_arrays(path, arrays)


def key_hash(keys: np.ndarray) -> str:
    """SHA-256 of a set of keys, whatever their order."""
    return hashlib.sha256("\n".join(sorted(map(str, keys))).encode()).hexdigest()


def load_split(path: Path, images: Images) -> Split:
    """Read a split back; raises UserError if the data set lacks some of its keys."""
    try:
        with path.open("rb") as file, np.load(file) as saved:  # np.load leaves a torn one open
            keys = {name: saved[name] for name in NAMES}
            if "erased" in saved:  # a split of a first request has none
                keys |= {name: saved[name] for name in ("erased", "request")}
    except TORN as error:
        raise UserError(
            f"{path.name} is missing or damaged.", str(path.parent), "Make the run again."
        ) from error
    request = keys.pop("request", NONE)
    found = {name: images.positions(named(of, images.keys)) for name, of in keys.items()}
    missing = sum(int((at < 0).sum()) for at in found.values())
    if missing:
        raise UserError(
            f"{missing} images of the saved split are not in {images.name}.",
            where=str(path),
            fix="Use the data set that the run was made with.",
        )
    erased = found.pop("erased", NONE)
    sets: dict[str, Any] = {name: np.sort(at) for name, at in found.items()}
    sets["earlier"] = tuple(np.sort(erased[request == number]) for number in np.unique(request))
    return Split(**sets)


def has_test(images: Images) -> bool:
    """Whether the data say which images are for testing; else a share is drawn."""
    return "part" in images.table and bool((images.table["part"] == "test").any())


def make_split(images: Images, *, limit: int = 0, holdout: float = 0.1, seed: int = 0) -> Split:
    """Hold out `val` and `unseen`, before anything trains, and leave nothing forgotten yet.

    limit: train on this many images only (0: all); the others join unseen.
    holdout: share of the training part that is held out, half val and half unseen; 0 is the
        papers' protocol, in which the test set has to stand in for unseen data. Of a set that the
        data give (column `part` is val or unseen, or `test_part` marks test images) nothing is
        held out: the given images are it, and its half of the share is trained on.
    seed: the split seed.
    Raises UserError if a share is out of range or nothing is left to train on.
    """
    problems = Problems()
    if not 0 <= holdout < 1:
        problems.add(UserError(f"--holdout {holdout} is not in [0, 1).", "--holdout", "Try 0.1."))
    if limit < 0:
        what = f"--limit {limit} is negative."
        problems.add(UserError(what, "--limit", "Use 0 for all images."))
    problems.raise_all()
    pool, given = _given(images)
    if has_test(images):
        is_test = images.table["part"][pool] == "test"
        test, pool = pool[is_test], pool[~is_test]
    else:
        order = numpy_rng(seed, "split", "test").permutation(pool)
        test, pool = np.split(order, [round(TEST_SHARE * len(pool))])
    test, given = _parted(images, test, given)
    order = numpy_rng(seed, "split", "holdout").permutation(np.sort(pool))
    held = round(holdout * len(order))
    sizes = {"val": held // 2, "unseen": held - held // 2}
    cut = {name: 0 if len(given[name]) else size for name, size in sizes.items()}
    held = sum(cut.values())
    val, unseen, train = np.split(order, [cut["val"], held])
    val, unseen = np.concatenate([given["val"], val]), np.concatenate([given["unseen"], unseen])
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
    retain, val, unseen, test = (np.sort(at) for at in (train, val, unseen, test))
    return Split(retain, NONE, val, unseen, test)


def _given(images: Images) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The positions that are no val or unseen images by the column `part`, and those that are."""
    part = images.table.get("part", np.full(len(images), ""))
    given = {name: np.flatnonzero(part == name) for name in ("val", "unseen")}
    taken = np.concatenate(list(given.values()))
    return np.setdiff1d(np.arange(len(images)), taken), given


def _parted(
    images: Images, test: np.ndarray, given: dict[str, np.ndarray]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The test images without those that the column `test_part` makes val or unseen."""
    if "test_part" not in images.table:
        return test, given
    marks = images.table["test_part"][test]
    more = {name: np.concatenate([at, test[marks == name]]) for name, at in given.items()}
    return test[marks == ""], more


def forget(split: Split, rule: str, images: Images, seed: int = 0) -> Split:
    """The same split with what `rule` selects moved from retain to forget."""
    chosen = select(rule, images, split.train, seed, split.earlier, split.sets())
    return with_forget(split, chosen)


def forget_each(split: Split, rules: Sequence[str], images: Images, seed: int = 0) -> list[Split]:
    """The split of each request, one after the other; what `split` forgets has come before.

    Raises UserError with what is wrong with any of the rules.
    """
    problems = Problems()
    stages = []
    for rule in rules:
        after = problems.attempt(forget, split.settled(), rule, images, seed)
        if after is not None:
            split = after
            stages.append(split)
    problems.raise_all()
    return stages


def with_forget(split: Split, chosen: np.ndarray) -> Split:
    """The same split with these positions forgotten and the rest of the training set retained.

    What it forgot until now is retained; what earlier requests have erased stays so.
    """
    rest = np.setdiff1d(split.train, np.concatenate([chosen, *split.earlier]))
    return replace(split, retain=rest, forget=np.sort(chosen))
