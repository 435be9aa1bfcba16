"""One encoded image to an array of pixels, at its own size or brought to a square."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFile, ImageOps
from PIL.Image import Resampling

EMPTY, UNREADABLE = "are empty", "cannot be read"
LARGE = "are larger than an image should be"
FLOATS = "hold floats"
OUTSIDE = "hold numbers outside of 0 to 65535"
DAMAGED = (
    OSError,  # a truncated file, and one of no known format
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    OverflowError,
    MemoryError,
    struct.error,
    zlib.error,
)
"""What PIL raises for damaged files."""
ORIENTATION = 0x0112
"""The EXIF tag of cameras that were held sideways."""
GRAY = ("1", "L", "LA", "La")
"""Modes of PIL's images that are gray."""
DEEP, TURNED = "of 16 bits", "turned by EXIF"
FINE = 3.0
"""Large images are first reduced by a whole factor, to at least this many times the new size."""


class Photo(NamedTuple):
    """What was read: (H, W) or (H, W, 3) pixels, or the reason for which there are none.

    deep: the greatest high byte of an image of 16 bits, else -1. enlarged: whether it was scaled
    up. digest: SHA-256 of the encoded bytes. size: width and height in the file, upright.
    kinds: which of gray, transparent, CMYK, DEEP and TURNED the file is.
    """

    pixels: np.ndarray | None
    reason: str
    deep: int
    enlarged: bool
    digest: bytes
    size: tuple[int, int] = (0, 0)
    kinds: tuple[str, ...] = ()


def photo(data: bytes, size: int = 0) -> Photo:
    """Read an image; size: height and width that it is brought to, 0 leaves it as it is."""
    digest = hashlib.sha256(data).digest()
    try:
        return _read(data, size, digest)
    except _Refused as refused:
        return Photo(None, str(refused), -1, False, digest)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return Photo(None, LARGE, -1, False, digest)
    except DAMAGED:
        return Photo(None, UNREADABLE, -1, False, digest)


def squared(image: Image.Image, size: int) -> Image.Image:
    """The square in the middle of an image, brought to size x size: bicubic, antialiased."""
    width, height = image.size
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    box = (left, top, left + side, top + side)
    return image.resize((size, size), Resampling.BICUBIC, box, reducing_gap=FINE)


class _Refused(Exception):
    """The image is whole, and not one that can be used."""


def _read(data: bytes, size: int, digest: bytes) -> Photo:
    if not data:
        raise _Refused(EMPTY)
    with Image.open(io.BytesIO(data)) as image:
        width, height = image.size
        turned = False
        if image.mode == "F":
            raise _Refused(FLOATS)
        if image.mode.startswith("I"):  # 16 bit
            kinds = _kinds(image)
            high = np.asarray(image).astype(np.int64) >> 8
            if high.min() < 0 or high.max() > 255:
                raise _Refused(OUTSIDE)
            whole, deep = Image.fromarray(high.astype(np.uint8)), int(high.max())
        else:
            has_16_bits = _deep(image)
            if size:  # JPEG files can be read at a half, a quarter or an eighth
                image.draft(None, (int(FINE * size), int(FINE * size)))
            image.load()
            kinds, upright = _kinds(image), _upright(image)
            turned = upright is not image
            if upright.size != image.size:
                width, height = height, width
            whole = upright.convert("L" if image.mode in GRAY else "RGB")
            deep = int(np.asarray(whole).max()) if has_16_bits else -1
        kinds += [DEEP] * (deep >= 0) + [TURNED] * turned
        pixels = np.array(squared(whole, size) if size else whole)
        enlarged = min(width, height) < size
        return Photo(pixels, "", deep, enlarged, digest, (width, height), tuple(kinds))


def _kinds(image: Image.Image) -> list[str]:
    """What a person may not expect of an image, by its mode."""
    clear = image.mode in ("RGBA", "RGBa", "LA", "La", "PA") or "transparency" in image.info
    gray = image.mode in GRAY or image.mode.startswith("I")
    return ["gray"] * gray + ["transparent"] * clear + ["CMYK"] * (image.mode == "CMYK")


def _upright(image: Image.Image) -> Image.Image:
    """The image turned as its EXIF data say, if they can be read; itself if they say nothing."""
    if "exif" not in image.info:
        return image
    try:
        turn = image.getexif().get(ORIENTATION, 1) in range(2, 9)
        return ImageOps.exif_transpose(image) if turn else image
    except DAMAGED:
        return image


def _deep(image: ImageFile.ImageFile) -> bool:
    """Whether colours have 16 bits in the file, of which PIL gives the high byte."""
    args = image.tile[0].args if image.tile else ""
    mode = args[0] if isinstance(args, tuple) and args else args
    return isinstance(mode, str) and ";16" in mode
