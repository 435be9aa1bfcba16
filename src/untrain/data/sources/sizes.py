"""Images that are arrays already, brought to one size."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from untrain.data.images import Images
from untrain.data.pairs import alike
from untrain.data.pixels.photo import squared


def squares(x: Any, size: int) -> Any:
    """A list of which every PIL image is the square in its middle, size x size; others as is."""
    if not isinstance(x, list | tuple):
        return x
    return [squared(each, size) if isinstance(each, Image.Image) else each for each in alike(x)]


def resized_images(images: Images, size: int) -> Images:
    """The same data set with images of another size, and so of another hash."""
    told = hashlib.sha256(f"{images.hash} size {size}".encode()).hexdigest()
    return replace(images, x=resized(images.x, size), hash=told)


def resized(x: Tensor, size: int) -> Tensor:
    """The squares in the middle of images (N, H, W, C) as (N, size, size, C): bicubic, antialiased.

    uint8 images as files of images are, floats by torch.
    """
    height, width = x.shape[1:3]
    if height == width == size:
        return x
    if x.dtype == torch.uint8 and x.shape[3] in (1, 3):
        made = np.empty((len(x), size, size, x.shape[3]), np.uint8)
        for row, image in enumerate(x.numpy()):
            pixels = Image.fromarray(image[..., 0] if image.shape[2] == 1 else image)
            made[row] = np.asarray(squared(pixels, size)).reshape(size, size, -1)
        return torch.from_numpy(made)
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    middle = x[:, top : top + side, left : left + side].permute(0, 3, 1, 2).float()
    scaled = interpolate(middle, (size, size), mode="bicubic", antialias=True)
    if x.dtype == torch.uint8:
        scaled = scaled.round().clamp(0, 255).to(torch.uint8)
    return scaled.permute(0, 2, 3, 1).contiguous()
