"""Which of the retained images are available, where not all of them are left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from untrain.data.arrays import positions_of
from untrain.data.images import Images
from untrain.data.sets.splits import Split
from untrain.errors import UserError
from untrain.rng import numpy_rng


def share_of_retain(split: Split, share: float, seed: int) -> np.ndarray:
    """Positions of a share of the retained images, at least one, sorted.

    Drawn by the split seed from the training set, so that requests one after the other, and other
    forget rules, find nearly the same images.
    """
    order = numpy_rng(seed, "available").permutation(split.train)
    retained = order[np.isin(order, split.retain)]
    return np.sort(retained[: max(1, round(share * len(retained)))])


def left_of(
    available: float | Sequence[Any] | None, images: Images, split: Split, seed: int
) -> np.ndarray | None:
    """Positions of the retained images that are available; None for all of them.

    available: a share, or keys, positions or a mask of training images, of which forgotten ones
    do not count. Raises UserError for a share out of range, for images that were not trained on,
    and where nothing is left.
    """
    where = "Task(available=...)"
    if available is None:
        return None
    if isinstance(available, int | float):
        if isinstance(available, bool) or not 0 < available <= 1:
            what = f"available = {available} is no share in (0, 1]."
            raise UserError(what, where, "Give 0.1 for a tenth, or keys or positions.")
        return None if available == 1 else share_of_retain(split, float(available), seed)
    named = positions_of(available, images, split.train, "available")
    found = np.intersect1d(named, split.retain)
    if not len(found):
        what = f"available names {len(named)} images, none of which is retained."
        raise UserError(what, where, "Name some of the images that are kept.")
    return found
