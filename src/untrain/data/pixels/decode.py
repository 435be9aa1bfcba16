"""Encoded image bytes to one uint8 array, in memory or in a file of the cache folder."""

from __future__ import annotations

import os
import warnings
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from untrain.data.pixels.photo import EMPTY, FLOATS, LARGE, OUTSIDE, UNREADABLE, Photo, photo
from untrain.data.pixels.room import room
from untrain.errors import Problems, UserError
from untrain.progress import say, track

VERSION = 3
"""Raised when the same files give other images, so that nobody reads old ones from the cache."""
DARK = 16
"""High bytes of 16-bit images below this in all of them: they hold 12 bits or fewer."""
AHEAD = 4
"""Images per worker that are read, and not yet taken."""
FIXES = {
    EMPTY: "Replace or remove them.",
    UNREADABLE: "Replace or remove these files.",
    LARGE: f"Resize them: at most {Image.MAX_IMAGE_PIXELS or 0:,} pixels are read.",
    FLOATS: "Save them with 8 or 16 bits, as the range of floats is not known.",
    OUTSIDE: "Save them with 8 or 16 bits.",
}
"""Reasons for which an image is refused, in the order in which they are told."""


class Decoded(NamedTuple):
    """Pixels uint8 (N, H, W, C), the SHA-256 of each image's encoded bytes, and a word on them.

    files: how many sizes they have, the smallest and the largest (width, height) by their area, and
    how many images are of each kind of `Photo.kinds`.
    """

    x: Tensor
    digests: list[bytes]
    files: dict[str, Any]


def decode(encoded: Sequence[bytes], names: Sequence[str], what: str, size: int = 0) -> Decoded:
    """Decode images; few of them are in memory at a time.

    All images must have one size, or are brought to `size` x `size`: the square in the middle,
    bicubic. Gray images stay one-channel only if all of them are gray; everything else becomes
    RGB. Transparency is dropped, 16-bit images keep their high byte, photographs are turned as
    their EXIF data say, and of an animation the first frame is taken.

    encoded: read once, from the first to the last; it may fetch each image when it is asked for.
    what: the name of the source.
    Raises UserError that names all images that cannot be had, and all sizes.
    """
    pixels, tally = _Pixels(len(encoded)), _Tally(what, len(encoded), size)
    digests = []
    workers = os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        read = track(_read(pool, encoded, size, AHEAD * workers), f"decoding {what}", len(encoded))
        for row, (name, one) in enumerate(zip(names, read, strict=True)):
            digests.append(one.digest)
            tally.count(name, one)
            if one.pixels is not None:
                pixels.put(row, one.pixels)
    tally.raise_all(pixels.problem)
    return Decoded(torch.from_numpy(pixels.array), digests, tally.files())


def shown(names: Sequence[str]) -> str:
    """The first five of the names, and how many there are besides."""
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more


def _read(
    pool: ThreadPoolExecutor, encoded: Sequence[bytes], size: int, most: int
) -> Iterator[Photo]:
    """The images in their order, `most` of them ahead; libjpeg and zlib release the GIL."""
    waiting: deque[Future[Photo]] = deque()
    for data in encoded:
        waiting.append(pool.submit(photo, data, size))
        if len(waiting) == most:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


class _Pixels:
    """The array of all images: gray until the first that is not, given up with the first of
    another size."""

    def __init__(self, count: int) -> None:
        self.count, self.array = count, np.empty((0, 0, 0, 1), np.uint8)
        self.problem: UserError | None = None
        self.lost = False

    def put(self, row: int, image: np.ndarray) -> None:
        if self.lost:
            return
        channels = 3 if image.ndim == 3 else 1
        try:
            if not len(self.array):
                self.array = room((self.count, *image.shape[:2], channels))
            if self.array.shape[1:3] == image.shape[:2] and self.array.shape[3] < channels:
                gray, self.array = self.array, room((*self.array.shape[:3], channels))
                self.array[:row] = gray[:row]
        except UserError as problem:
            self.problem = problem
        self.lost = self.problem is not None or self.array.shape[1:3] != image.shape[:2]
        if self.lost:
            self.array = np.empty((0, 0, 0, 1), np.uint8)
        else:
            self.array[row] = image.reshape(*image.shape[:2], channels)


class _Tally:
    """What is wrong with the images, and how many of them it concerns."""

    def __init__(self, what: str, total: int, size: int) -> None:
        self.what, self.total, self.size = what, total, size
        self.bad: dict[str, list[str]] = {}
        self.sizes: Counter[tuple[int, ...]] = Counter()
        self.first: dict[tuple[int, ...], str] = {}
        self.high: list[int] = []
        self.enlarged = 0
        self.originals: Counter[tuple[int, int]] = Counter()
        self.kinds: Counter[str] = Counter()

    def count(self, name: str, one: Photo) -> None:
        if one.pixels is None:
            self.bad.setdefault(one.reason, []).append(name)
            return
        shape = one.pixels.shape[:2]
        self.sizes[shape] += 1
        self.first.setdefault(shape, name)
        self.enlarged += one.enlarged
        self.originals[one.size] += 1
        self.kinds.update(one.kinds)
        if one.deep >= 0:
            self.high.append(one.deep)

    def files(self) -> dict[str, Any]:
        """A word on the files, ready for JSON."""
        order = sorted(self.originals, key=lambda size: (size[0] * size[1], size))
        ends = {"smallest": list(order[0]), "largest": list(order[-1])} if order else {}
        kinds = sorted(self.kinds.items(), key=lambda one: (-one[1], one[0]))
        return {"sizes": len(order), **ends, "kinds": dict(kinds)}

    def raise_all(self, no_room: UserError | None) -> None:
        """Raise UserError with all that is wrong; tell what is odd."""
        problems = Problems()
        for reason, fix in FIXES.items():
            if names := self.bad.get(reason):
                found = f"{len(names)} of {self.total} images {reason}: {shown(names)}."
                problems.add(UserError(found, self.what, fix))
        if len(self.sizes) > 1:
            problems.add(self._several_sizes())
        elif no_room:
            problems.add(no_room)
        if self.high and max(self.high) < DARK:
            found = f"{len(self.high)} of {self.total} images have 16 bits, but no value above 4095"
            fix = "Save them with 8 bits, or stretch their values over 16."
            problems.add(UserError(f"{found}: they would be dark or black.", self.what, fix))
        problems.raise_all()
        if self.enlarged:
            few = f"{self.enlarged} of {self.total} images"
            say(f"{self.what}: {few} are smaller than {self.size} pixels and are scaled up")

    def _several_sizes(self) -> UserError:
        """How many images have each size, and which is the first."""
        common = sorted(self.sizes.items(), key=lambda item: (-item[1], item[0]))
        told = [f"{w}x{h} ({n}, such as {self.first[h, w]})" for (h, w), n in common]
        return UserError(
            f"The images have {len(told)} sizes, but they must all have one: {shown(told)}.",
            where=f"{self.what}, sizes as width x height",
            fix="Bring them to one size with --size 64, or another number of pixels.",
        )
