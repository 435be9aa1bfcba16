"""What speed is compared with: loops as published code writes them, re-typed here."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor
from torch.nn.functional import cosine_similarity, cross_entropy

PAD = 4


def pil_crop_flip(image: Image.Image, dy: int, dx: int, flip: int) -> Image.Image:
    """Zero-pad by four pixels, crop back to the old size at (dy, dx), mirror."""
    width, height = image.size
    padded = ImageOps.expand(image, border=PAD, fill=0)
    cropped = padded.crop((dx, dy, dx + width, dy + height))
    return cropped.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if flip else cropped


def pil_tensor(image: Image.Image) -> Tensor:
    """float32 (C, H, W) in [0, 1]."""
    pixels = torch.from_numpy(np.array(image, copy=True))
    return pixels.permute(2, 0, 1).contiguous().to(torch.float32).div(255)


def normalised(pixels: Tensor, mean: tuple[float, ...], std: tuple[float, ...]) -> Tensor:
    """Mean and deviation taken out of one image, per channel."""
    middle, scale = (torch.as_tensor(values).view(-1, 1, 1) for values in (mean, std))
    return pixels.clone().sub_(middle).div_(scale)


def pil_view(array: np.ndarray, mean: tuple[float, ...], std: tuple[float, ...]) -> Tensor:
    """One image of the per-image PIL loop, with draws of its own: float32 (C, H, W)."""
    image = Image.fromarray(array)
    flip = int(torch.rand(1) < 0.5)
    dy, dx = (int(torch.randint(0, 2 * PAD + 1, size=(1,)).item()) for _ in range(2))
    return normalised(pil_tensor(pil_crop_flip(image, dy, dx, flip)), mean, std)


def numpy_view(
    array: np.ndarray, mean: np.ndarray, std: np.ndarray, chance: np.random.Generator
) -> np.ndarray:
    """One image of a loop written by hand in NumPy: float32 (C, H, W)."""
    height, width, channels = array.shape
    padded = np.zeros((height + 2 * PAD, width + 2 * PAD, channels), np.uint8)
    padded[PAD : PAD + height, PAD : PAD + width] = array
    dy, dx, flip = chance.integers(0, 2 * PAD + 1), chance.integers(0, 2 * PAD + 1), chance.random()
    cropped = padded[dy : dy + height, dx : dx + width]
    if flip < 0.5:
        cropped = cropped[:, ::-1]
    return ((cropped.astype(np.float32) / 255 - mean) / std).transpose(2, 0, 1)


def broadcast_info_nce(z1: Tensor, z2: Tensor, tau: float = 0.1) -> Tensor:
    """InfoNCE over cosines of all pairs, which are broadcast to (N, N, D)."""
    similarity = cosine_similarity(z1[:, None], z2[None], dim=-1) / tau  # (N, N)
    own = torch.arange(len(z1))
    return cross_entropy(similarity, own) + cross_entropy(similarity.T, own)
