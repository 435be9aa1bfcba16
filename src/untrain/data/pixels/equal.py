"""Images with equal pixels, found in one or several arrays without reading most of them."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from torch import Tensor

SAMPLE = 64
"""Bytes in the middle of each image that are compared first, so that few are read as a whole."""


def equal(parts: Sequence[Tensor], among: np.ndarray | None = None) -> list[np.ndarray]:
    """Positions of images with equal pixels, two or more in each group, sorted.

    parts: arrays (N, H, W, C) of one shape and type; positions count through them in order.
    among: only groups that hold one of these positions. Of memory-mapped images a page each is
    read, and the whole of those that may be equal.
    """
    arrays = [_bytes(part) for part in parts]
    begin = max(0, (arrays[0].shape[1] - SAMPLE) // 2)
    middle = np.concatenate([array[:, begin : begin + SAMPLE] for array in arrays])
    cells = middle.view(np.dtype((np.void, middle.shape[1]))).ravel()
    _, number, counts = np.unique(cells, return_inverse=True, return_counts=True)
    alike = counts[number] > 1
    if among is not None:
        alike &= np.isin(number, number[among])
    ends = np.cumsum([len(array) for array in arrays])
    found: dict[bytes, list[int]] = defaultdict(list)
    for at in np.flatnonzero(alike).tolist():
        part = int(np.searchsorted(ends, at, side="right"))
        row = arrays[part][at - ends[part]]  # from the end of the array
        found[hashlib.blake2b(row, digest_size=16).digest()].append(at)
    wanted = None if among is None else set(among.tolist())
    return [
        np.asarray(group)
        for group in found.values()
        if len(group) > 1 and (wanted is None or not wanted.isdisjoint(group))
    ]


def _bytes(x: Tensor) -> np.ndarray:
    """The bytes of each image (N, bytes), without a copy."""
    return x.detach().cpu().numpy().reshape(len(x), -1).view(np.uint8)
