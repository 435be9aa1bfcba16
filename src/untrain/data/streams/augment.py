"""Random crop, flip and normalisation in batches, on the device, with no loop over images.

For crops the images are zero-padded once, stored as they are and mirrored, and seen through
overlapping windows, one at each pixel, so that selecting windows gives a batch of augmented images.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from untrain.data.images import Images
from untrain.data.streams.color import Color, draw_color, recolor
from untrain.data.streams.resized import draw_boxes, resize_boxes

NAMES = ("none", "flip", "crop", "crop+flip", "resized-crop+flip")
"""What `--augment` takes. The papers use crop+flip; mirrored digits are no digits, so `crop`;
photographs of many sizes are seen through boxes of many sizes, so `resized-crop+flip`."""
RESIZED = "resized-crop"
AT_ONCE = 128
"""Images of one forward without gradients, up to 64 x 64 pixels; of larger ones fewer. On one core
ResNet-18 of width 16 takes 1.5 times as long for each image of 455 as of 128."""


def at_once(size: tuple[int, int]) -> int:
    """How many images of this height and width one forward takes."""
    return min(AT_ONCE, max(8, AT_ONCE * 64 * 64 // (size[0] * size[1])))


def padding(augment: str, height: int) -> int:
    """Zero padding for crops, in pixels: 4 as in the papers, less for images under 32 pixels."""
    return min(4, max(1, height // 8)) if "crop" in augment and RESIZED not in augment else 0


@dataclass(frozen=True)
class Draws:
    """How each image of an epoch is augmented: int64 tensors (n,) in the order of the epoch.

    box: for resized crops, int32 (n, 4): top, left, height and width.
    """

    flip: Tensor
    dy: Tensor
    dx: Tensor
    color: Color | None = None
    box: Tensor | None = None

    def take(self, place: slice | Tensor) -> Draws:
        """The draws of some images."""
        color = None if self.color is None else self.color.take(place)
        box = None if self.box is None else self.box[place]
        return Draws(self.flip[place], self.dy[place], self.dx[place], color, box)

    def to(self, device: torch.device) -> Draws:
        """The draws on a device."""
        flip, dy, dx = (
            part.to(device, non_blocking=True) for part in (self.flip, self.dy, self.dx)
        )
        color = None if self.color is None else self.color.to(device, non_blocking=True)
        box = None if self.box is None else self.box.to(device, non_blocking=True)
        return Draws(flip, dy, dx, color, box)


def draw(
    augment: str,
    count: int,
    pad: int,
    generator: torch.Generator,
    stored: tuple[int, int] = (0, 0),
) -> Draws:
    """Draw flip (probability 1/2) and crop offsets (uniform in 0..2 pad) for `count` images.

    Without a crop the offsets are the middle, `pad`. stored: the images' height and width, for the
    boxes of resized crops.
    """
    zeros = torch.zeros(count, dtype=torch.int64)
    flip = torch.randint(2, (count,), generator=generator) if "flip" in augment else zeros
    if RESIZED in augment:
        return Draws(flip, zeros, zeros, box=draw_boxes(count, stored, generator))
    if pad == 0 or "crop" not in augment:
        return Draws(flip, zeros + pad, zeros + pad)
    dy = torch.randint(2 * pad + 1, (count,), generator=generator)
    dx = torch.randint(2 * pad + 1, (count,), generator=generator)
    return Draws(flip, dy, dx)


def seen(x: Tensor, images: Images, augment: str) -> Windows | Boxes:
    """Rows x of the data set's images, on a device, ready for this augmentation."""
    if RESIZED in augment:
        return Boxes(x, images.mean, images.std, images.crop)
    pad = padding(augment, images.size[0])
    return Windows(x, images.mean, images.std, pad, images.crop)


def drawn(
    augment: str, images: Images, count: int, pad: int, seeded: Callable[[str], torch.Generator]
) -> Draws:
    """The draws of `count` images, colours included. seeded: a fresh generator for a purpose."""
    draws = draw(augment, count, pad, seeded("augment"), images.stored)
    if "color" not in augment:
        return draws
    return replace(draws, color=draw_color(count, seeded("color")))


