"""Streams of batches: each epoch of a set is shuffled and augmented by one seeded plan."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from untrain.data.augment import Draws, Windows, draw, padding
from untrain.data.images import Images
from untrain.rng import rng


@dataclass
class Batch:
    """Some images of a stream, augmented on demand.

    y: labels (B,). index: positions in the stream's set (B,).
    """

    y: Tensor
    index: Tensor
    _stream: Stream
    _epoch: int
    _start: int

    def view(self, k: int = 0) -> Tensor:
        """The k-th augmentation: float32 (B, C, H, W). Views are drawn independently."""
        return self._stream.gather(self.index, self._epoch, self._start, k)


class Stream:
    """One set of images on a device, cycled and reshuffled every epoch.

    The epoch and the cursor belong to the stream and go on from pass to pass. Draws depend on
    the seed, the stream's name, its epoch and the view alone.

    images: the data set. positions: the rows of this set. name: "retain" or "forget".
    """

    def __init__(
        self,
        images: Images,
        positions: np.ndarray,
        name: str,
        *,
        augment: str,
        seed: int,
        device: torch.device,
    ) -> None:
        rows = torch.from_numpy(positions)
        self.pad = padding(augment, images.size[0])
        self.windows = Windows(images.x[rows].to(device), images.mean, images.std, self.pad)
        self.y = images.y[rows].to(device)
        self.name, self.augment, self.seed, self.device = name, augment, seed, device
        self.epoch, self.cursor = 0, 0
        self._order: tuple[int, Tensor] | None = None
        self._draws: dict[int, tuple[int, Draws]] = {}

    def __len__(self) -> int:
        return len(self.y)

    def take(self, size: int) -> Batch:
        """The next batch: `size` images, fewer at the end of an epoch.

        A last image that would stand alone joins the batch before it: batch norm needs two.
        """
        if self.cursor >= len(self):
            self.epoch, self.cursor = self.epoch + 1, 0
        start = self.cursor
        self.cursor = min(start + size, len(self))
        if size > 1 and len(self) - self.cursor == 1:
            self.cursor = len(self)
        index = self._permutation()[start : self.cursor]
        return Batch(self.y[index], index, self, self.epoch, start)

    def batches(self, size: int) -> int:
        """How many batches an epoch has."""
        whole, rest = divmod(len(self), size)
        return whole + (rest > 1 or (rest == 1 and whole == 0))

    def rewind(self, epoch: int, cursor: int) -> None:
        """Go to a place in the plan, as a resumed run does."""
        self.epoch, self.cursor = epoch, cursor

    def gather(self, index: Tensor, epoch: int, start: int, view: int) -> Tensor:
        """Images at `index`, which stand from place `start` on in the epoch's order."""
        drawn, draws = self._draws.get(view, (-1, None))
        if draws is None or drawn != epoch:
            generator = rng(self.seed, "augment", self.name, epoch, view)
            draws = self._move(draw(self.augment, len(self), self.pad, generator))
            self._draws[view] = (epoch, draws)
        place = slice(start, start + len(index))
        return self.windows.gather(
            index, Draws(draws.flip[place], draws.dy[place], draws.dx[place])
        )

    def _permutation(self) -> Tensor:
        if self._order is None or self._order[0] != self.epoch:
            generator = rng(self.seed, "shuffle", self.name, self.epoch)
            order = torch.randperm(len(self), generator=generator)
            self._order = (self.epoch, order.to(self.device, non_blocking=True))
        return self._order[1]

    def _move(self, draws: Draws) -> Draws:
        to = {
            name: tensor.to(self.device, non_blocking=True) for name, tensor in vars(draws).items()
        }
        return replace(draws, **to)
