"""Streams of batches: each epoch of a set is shuffled and augmented by one seeded plan."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from untrain.data.augment import Draws, Windows, draw, padding
from untrain.data.color import draw_color
from untrain.data.images import Images
from untrain.rng import rng


@dataclass
class Batch:
    """Some images of a stream, augmented on demand.

    y: labels (B,). index: positions in the stream's set (B,).
    rows: for a mixed stream, the rows of the batch that are retained and forgotten.
    """

    y: Tensor
    index: Tensor
    rows: dict[str, Tensor]
    _stream: Stream
    _epoch: int
    _start: int

    def view(self, k: int = 0, augment: str = "") -> Tensor:
        """The k-th augmentation: float32 (B, C, H, W). Views are drawn independently.

        augment: another augmentation than the stream's own.
        """
        return self._stream.gather(self.index, self._epoch, self._start, k, augment)


class Stream:
    """One set of images on a device, cycled and reshuffled every epoch.

    The epoch and the cursor belong to the stream and go on from pass to pass. Draws depend on
    the seed, the stream's name, its epoch and the view alone.

    images: the data set. positions: the rows of this set. name: "retain", "forget" or a method's.
    forgotten: bool (n,), which of them are forgotten, for a stream that mixes the sets.
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
        forgotten: np.ndarray | None = None,
    ) -> None:
        self.images, self.rows = images, torch.from_numpy(positions)
        self.forgotten = None if forgotten is None else torch.from_numpy(forgotten)
        self.y = images.y[self.rows].to(device)
        self.name, self.augment, self.seed, self.device = name, augment, seed, device
        self.epoch, self.cursor = 0, 0
        self._order: tuple[int, Tensor, Tensor] | None = None
        self._draws: dict[tuple[int, str], tuple[int, Draws]] = {}
        self._windows: dict[int, Windows] = {}
        self.windows(augment)

    def __len__(self) -> int:
        return len(self.y)

    def take(self, size: int, exact: bool = False) -> Batch:
        """The next batch: `size` images, fewer at the end of an epoch.

        A last image that would stand alone joins the batch before it: batch norm needs two.
        exact: begin the next epoch where fewer are left, so that only a smaller set gives fewer.
        """
        short = exact and self.cursor + size > len(self) and self.cursor > 0
        if self.cursor >= len(self) or short:
            self.epoch, self.cursor = self.epoch + 1, 0
        start = self.cursor
        self.cursor = min(start + size, len(self))
        if size > 1 and len(self) - self.cursor == 1 and not exact:
            self.cursor = len(self)
        order, moved = self._permutation()
        index = moved[start : self.cursor]
        rows = {}
        if self.forgotten is not None:
            mask = self.forgotten[order[start : self.cursor]]
            split = {"retain": ~mask, "forget": mask}
            rows = {name: self._move(is_in.nonzero().flatten()) for name, is_in in split.items()}
        return Batch(self.y[index], index, rows, self, self.epoch, start)

    def batches(self, size: int) -> int:
        """How many batches an epoch has."""
        whole, rest = divmod(len(self), size)
        return whole + (rest > 1 or (rest == 1 and whole == 0))

    def rewind(self, epoch: int, cursor: int) -> None:
        """Go to a place in the plan, as a resumed run does."""
        self.epoch, self.cursor = epoch, cursor

    def windows(self, augment: str) -> Windows:
        """The resident images, padded for this augmentation; any will do without a crop."""
        pad = padding(augment, self.images.size[0]) or next(iter(self._windows), 0)
        if pad not in self._windows:
            x = self.images.x[self.rows].to(self.device)
            self._windows[pad] = Windows(x, self.images.mean, self.images.std, pad)
        return self._windows[pad]

    def gather(self, index: Tensor, epoch: int, start: int, view: int, augment: str = "") -> Tensor:
        """Images at `index`, which stand from place `start` on in the epoch's order."""
        augment = augment or self.augment
        windows = self.windows(augment)
        drawn, draws = self._draws.get((view, augment), (-1, None))
        if draws is None or drawn != epoch:
            counters = (self.name, epoch, view)
            draws = draw(augment, len(self), windows.pad, rng(self.seed, "augment", *counters))
            if "color" in augment:
                color = draw_color(len(self), rng(self.seed, "color", *counters))
                draws = replace(draws, color=color)
            draws = draws.to(self.device)
            self._draws[view, augment] = (epoch, draws)
        return windows.gather(index, draws.take(slice(start, start + len(index))))

    def _permutation(self) -> tuple[Tensor, Tensor]:
        """The epoch's order, on the CPU and on the device."""
        if self._order is None or self._order[0] != self.epoch:
            generator = rng(self.seed, "shuffle", self.name, self.epoch)
            order = torch.randperm(len(self), generator=generator)
            self._order = (self.epoch, order, self._move(order))
        return self._order[1:]

    def _move(self, tensor: Tensor) -> Tensor:
        return tensor.to(self.device, non_blocking=True)
