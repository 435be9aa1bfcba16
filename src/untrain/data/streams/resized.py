"""Random resized crops, batched: a random box of each image is brought to the size of the model.

The box has a share of the area in [0.08, 1] and a ratio of width to height in [3/4, 4/3], both
uniform (the ratio on a log scale). Ten boxes are tried; if none fits into the image, its middle is
taken, as large as the ratios let it be. Then bilinear interpolation, within the box.

Source: Szegedy et al. 2014, arXiv 1409.4842; torchvision.transforms.RandomResizedCrop.
Differences: not antialiased, as `--size` keeps images at most 8/7 larger than the model sees them.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

AREA = (0.08, 1.0)
"""Share of the image's area."""
RATIO = (3 / 4, 4 / 3)
"""Width over height."""
TRIES = 10


def draw_boxes(count: int, stored: tuple[int, int], generator: torch.Generator) -> Tensor:
    """Boxes for `count` images of height and width `stored`: int32 (n, 4), top, left, height and
    width."""
    height, width = stored
    low, high = (math.log(ratio) for ratio in RATIO)
    size = torch.tensor(_middle(height, width)).repeat(count, 1)  # (n, 2)
    open_ = torch.ones(count, dtype=torch.bool)
    for _ in range(TRIES):
        area = height * width * torch.empty(count).uniform_(*AREA, generator=generator)
        ratio = torch.empty(count).uniform_(low, high, generator=generator).exp()
        tried = torch.stack([(area / ratio).sqrt(), (area * ratio).sqrt()], 1).round().int()
        fits = (tried >= 1).all(1) & (tried[:, 0] <= height) & (tried[:, 1] <= width)
        size = torch.where((open_ & fits)[:, None], tried, size)
        open_ &= ~fits
    room = torch.tensor([height, width]) - size
    chance = torch.rand(count, 2, generator=generator)
    corner = torch.minimum((chance * (room + 1)).int(), room.int())
    corner = torch.where(open_[:, None], room.int() // 2, corner)
    return torch.cat([corner, size], 1)


def _middle(height: int, width: int) -> list[int]:
    """Height and width of the largest box with an allowed ratio."""
    if width < RATIO[0] * height:
        return [round(width / RATIO[0]), width]
    if width > RATIO[1] * height:
        return [height, round(height * RATIO[1])]
    return [height, width]


def resize_boxes(x: Tensor, box: Tensor, flip: Tensor, size: tuple[int, int]) -> Tensor:
    """The boxes (B, 4) of images x, float (B, C, H, W), as (B, C, *size), mirrored where flip is 1.

    Equals torch's bilinear `interpolate` of each box by itself.
    """
    box = box.to(x.dtype)
    rows = _places(box[:, 0], box[:, 2], size[0])  # (B, h)
    columns = _places(box[:, 1], box[:, 3], size[1])  # (B, w)
    columns = torch.where(flip[:, None] == 1, columns.flip(1), columns)
    height, width = x.shape[2:]
    grid = torch.stack(
        [
            (columns / max(1, width - 1) * 2 - 1)[:, None].expand(-1, size[0], -1),
            (rows / max(1, height - 1) * 2 - 1)[:, :, None].expand(-1, -1, size[1]),
        ],
        3,
    )  # (B, h, w, 2), corner pixels at -1 and 1
    return grid_sample(x, grid, align_corners=True, padding_mode="border")


def _places(start: Tensor, length: Tensor, count: int) -> Tensor:
    """Where the centres of `count` pixels lie that fill [start, start + length): (B, count)."""
    steps = torch.arange(count, device=start.device, dtype=start.dtype) + 0.5
    inside = steps * (length / count)[:, None] - 0.5
    return start[:, None] + torch.minimum(inside.clamp(min=0), length[:, None] - 1)
