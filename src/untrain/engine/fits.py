"""Whether the images of a task fit into memory, told before a run is killed for it."""

from __future__ import annotations

import torch

from untrain.data.images import Images
from untrain.data.streams.augment import RESIZED, padding
from untrain.engine import machine
from untrain.errors import MISSING, UserError

SURE = 1 << 28
"""Bytes that every machine has."""


def resident_bytes(images: Images, count: int, augment: str) -> int:
    """Bytes that `count` images take while they are trained on with this augmentation.

    For crops they are there padded, plain and mirrored; while that is made, once more.
    """
    height, width = images.stored
    pixel = count * images.channels * images.x.element_size()
    if RESIZED in augment:
        return pixel * height * width
    pad = padding(augment, images.size[0])
    return pixel * (2 * (height + 2 * pad) * (width + 2 * pad) + height * width)


def too_large(images: Images, count: int, augment: str, device: torch.device) -> list[UserError]:
    """The problem of images that would need more memory than is free; none if they are streamed."""
    needed = 0 if images.chunk else resident_bytes(images, count, augment)
    if needed <= SURE:
        return []
    if device.type == "cuda":
        free, place = torch.cuda.mem_get_info(device)[0], "of the GPU's memory"
    else:
        free, place = machine.memory()["available"], "of memory"
    if free == 0 or needed <= free:  # 0: the system does not tell
        return []
    return [
        UserError(
            f"{count:,} images of {images.stored[1]}x{images.stored[0]} take {needed / 1e9:,.1f} "
            f"GB {place} while they are trained on, and {free / 1e9:,.1f} GB are free.",
            where=f"--data {images.name}",
            fix="Read them while the model trains: --stream 8192, or Task(..., stream=8192).",
            code=MISSING,
        )
    ]
