"""What `--size` means: how large images are kept, and what of them the model sees."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cache

from untrain.data.images import Images
from untrain.data.streams.augment import RESIZED
from untrain.errors import UserError
from untrain.progress import say

LARGE = 96
"""From this size on, `--augment auto` sees images through boxes of many sizes."""


def stored_size(size: int, augment: str) -> int:
    """Height and width that images are kept at: for resized crops 8/7 of what the model sees, as
    256 for 224. 0 leaves them as they are."""
    boxes = RESIZED in augment or (augment == "auto" and size >= LARGE)
    return -(-size * 8 // 7) if boxes else size


def sized(images: Images, size: int, augment: str) -> Images:
    """The images of which the model sees `size` x `size`, with the augmentation that suits them.

    Raises UserError if they were not brought to that size.
    """
    if not size:
        return images
    stored = stored_size(size, augment)
    if images.stored != (stored, stored):
        raise UserError(
            f"These images are {images.stored[1]}x{images.stored[0]} and cannot be brought to "
            f"{size}x{size}.",
            where=f"--size {size}",
            fix="Leave it out, and resize the arrays yourself.",
        )
    if augment == "auto" and size >= LARGE and images.augment == "crop+flip":
        _tell(size, stored)
        images = replace(images, augment=f"{RESIZED}+flip")
    if stored == size:
        return images
    digest = images.hash and hashlib.sha256(f"{images.hash} seen {size}".encode()).hexdigest()
    return replace(images, crop=size, hash=digest)


@cache
def _tell(size: int, stored: int) -> None:
    """Once, however often a process loads the images."""
    say(
        f"--size {size}: trained on resized crops (--augment resized-crop+flip), "
        f"of images kept at {stored} pixels"
    )
