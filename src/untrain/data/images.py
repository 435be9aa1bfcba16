"""Labelled images in memory, each with a key that outlives every split."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from untrain.data.checks import problems_in
from untrain.errors import raise_all

if TYPE_CHECKING:
    from torch import Tensor

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
    crop: height and width that the model sees, out of larger images; 0: the whole of them.
    files: of images that were files, what is told of these by `pixels.decode`; {} of others.
    chunk: images in a chunk of data that are read while a model trains; 0: all are kept at hand.
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
    crop: int = 0
    chunk: int = 0
    files: dict[str, Any] = field(default_factory=dict)

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
        """Height and width in pixels, as the model sees them."""
        return (self.crop, self.crop) if self.crop else self.stored

    @property
    def stored(self) -> tuple[int, int]:
        """Height and width in pixels of what is kept."""
        return int(self.x.shape[1]), int(self.x.shape[2])

    def plain(self, rows: Tensor) -> Tensor:
        """Some images as the model sees them, not augmented and not normalised: (n, H, W, C)."""
        height, width = self.size
        top, left = (self.stored[0] - height) // 2, (self.stored[1] - width) // 2
        return self.x[rows][:, top : top + height, left : left + width]

    @cached_property
    def _order(self) -> np.ndarray:
        """The positions in the order of their keys."""
        return np.argsort(self.keys, kind="stable")

    def positions(self, keys: np.ndarray) -> np.ndarray:
        """Positions of the given keys, -1 where a key does not exist."""
        at = np.searchsorted(self.keys, keys, sorter=self._order)
        found = self._order[np.minimum(at, len(self._order) - 1)]
        return np.where(self.keys[found] == keys, found, -1)


def content_hash(digests: Sequence[bytes], labels: np.ndarray, size: int = 0) -> str:
    """SHA-256 over the digests of encoded images, in order, and their labels.

    size: in pixels, where the images were brought to one.
    """
    digest = hashlib.sha256()
    for one in digests:
        digest.update(one)
    digest.update(np.ascontiguousarray(labels, dtype=np.int64).tobytes())
    if size:
        digest.update(f"size {size}".encode())
    return digest.hexdigest()