class Finish:
    """Recolours and normalises. shape: (height, width, channels) of what it is given."""

    def __init__(
        self, x: Tensor, mean: tuple[float, ...], std: tuple[float, ...], size: tuple[int, int]
    ) -> None:
        channels = x.shape[3]
        self.shape = (*size, channels)
        scale, shift = (1.0,) * channels, (0.0,) * channels
        if not x.is_floating_point():
            scale = tuple(1 / (255 * s) for s in std)
            shift = tuple(-m / s for m, s in zip(mean, std, strict=True))
        self.scale = torch.tensor(scale, device=x.device).repeat(size[1])  # (W * C,)
        self.shift = torch.tensor(shift, device=x.device).repeat(size[1])

    def __call__(self, batch: Tensor, color: Color | None) -> Tensor:
        """float32 (B, H, W * C) on the scale of the images to (B, C, H, W)."""
        if color is not None:
            pixels = (batch / 255).view(-1, *self.shape).permute(0, 3, 1, 2)
            batch = recolor(pixels, color).permute(0, 2, 3, 1).flatten(2) * 255
        batch = torch.addcmul(self.shift, batch, self.scale)
        return batch.view(-1, *self.shape).permute(0, 3, 1, 2)


class Windows:
    """Images on a device, ready to be gathered as augmented, normalised batches.

    x: uint8 or float32 (N, H, W, C). mean, std: per channel on the scale [0, 1] (uint8 only).
    pad: zero padding in pixels. crop: height and width of what is gathered, around the middle; 0
    for the whole images.
    """

    def __init__(
        self,
        x: Tensor,
        mean: tuple[float, ...],
        std: tuple[float, ...],
        pad: int = 0,
        crop: int = 0,
    ) -> None:
        count, height, width, channels = x.shape
        padded = x.new_zeros(2, count, height + 2 * pad, width + 2 * pad, channels)
        inside = padded[:, :, pad : pad + height, pad : pad + width]
        inside[0] = x
        inside[1] = x.flip(2)
        self.pad, self.grid = pad, (count, height + 2 * pad, width + 2 * pad)
        if crop:
            self.corner = ((height - crop) // 2, (width - crop) // 2)
            height = width = crop
        else:
            self.corner = (0, 0)
        row, pixel = padded.stride(2), padded.stride(3)
        places = padded.numel() // channels - (height - 1) * self.grid[2] - width + 1
        # (places, H, W * C): what begins at each pixel, as a view, no copy
        self.windows = padded.as_strided(
            (max(0, places), height, width * channels), (pixel, row, 1)
        )
        self.finish = Finish(x, mean, std, (height, width))

    def pick(self, index: Tensor, draws: Draws) -> Tensor:
        """The images at `index` (B,), mirrored and cropped, as they are stored: (B, H, W * C)."""
        (count, height, width), (top, left) = self.grid, self.corner
        place = (draws.flip * count + index) * height + draws.dy + top
        place = place * width + draws.dx + left
        # on a CPU five times faster than indexing by (flip, index, dy, dx)
        return self.windows.index_select(0, place)

    def gather(self, index: Tensor, draws: Draws) -> Tensor:
        """The images at `index` (B,), augmented: float32 (B, C, H, W), channels last in memory."""
        return self.finish(self.pick(index, draws).float(), draws.color)


class Boxes:
    """Images on a device, of which random boxes are gathered, brought to the size `crop`.

    x, mean, std, crop: as for `Windows`.
    """

    pad = 0

    def __init__(
        self, x: Tensor, mean: tuple[float, ...], std: tuple[float, ...], crop: int = 0
    ) -> None:
        self.x, self.size = x, (crop, crop) if crop else (x.shape[1], x.shape[2])
        self.finish = Finish(x, mean, std, self.size)

    def gather(self, index: Tensor, draws: Draws) -> Tensor:
        """The images at `index` (B,), augmented: float32 (B, C, H, W), channels last in memory."""
        assert draws.box is not None, "draws of another augmentation"
        x = self.x.index_select(0, index).permute(0, 3, 1, 2).float()
        batch = resize_boxes(x, draws.box, draws.flip, self.size)
        return self.finish(batch.permute(0, 2, 3, 1).flatten(2), draws.color)
