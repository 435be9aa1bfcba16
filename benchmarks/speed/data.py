"""C1, the loader beside the arithmetic; C3, batched augmentation beside per-image loops."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from untrain.data.streams.augment import Windows, draw
from untrain.methods import FT
from untrain.rng import rng

from . import peers
from .rounds import Bar, Case, Check, Size
from .subject import EPOCH, FixedBatch, Subject


def loader(size: Size) -> Case:
    """C1: shuffling and two views of the batches of an epoch, against their gradients."""
    subject = Subject(size)
    stream, fixed = subject.stream(), FixedBatch(subject, FT(batch=size.batch))

    def load() -> None:
        batch = stream.take(size.batch)
        batch.view(0), batch.view(1)

    bar = Bar("C1", "loader, two views", "forward and backward of both", 0.01, at_least=False)
    return Case(
        {"loader, two views": load, "forward and backward of both": fixed.gradients},
        (bar,),
        {"loader, two views": 50 * EPOCH, "forward and backward of both": 2},
        list,
    )


def augmentation(size: Size) -> Case:
    """C3: crop, flip and normalise a batch, its draws included."""
    subject = Subject(size)
    images, stream = subject.images, subject.stream()
    mean, std = images.mean, images.std
    arrays = images.x[: size.batch].numpy()
    means, stds = np.asarray(mean, np.float32), np.asarray(std, np.float32)
    chance = np.random.default_rng(0)

    def pil() -> Tensor:
        return torch.stack([peers.pil_view(array, mean, std) for array in arrays])

    def by_hand() -> Tensor:
        views = [peers.numpy_view(array, means, stds, chance) for array in arrays]
        return torch.from_numpy(np.stack(views))

    ours = "batched augmentation"
    return Case(
        {
            ours: lambda: stream.take(size.batch).view(),
            "per-image PIL loop": pil,
            "per-image NumPy by hand": by_hand,
        },
        (
            Bar("C3", "per-image PIL loop", ours, 30),
            Bar("C3", "per-image NumPy by hand", ours, 4),
        ),
        {ours: 50 * EPOCH, "per-image PIL loop": 20, "per-image NumPy by hand": 60},
        lambda: same_pixels(subject, size.batch),
    )


def same_pixels(subject: Subject, count: int) -> list[Check]:
    """The batch and the per-image PIL loop with the same draws."""
    images = subject.images
    windows = Windows(images.x, images.mean, images.std, peers.PAD)
    index, draws = torch.arange(count), draw("crop+flip", count, peers.PAD, rng(0, "check"))
    pixels = windows.pick(index, draws)
    # PIL mirrors after the crop, the windows are of mirrored images
    dx = torch.where(draws.flip == 1, 2 * peers.PAD - draws.dx, draws.dx)
    places = torch.stack([draws.dy, dx, draws.flip], 1).tolist()
    cropped = [
        peers.pil_crop_flip(Image.fromarray(array), *place)
        for array, place in zip(images.x[:count].numpy(), places, strict=True)
    ]
    known = torch.stack([torch.from_numpy(np.array(image)) for image in cropped])
    differing = (pixels.view_as(known) != known).sum().item()
    tensors = map(peers.pil_tensor, cropped)
    expected = torch.stack([peers.normalised(one, images.mean, images.std) for one in tensors])
    off = (windows.gather(index, draws) - expected).abs().max().item()
    return [
        Check("pixels that differ from PIL's", differing, 0),
        Check("largest difference after normalising", off, 5e-7),
    ]
