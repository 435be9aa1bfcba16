"""Labelled images in memory, each with a key that outlives every split."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from untrain.errors import UserError, raise_all

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
        count = len(self.x)
        problems = []
        if self.x.ndim != 4:
            raise ValueError(f"images must be (N, H, W, C), got shape {tuple(self.x.shape)}")
        if len(self.y) != count or len(self.keys) != count:
            problems.append(
                UserError(
                    f"{count} images, {len(self.y)} labels and {len(self.keys)} keys do not match.",
                    where=self.name,
                    fix="Give one label and one key per image.",
                )
            )
        low, high = (int(self.y.min()), int(self.y.max())) if len(self.y) else (0, 0)
        if low < 0 or high >= len(self.classes):
            problems.append(
                UserError(
                    f"Labels go from {low} to {high}, but there are {len(self.classes)} classes.",
                    where=self.name,
                    fix="Labels are integers from 0 to the number of classes minus one.",
                )
            )
        repeated = len(self.keys) - len(np.unique(self.keys))
        if repeated:
            problems.append(
                UserError(
                    f"{repeated} of the {len(self.keys)} keys are not unique.",
                    where=self.name,
                    fix="Give every image a key of its own.",
                )
            )
        if any(len(given) not in (0, self.channels) for given in (self.mean, self.std)) or (
            len(self.mean) != len(self.std)
        ):
            problems.append(
                UserError(
                    f"{self.channels} channels, but mean {self.mean} and std {self.std}.",
                    where=self.name,
                    fix="Give both, one value per channel, or neither.",
                )
            )
        if self.x.is_floating_point() and not bool(torch.isfinite(self.x).all()):
            problems.append(
                UserError(
                    "Some images hold NaN or infinite values.",
                    where=self.name,
                    fix="Remove or mend these images first.",
                )
            )
        raise_all(problems)
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
