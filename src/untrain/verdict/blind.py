"""What can be told of images without any training: the features of the blind baseline.

If forgotten and unseen images of a class differ in these, they are not from one source, and a
model that saw neither would tell them apart too. Random convolutions, a colour histogram, and a
coarse thumbnail; nothing here has learnt from any image.
"""

from __future__ import annotations

import numpy as np
import torch
from torch.nn.functional import adaptive_avg_pool2d, conv2d, relu

from untrain.data.images import Images
from untrain.data.streams.augment import at_once
from untrain.rng import rng

BINS = 8
CHANNELS = 24


@torch.inference_mode()
def blind_features(images: Images, positions: np.ndarray, batch: int = 0) -> np.ndarray:
    """float64 (N, D) of the images at these positions; batch: images at a time, 0 by their size."""
    batch = batch or 2 * at_once(images.stored)
    chunks = np.split(positions, range(batch, len(positions), batch))
    return np.concatenate([_features(images, torch.from_numpy(at)) for at in chunks])


def _features(images: Images, at: torch.Tensor) -> np.ndarray:
    x = images.x[at].float()
    if images.x.dtype == torch.uint8:
        x = x / 255
    else:  # normalised already: to [0, 1] by the constants, so that bins mean the same
        x = (x * torch.tensor(images.std) + torch.tensor(images.mean)).clamp(0, 1)
    x = x.permute(0, 3, 1, 2)  # (B, C, H, W)
    place = (x * BINS).long().clamp(max=BINS - 1)
    histogram = torch.stack([(place == one).float().mean((2, 3)) for one in range(BINS)], 2)
    weight = torch.randn(CHANNELS, x.shape[1], 3, 3, generator=rng(0, "blind"))
    deep = relu(conv2d(x - 0.5, weight, padding=1, stride=2))
    parts = (
        histogram,
        adaptive_avg_pool2d(x, 4),
        deep.mean((2, 3)),
        deep.std((2, 3)),
        adaptive_avg_pool2d(deep, 2),
    )
    return torch.cat([part.flatten(1) for part in parts], 1).double().numpy()
