"""Encoded image bytes to one uint8 array."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from untrain.errors import UserError
from untrain.progress import track


def decode(encoded: Sequence[bytes], names: Sequence[str], what: str) -> Tensor:
    """Decode images to uint8 (N, H, W, C).

    All images must have one size. Gray images stay one-channel only if all of them are gray;
    everything else becomes RGB. Raises UserError that names the images that cannot be read.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # libjpeg and zlib release the GIL
        images = list(track(pool.map(_open, encoded, names), f"decoding {what}", len(encoded)))
    broken = [item for item in images if isinstance(item, str)]
    if broken:
        raise UserError(
            f"{len(broken)} of {len(images)} images cannot be read: {', '.join(broken[:5])}",
            where=what,
            fix="Replace or remove these files.",
        )
    arrays = [item for item in images if not isinstance(item, str)]
    sizes = {array.shape[:2] for array in arrays}
    if len(sizes) > 1:
        shown = ", ".join(f"{w}x{h}" for h, w in sorted(sizes)[:5])
        raise UserError(
            f"The images have {len(sizes)} sizes ({shown}), but they must all have one.",
            where=what,
            fix="Resize them to one size first.",
        )
    if any(array.ndim == 3 for array in arrays):
        arrays = [a if a.ndim == 3 else np.repeat(a[..., None], 3, axis=2) for a in arrays]
    stacked = np.stack(arrays)
    return torch.from_numpy(stacked if stacked.ndim == 4 else stacked[..., None])


def _open(data: bytes, name: str) -> np.ndarray | str:
    """An (H, W) or (H, W, 3) array, or the name of the image that cannot be read."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            gray = image.mode in ("1", "L", "LA", "I;16", "I", "F")
            if image.mode in ("I;16", "I"):  # 16 bit: keep the high byte
                return (np.asarray(image).astype(np.uint32) >> 8).clip(0, 255).astype(np.uint8)
            return np.array(image.convert("L" if gray else "RGB"))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        return name
