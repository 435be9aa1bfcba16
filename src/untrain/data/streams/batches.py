"""Streams of batches: each epoch of a set is shuffled and augmented by one seeded plan."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from untrain.data.images import Images
from untrain.data.streams.ahead import Ahead
from untrain.data.streams.augment import RESIZED, Boxes, Draws, Windows, drawn, padding, seen
from untrain.data.streams.chunks import shuffled
from untrain.rng import rng

AHEAD = 2
"""Batches that are read before they are taken, of images that are not all at hand."""


class Place(NamedTuple):
    """Of a batch: an epoch, and where in its order it begins and ends."""

    epoch: int
    start: int
    stop: int


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
    _place: Place

    def view(self, k: int = 0, augment: str = "") -> Tensor:
        """The k-th augmentation: float32 (B, C, H, W). Views are drawn independently.

        augment: another augmentation than the stream's own.
        """
        return self._stream.gather(self.index, self._place.epoch, self._place.start, k, augment)


class Stream:
    """One set of images on a device, cycled and reshuffled every epoch.

    The epoch and the cursor belong to the stream and go on from pass to pass. Draws depend on
    the seed, the stream's name, its epoch and the view alone. Images with a `chunk` stay where
    they are, are shuffled chunk by chunk, and come to the device batch by batch.

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
        self._orders: dict[int, Tensor] = {}
        self._moved: tuple[int, Tensor] | None = None
        self._draws: dict[tuple[int, str], tuple[int, Draws]] = {}
        self._seen: dict[int, Windows | Boxes] = {}
        self._ahead = Ahead(images.x, device) if images.chunk else None
        self._held: tuple[Place, Tensor] | None = None
        if not self._ahead:
            self._look(augment)

    def __len__(self) -> int:
        return len(self.y)

    def take(self, size: int, exact: bool = False) -> Batch:
        """The next batch: `size` images, fewer at the end of an epoch.

        A last image that would stand alone joins the batch before it: batch norm needs two.
        exact: begin the next epoch where fewer are left, so that only a smaller set gives fewer.
        """
        place = self._after(self.epoch, self.cursor, size, exact)
        self.epoch, self.cursor = place.epoch, place.stop
        if self._ahead:
            places = [place]
            for _ in range(AHEAD):
                places.append(self._after(places[-1].epoch, places[-1].stop, size, exact))
            self._ahead.want({one: partial(self._at, one) for one in places})
        index = self._on_device(place.epoch)[place.start : place.stop]
        rows = {}
        if self.forgotten is not None:
            mask = self.forgotten[self._order(place.epoch)[place.start : place.stop]]
            split = {"retain": ~mask, "forget": mask}
            rows = {name: self._move(is_in.nonzero().flatten()) for name, is_in in split.items()}
        return Batch(self.y[index], index, rows, self, place)

    def batches(self, size: int) -> int:
        """How many batches an epoch has."""
        whole, rest = divmod(len(self), size)
        return whole + (rest > 1 or (rest == 1 and whole == 0))

    def rewind(self, epoch: int, cursor: int) -> None:
        """Go to a place in the plan, as a resumed run does."""
        self.epoch, self.cursor = epoch, cursor

    def gather(self, index: Tensor, epoch: int, start: int, view: int, augment: str = "") -> Tensor:
        """Images at `index`, which stand from place `start` on in the epoch's order."""
        augment, place = augment or self.augment, Place(epoch, start, start + len(index))
        if self._ahead:
            looked, index = self._read(place, augment), torch.arange(len(index), device=self.device)
        else:
            looked = self._look(augment)
        begun, draws = self._draws.get((view, augment), (-1, None))
        if draws is None or begun != epoch:
            counters = (self.name, epoch, view)
            draws = drawn(
                augment,
                self.images,
                len(self),
                looked.pad,
                lambda purpose: rng(self.seed, purpose, *counters),
            ).to(self.device)
            self._draws[view, augment] = (epoch, draws)
        return looked.gather(index, draws.take(slice(place.start, place.stop)))

    def _after(self, epoch: int, cursor: int, size: int, exact: bool) -> Place:
        """The place of the batch that is taken at a cursor."""
        short = exact and cursor + size > len(self) and cursor > 0
        if cursor >= len(self) or short:
            epoch, cursor = epoch + 1, 0
        stop = min(cursor + size, len(self))
        if size > 1 and len(self) - stop == 1 and not exact:
            stop = len(self)
        return Place(epoch, cursor, stop)

    def _look(self, augment: str) -> Windows | Boxes:
        """The resident images, ready for this augmentation; any padding will do without a crop."""
        kind = self._kind(augment)
        if kind == 0:  # draws of an epoch are for the padding that came first
            kind = next((one for one in self._seen if one >= 0), 0)
        if kind not in self._seen:
            x = self.images.x[self.rows].to(self.device)
            self._seen[kind] = seen(x, self.images, augment)
        return self._seen[kind]

    def _read(self, place: Place, augment: str) -> Windows | Boxes:
        """The images of a batch, ready for this augmentation."""
        assert self._ahead is not None
        if self._held is None or self._held[0] != place:
            self._held = (place, self._ahead.get(place, partial(self._at, place)))
            self._seen = {}
        kind = self._kind(augment)
        if kind not in self._seen:
            self._seen[kind] = seen(self._held[1], self.images, augment)
        return self._seen[kind]

    def _kind(self, augment: str) -> int:
        """Of augmentations that can share images: their padding, and -1 for resized crops."""
        return -1 if RESIZED in augment else padding(augment, self.images.size[0])

    def _at(self, place: Place) -> Tensor:
        """Rows of a batch in the data set."""
        return self.rows[self._order(place.epoch)[place.start : place.stop]]

    def _order(self, epoch: int) -> Tensor:
        """The epoch's order, on the CPU; that of the one before is kept."""
        known = self._orders  # a thread that reads ahead may put others there
        if epoch in known:
            return known[epoch]
        order = shuffled(len(self), self.images.chunk, rng(self.seed, "shuffle", self.name, epoch))
        self._orders = {e: o for e, o in known.items() if e == epoch - 1} | {epoch: order}
        return order

    def _on_device(self, epoch: int) -> Tensor:
        if self._moved is None or self._moved[0] != epoch:
            self._moved = (epoch, self._move(self._order(epoch)))
        return self._moved[1]

    def _move(self, tensor: Tensor) -> Tensor:
        return tensor.to(self.device, non_blocking=True)
