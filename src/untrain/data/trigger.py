"""The trigger of a backdoor: a bright square in the corner at the bottom right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from untrain.data.images import Images
from untrain.data.pixels.mapped import private

SIDE, OF = 3, 32
"""Three pixels of 32, as in Goel et al. 2024; larger images have a larger square."""


def square(images: Images) -> tuple[slice, slice]:
    """Rows and columns of the trigger, in the corner of what the model sees of an image."""
    (height, width), stored = images.size, images.stored
    side = max(SIDE, round(SIDE * min(height, width) / OF))
    bottom, right = (stored[0] + height) // 2, (stored[1] + width) // 2
    return slice(bottom - side, bottom), slice(right - side, right)


def brightest(x: Tensor) -> float:
    """The greatest value that pixels can have; of floats, the greatest that they have."""
    return float(x.max()) if x.is_floating_point() else 255.0


def stamped(images: Images, rows: np.ndarray) -> Tensor:
    """All images, those of `rows` with the trigger, in an array of their own."""
    x, (down, across) = private(images.x), square(images)
    x[torch.from_numpy(rows)[:, None, None], _range(down)[:, None], _range(across)] = brightest(
        images.x
    )
    return x


def triggered(images: Images, rows: np.ndarray) -> Images:
    """The images of `rows` alone, each with the trigger."""
    at, (down, across) = torch.from_numpy(rows), square(images)
    x = images.x[at]
    x[:, down, across] = brightest(images.x)
    table = {name: column[rows] for name, column in images.table.items()}
    return replace(images, x=x, y=images.y[at], keys=images.keys[rows], table=table, hash="")


def _range(part: slice) -> Tensor:
    return torch.arange(part.start, part.stop)
