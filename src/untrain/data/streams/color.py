"""Batched colour jitter and grayscale: the J and G of CoUn's contrastive transform CHJGN.

Jittered images (probability 0.8) change brightness, contrast, saturation and hue in this order,
as `torchvision.transforms.ColorJitter(0.8, 0.8, 0.8, 0.2)`; then some images (0.2) turn gray:

    gray(x) = 0.2989 r + 0.587 g + 0.114 b
    x <- clamp(f x + (1 - f) base),  base = 0, mean over pixels of gray(x), gray(x) in turn
    h <- (h + d) mod 1               in HSV
    x <- gray(x)                     in every channel

Paper: Khalil, Setayesh, Li 2025, arXiv 2509.16391 (NeurIPS 2025), ablation of the transform.
Differences: torchvision shuffles the four changes per call; here their order is fixed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

JITTER, GRAY = 0.8, 0.2
"""Probabilities per image."""
STRENGTH, TURN = 0.8, 0.2
"""Factors lie within 1 +- STRENGTH; hues turn by at most TURN, in whole turns."""


@dataclass(frozen=True)
class Color:
    """How each image is recoloured: tensors (n,) in the order of the images.

    jitter, gray: bool. brightness, contrast, saturation: factors in [0.2, 1.8], 1 changes nothing.
    hue: in [-0.2, 0.2] turns, 0 changes nothing.
    """

    jitter: Tensor
    brightness: Tensor
    contrast: Tensor
    saturation: Tensor
    hue: Tensor
    gray: Tensor

    def take(self, place: slice | Tensor) -> Color:
        """The draws of the images at `place`."""
        return self._each(lambda t: t[place])

    def to(self, device: torch.device | str, non_blocking: bool = False) -> Color:
        """The same draws on a device."""
        return self._each(lambda t: t.to(device, non_blocking=non_blocking))

    def _each(self, change: Callable[[Tensor], Tensor]) -> Color:
        return Color(**{name: change(t) for name, t in vars(self).items()})


def draw_color(count: int, generator: torch.Generator) -> Color:
    """Draw for `count` images; factors and hues also for those whose jitter is False."""

    def uniform(low: float, high: float) -> Tensor:
        return torch.empty(count).uniform_(low, high, generator=generator)

    return Color(
        jitter=uniform(0, 1) < JITTER,
        brightness=uniform(1 - STRENGTH, 1 + STRENGTH),
        contrast=uniform(1 - STRENGTH, 1 + STRENGTH),
        saturation=uniform(1 - STRENGTH, 1 + STRENGTH),
        hue=uniform(-TURN, TURN),
        gray=uniform(0, 1) < GRAY,
    )


def recolor(x: Tensor, color: Color) -> Tensor:
    """x, float32 (B, C, H, W) in [0, 1], recoloured by the B draws; the same shape and range.

    C = 3: everything. C = 1: brightness and contrast only. Other C raise ValueError.
    Images with neither jitter nor gray come back bit by bit. The memory layout of x is kept.
    """
    channels = x.shape[1]
    if channels not in (1, 3):
        raise ValueError(f"recolor takes 1 or 3 channels, not {channels}")
    draws = color._each(lambda t: t.view(-1, 1, 1, 1))  # (B, 1, 1, 1)
    y = (draws.brightness * x).clamp(0, 1)
    y = _blend(y, _gray(y).mean((1, 2, 3), keepdim=True), draws.contrast)
    if channels == 1:
        return torch.where(draws.jitter, y, x)
    y = _blend(y, _gray(y), draws.saturation)
    y = _turn(y, draws.hue)
    y = torch.where(~draws.jitter, x, y)  # x first: the result takes its memory layout
    return torch.where(draws.gray, _gray(y), y)


def _blend(x: Tensor, base: Tensor, factor: Tensor) -> Tensor:
    return (factor * x + (1 - factor) * base).clamp(0, 1)


def _gray(x: Tensor) -> Tensor:
    """(B, C, H, W) to (B, 1, H, W); one channel is gray already."""
    if x.shape[1] == 1:
        return x
    red, green, blue = x.chunk(3, dim=1)
    return 0.2989 * red + 0.587 * green + 0.114 * blue


def _turn(x: Tensor, hue: Tensor) -> Tensor:
    """Turn the hues of x (B, 3, H, W); value (the top channel) and saturation stay.

    Back from HSV without its six cases: red, green and blue stand at 0, 2 and 4 sixths of a
    turn. A channel is at the top up to one sixth from the hue, at the bottom from two sixths on,
    and linear between.
    """
    red, green, blue = x.chunk(3, dim=1)
    top = x.amax(1, keepdim=True)
    chroma = top - x.amin(1, keepdim=True)
    span = torch.where(chroma > 0, chroma, 1)  # a gray pixel has no hue, and any does
    sixths = torch.where(green == top, 2 + (blue - red) / span, 4 + (red - green) / span)
    sixths = torch.where(red == top, (green - blue) / span, sixths) + 6 * hue
    home = torch.arange(0, 6, 2, device=x.device).view(3, 1, 1)
    away = 3 - ((sixths - home).remainder(6) - 3).abs()  # (B, 3, H, W), 0..3 sixths
    return top - chroma * (away - 1).clamp(0, 1)
