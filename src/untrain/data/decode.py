"""Encoded image bytes to one uint8 array."""

from __future__ import annotations

import io
import os
import struct
import warnings
import zlib
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from PIL import Image, ImageFile, ImageOps
from torch import Tensor

from untrain.errors import Problems, UserError
from untrain.progress import track

VERSION = 3
"""Raised when the same files give other images, so that nobody reads old ones from the cache."""
DARK = 16
"""High bytes of 16-bit images below this in all of them: they hold 12 bits or fewer."""
EMPTY, UNREADABLE = "are empty", "cannot be read"
LARGE = "are larger than an image should be"
FLOATS = "hold floats"
OUTSIDE = "hold numbers outside of 0 to 65535"
FIXES = {
    EMPTY: "Replace or remove them.",
    UNREADABLE: "Replace or remove these files.",
    LARGE: f"Resize them: at most {Image.MAX_IMAGE_PIXELS or 0:,} pixels are read.",
    FLOATS: "Save them with 8 or 16 bits, as the range of floats is not known.",
    OUTSIDE: "Save them with 8 or 16 bits.",
}
"""Reasons for which an image is refused, in the order in which they are told."""
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


def decode(encoded: Sequence[bytes], names: Sequence[str], what: str) -> Tensor:
    """Decode images to uint8 (N, H, W, C).

    All images must have one size. Gray images stay one-channel only if all of them are gray;
    everything else becomes RGB. Transparency is dropped, 16-bit images keep their high byte,
    photographs are turned as their EXIF data say, and of an animation the first frame is taken.

    what: the name of the source.
    Raises UserError that names all images that cannot be had, and all sizes.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        # libjpeg and zlib release the GIL
        opened = list(track(pool.map(_open, encoded), f"decoding {what}", len(encoded)))
    images, deep = [image for image, _ in opened], [high for _, high in opened if high >= 0]
    problems = Problems()
    for reason, fix in FIXES.items():
        bad = [name for name, item in zip(names, images, strict=True) if item is reason]
        if bad:
            found = f"{len(bad)} of {len(images)} images {reason}: {shown(bad)}."
            problems.add(UserError(found, what, fix))
    whole = [(n, i) for n, i in zip(names, images, strict=True) if isinstance(i, np.ndarray)]
    problems.add(*_sizes(whole, what))
    if deep and max(deep) < DARK:
        found = f"{len(deep)} of {len(images)} images have 16 bits, but no value above 4095"
        fix = "Save them with 8 bits, or stretch their values over 16."
        problems.add(UserError(f"{found}: they would be dark or black.", what, fix))
    problems.raise_all()
    arrays = [array for _, array in whole]
    if any(array.ndim == 3 for array in arrays):
        arrays = [a if a.ndim == 3 else np.repeat(a[..., None], 3, axis=2) for a in arrays]
    stacked = np.stack(arrays)
    return torch.from_numpy(stacked if stacked.ndim == 4 else stacked[..., None])


def shown(names: Sequence[str]) -> str:
    """The first five of the names, and how many there are besides."""
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more


def _sizes(arrays: Sequence[tuple[str, np.ndarray]], what: str) -> list[UserError]:
    """The problem of images of several sizes: how many have each, and which is the first."""
    count = Counter(array.shape[:2] for _, array in arrays)
    if len(count) < 2:
        return []
    first = {array.shape[:2]: name for name, array in reversed(arrays)}
    common = sorted(count.items(), key=lambda item: (-item[1], item[0]))
    told = [f"{w}x{h} ({n}, such as {first[h, w]})" for (h, w), n in common]
    return [
        UserError(
            f"The images have {len(count)} sizes, but they must all have one: {shown(told)}.",
            where=f"{what}, sizes as width x height",
            fix="Resize them to one size first.",
        )
    ]


def _open(data: bytes) -> tuple[np.ndarray | str, int]:
    """An (H, W) or (H, W, 3) array, or the reason for which the image is refused; and the
    greatest high byte of an image of 16 bits, else -1."""
    if not data:
        return EMPTY, -1
    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.mode == "F":
                return FLOATS, -1
            if image.mode.startswith("I"):  # 16 bit
                high = np.asarray(image).astype(np.int64) >> 8
                inside = high.min() >= 0 and high.max() <= 255
                return (high.astype(np.uint8), int(high.max())) if inside else (OUTSIDE, -1)
            deep = _deep(image)
            image.load()
            gray = image.mode in ("1", "L", "LA", "La")
            array = np.array(_upright(image).convert("L" if gray else "RGB"))
            return array, int(array.max()) if deep else -1
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return LARGE, -1
    except DAMAGED:
        return UNREADABLE, -1


def _upright(image: Image.Image) -> Image.Image:
    """The image turned as its EXIF data say, if they can be read."""
    if "exif" not in image.info:
        return image
    try:
        return ImageOps.exif_transpose(image) if ORIENTATION in image.getexif() else image
    except DAMAGED:
        return image


def _deep(image: ImageFile.ImageFile) -> bool:
    """Whether colours have 16 bits in the file, of which PIL gives the high byte."""
    args = image.tile[0].args if image.tile else ""
    mode = args[0] if isinstance(args, tuple) and args else args
    return isinstance(mode, str) and ";16" in mode
