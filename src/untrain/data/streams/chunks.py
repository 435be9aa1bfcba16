"""The order of an epoch over data that do not fit in memory."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from untrain.progress import say

AROUND = 4
"""Chunks that are mixed with each other."""
UNEVEN = 0.1
"""How much farther than by chance the classes of images near each other may lie from those of all
images: the share of images that would have to be of another class."""


def shuffled(count: int, chunk: int, generator: torch.Generator) -> Tensor:
    """The numbers below `count` in random order: int64 (count,).

    chunk: so many consecutive numbers stay close to each other: the chunks are shuffled, and then
    the numbers of every few of them, so that a disk reads places near each other. 0, or `count`
    and more: all numbers are shuffled at once.
    """
    if chunk == 0 or chunk >= count:
        return torch.randperm(count, generator=generator)
    numbers = torch.arange(count)
    pieces = [numbers[start : start + chunk] for start in range(0, count, chunk)]
    order = torch.randperm(len(pieces), generator=generator).tolist()
    mixed = []
    for start in range(0, len(order), AROUND):
        near = torch.cat([pieces[number] for number in order[start : start + AROUND]])
        mixed.append(near[torch.randperm(len(near), generator=generator)])
    return torch.cat(mixed)


def tell_sorted(labels: Tensor, chunk: int) -> None:
    """Say where chunks are too small to mix data that are sorted: labels (n,) of those trained on.

    An epoch then sees classes one after the other, and the model is the worse for it.
    """
    if chunk == 0 or chunk >= len(labels):
        return
    order = shuffled(len(labels), chunk, torch.Generator().manual_seed(0))
    plain = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))
    near, chance = (_uneven(labels[at].numpy(), AROUND * chunk) for at in (order, plain))
    if near > chance + UNEVEN:
        say(
            f"--stream {chunk}: images that lie near each other are of the same classes (a shuffle "
            f"would move {100 * near:.0f} % of them), so that training sees classes in turn and "
            "gets worse: shuffle the files once, or take larger chunks"
        )


def _uneven(labels: np.ndarray, window: int) -> float:
    """Mean total variation between the classes of windows and those of all: in [0, 1]."""
    count = int(labels.max()) + 1
    every = np.bincount(labels, minlength=count) / len(labels)
    parts = [labels[start : start + window] for start in range(0, len(labels), window)]
    apart = [np.abs(np.bincount(p, minlength=count) / len(p) - every).sum() / 2 for p in parts]
    return float(np.average(apart, weights=[len(part) for part in parts]))
