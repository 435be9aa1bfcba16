"""The images of a request by key, and the folders that may hold something of them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from untrain.data.sets.pseudonyms import PREFIX, pseudonym, pseudonyms
from untrain.data.sets.splits import NAMES, key_hash
from untrain.errors import UserError
from untrain.files import DRAFT, TORN
from untrain.runs.load import is_run

MARKS = ("run.json", "resume.safetensors", "split.npz", "trials.json")
"""What makes a folder one of ours: a run, an unfinished one, or a search."""


@dataclass(frozen=True)
class Erased:
    """The images of a request.

    keys: as the splits have them, plain or as digests. images: hash of the data set.
    universe: of the keys of all its images. data: its settings, as recorded.
    rules: what named the images. runs: those that have forgotten them and were named.
    """

    keys: np.ndarray
    images: str
    universe: str
    data: dict[str, Any]
    rules: tuple[str, ...] = ()
    runs: tuple[Path, ...] = ()

    def __len__(self) -> int:
        return len(self.keys)

    @cached_property
    def digests(self) -> np.ndarray:
        """The keys as digests, sorted."""
        return np.unique(pseudonyms(self.keys))

    @cached_property
    def known(self) -> frozenset[str]:
        """The digests as a set."""
        return frozenset(self.digests.tolist())

    @cached_property
    def plain(self) -> list[str]:
        """Those keys that are still known, the longest first."""
        known = [key for key in self.keys.tolist() if not key.startswith(PREFIX)]
        return sorted(known, key=len, reverse=True)

    def among(self, keys: np.ndarray) -> np.ndarray:
        """bool (N,): which keys, plain or digests, are of erased images."""
        names = map(pseudonym, keys.astype(str).tolist())
        return np.fromiter((name in self.known for name in names), dtype=bool, count=len(keys))


def runs_below(folder: Path) -> list[Path]:
    """The run folders in a folder, itself included; hidden folders are left out."""
    return [place for place in places_below(folder) if is_run(place)]


def places_below(folder: Path) -> list[Path]:
    """All folders of ours in a folder, itself included; links are not followed."""
    found = []
    for place, inside, files in os.walk(folder):
        inside[:] = sorted(name for name in inside if not name.startswith("."))
        begun = any(name.startswith(DRAFT) for name in files) and Path(place).parent not in found
        if begun or any(mark in files for mark in MARKS):
            found.append(Path(place))
    return found


def saved_keys(folder: Path) -> dict[str, np.ndarray]:
    """The arrays of a split. Raises UserError if it is missing or damaged."""
    try:
        with (folder / "split.npz").open("rb") as file, np.load(file) as saved:
            arrays = {name: saved[name] for name in saved.files}
        if not set(NAMES) <= arrays.keys():
            raise KeyError("a set is missing")
    except TORN as error:
        fix = "Make the run again, or name another one."
        raise UserError("split.npz is missing or damaged.", str(folder), fix) from error
    return arrays


def universe_of(arrays: dict[str, np.ndarray]) -> str:
    """Hash of the keys of all images of a data set, whatever their sets."""
    sets = [keys for name, keys in arrays.items() if name != "request"]
    return key_hash(pseudonyms(np.concatenate(sets)))


def requested(arrays: dict[str, np.ndarray], number: int) -> np.ndarray:
    """The keys of a request of a split, counted from 1."""
    earlier = arrays.get("request", np.zeros(0, dtype=np.int64))
    if number in earlier:
        return np.asarray(arrays["erased"][earlier == number])
    return arrays["forget"]


def forgotten(arrays: dict[str, np.ndarray]) -> np.ndarray:
    """The keys that all requests of a split have forgotten."""
    return np.concatenate([arrays[name] for name in ("erased", "forget") if name in arrays])
