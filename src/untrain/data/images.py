"""Labelled images in memory, each with a key that outlives every split."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from torch import Tensor

from untrain.data.checks import problems_in
from untrain.errors import raise_all

COLOUR = ((0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010))
"""Mean and standard deviation that the CoUn paper uses for all its colour data sets."""
GRAY = ((0.5,), (0.5,))


@dataclass(frozen=True)
class Images:
    """All images of a data set, training and test rows together.

    x: uint8 (N, H, W, C), or float32 (N, H, W, C) that is already normalised.
    y: int64 (N,), the labels in [0, number of classes).
    classes: the class names.
    keys: (N,) strings; what forget lists, splits and evidence speak of.
    table: further columns by name, each (N,); `part` is "train" or "test" where the source says.
    mean, std: per channel, on the scale [0, 1]; constants, never estimated from the images.
    augment: the augmentation that suits the data (mirrored digits are no digits).
    name: what the user called the source, for outputs.
    hash: SHA-256 of the encoded images and labels ("" where it was not computed).
    """

    x: Tensor
    y: Tensor
    classes: list[str]
    keys: np.ndarray
    table: dict[str, np.ndarray] = field(default_factory=dict)
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    augment: str = "crop+flip"
    name: str = "arrays"
    hash: str = ""

    def __post_init__(self) -> None:
        if self.x.ndim != 4:
            raise ValueError(f"images must be (N, H, W, C), got shape {tuple(self.x.shape)}")
        raise_all(problems_in(self))
        if not self.mean:
            mean, std = COLOUR if self.channels == 3 else (GRAY[0] * self.channels,) * 2
            object.__setattr__(self, "mean", mean)
            object.__setattr__(self, "std", std)

    def __len__(self) -> int:
        return len(self.x)

    @property
    def channels(self) -> int:
        return int(self.x.shape[3])

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return int(self.x.shape[1]), int(self.x.shape[2])

    @cached_property
    def _order(self) -> np.ndarray:
        """The positions in the order of their keys."""
        return np.argsort(self.keys, kind="stable")

    def positions(self, keys: np.ndarray) -> np.ndarray:
        """Positions of the given keys, -1 where a key does not exist."""
        at = np.searchsorted(self.keys, keys, sorter=self._order)
        found = self._order[np.minimum(at, len(self._order) - 1)]
        return np.where(self.keys[found] == keys, found, -1)


def content_hash(parts: list[bytes], labels: np.ndarray) -> str:
    """SHA-256 over encoded images, in order, and their labels."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    digest.update(np.ascontiguousarray(labels, dtype=np.int64).tobytes())
    return digest.hexdigest()
