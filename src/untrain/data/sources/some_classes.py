"""The first classes of a data set, as a data set of their own."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import torch

from untrain.data.images import Images


def first_classes(images: Images, count: int, name: str) -> Images:
    """The images of the first `count` classes, training and test rows; their keys stay."""
    rows = torch.nonzero(images.y < count).flatten()  # (n,)
    told = hashlib.sha256(f"{images.hash} first {count} classes".encode()).hexdigest()
    return replace(
        images,
        x=images.x[rows],
        y=images.y[rows],
        classes=images.classes[:count],
        keys=images.keys[rows.numpy()],
        table={column: cells[rows.numpy()] for column, cells in images.table.items()},
        name=name,
        hash=told,
    )
