"""The order of an epoch over data that do not fit in memory."""

from __future__ import annotations

import torch
from torch import Tensor

AROUND = 4
"""Chunks that are mixed with each other."""


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
