"""Where decoded pixels lie, and that few of them are in memory."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from untrain.data.images import Images
from untrain.data.pixels import decode as decoding
from untrain.data.pixels import room as rooms
from untrain.data.pixels.cache import cached
from untrain.data.pixels.decode import decode
from untrain.data.pixels.room import joined, room
from untrain.errors import UserError
from untrain.task import Task

Png = Callable[..., bytes]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder, and no memory for pixels."""
    monkeypatch.setenv("UNTRAIN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(rooms, "FEW", 100)
    return tmp_path / "cache"


@pytest.fixture
def arrays() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (40, 5, 4, 3), dtype=np.uint8)


def drafts(cache: Path) -> list[str]:
    gc.collect(0)
    return [path.name for path in cache.glob(".draft-*")]


def names(count: int) -> list[str]:
    return [str(row) for row in range(count)]


def test_many_pixels_go_to_a_file_that_ends_with_them(
    cache: Path, arrays: np.ndarray, png: Png
) -> None:
    x = decode([png(array) for array in arrays], names(40), "here").x
    assert len(drafts(cache)) == 1
    np.testing.assert_array_equal(x, arrays)
    del x
    assert not drafts(cache)


def test_few_pixels_stay_in_memory(cache: Path, arrays: np.ndarray, png: Png) -> None:
    x = decode([png(arrays[0])], ["0"], "here").x
    assert not drafts(cache)
    np.testing.assert_array_equal(x[0], arrays[0])


def test_gray_files_before_the_first_colour_are_kept(
    cache: Path, arrays: np.ndarray, png: Png
) -> None:
    gray, colour = arrays[:20, ..., 0], arrays[20:]
    x = decode([png(array) for array in (*gray, *colour)], names(40), "here").x
    np.testing.assert_array_equal(x[:20], np.repeat(gray[..., None], 3, 3))
    np.testing.assert_array_equal(x[20:], colour)
    assert len(drafts(cache)) == 1


def test_the_cache_takes_the_file_as_it_is(
    cache: Path, arrays: np.ndarray, png: Png, images: Images
) -> None:
    inodes = []

    def read() -> Images:
        x = decode([png(array) for array in arrays], names(40), "here").x
        inodes.append(next(cache.glob(".draft-*pixels.npy")).stat().st_ino)
        return Images(x, torch.arange(40) % 2, ["a", "b"], np.asarray(names(40)))

    found = cached("toy", "key", read)
    np.testing.assert_array_equal(found.x, arrays)
    assert (cache / "toy-key" / "x.npy").stat().st_ino == inodes[0]
    assert not drafts(cache)
    found.x[0] = 0
    np.testing.assert_array_equal(cached("toy", "key", read).x, arrays)
    assert len(inodes) == 1


def test_a_part_of_a_file_is_copied_into_the_cache(cache: Path, arrays: np.ndarray) -> None:
    def read() -> Images:
        whole = torch.from_numpy(room(arrays.shape))
        whole.copy_(torch.from_numpy(arrays))
        return Images(whole[:7], torch.arange(7) % 2, ["a", "b"], np.asarray(names(7)))

    np.testing.assert_array_equal(cached("toy", "key", read).x, arrays[:7])
    assert not drafts(cache)


def test_a_failed_decode_leaves_no_file(cache: Path, arrays: np.ndarray, png: Png) -> None:
    with pytest.raises(UserError, match="1 of 41 images are empty"):
        decode([*(png(array) for array in arrays), b""], names(41), "here")
    assert not drafts(cache)


def test_a_disk_without_room_is_told(
    cache: Path, arrays: np.ndarray, png: Png, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = SimpleNamespace(free=2000)
    monkeypatch.setattr("untrain.files.shutil.disk_usage", lambda _: usage)
    with pytest.raises(UserError, match=r"The disk has 0 MB free, and 1 MB may be needed"):
        decode([png(array) for array in arrays], names(40), "here")
    assert not drafts(cache)


def test_several_sizes_come_before_the_room_they_would_need(
    cache: Path, arrays: np.ndarray, png: Png, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = SimpleNamespace(free=2000)
    monkeypatch.setattr("untrain.files.shutil.disk_usage", lambda _: usage)
    encoded = [*(png(array) for array in arrays), png(arrays[0, :4])]
    with pytest.raises(UserError, match="2 sizes"):
        decode(encoded, names(41), "here")


def test_images_are_read_one_after_the_other_and_few_ahead(
    arrays: np.ndarray, png: Png, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    encoded = [png(array) for array in np.tile(arrays, (10, 1, 1, 1))]
    asked, done = [0], [0]

    class Lazy(list[bytes]):
        def __iter__(self) -> Iterator[bytes]:
            for data in encoded:
                asked[0] += 1
                assert asked[0] - done[0] <= 2 * decoding.AHEAD + 1
                yield data

    put = decoding._Pixels.put

    def counted(self: decoding._Pixels, row: int, image: np.ndarray) -> None:
        done[0] += 1
        put(self, row, image)

    monkeypatch.setattr(decoding._Pixels, "put", counted)
    x = decode(Lazy(encoded), names(400), "here").x
    assert asked == done == [400]
    np.testing.assert_array_equal(x[-40:], arrays)


def test_digests_are_those_of_the_encoded_bytes(arrays: np.ndarray, png: Png) -> None:
    import hashlib

    encoded = [png(array) for array in arrays[:3]]
    expected = [hashlib.sha256(data).digest() for data in encoded]
    for size in (0, 2):
        assert decode(encoded, names(3), "here", size).digests == expected


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_sets_that_are_streamed_are_joined_on_disk(cache: Path, kind: type) -> None:
    x = np.random.default_rng(0).random((20, 8, 8, 3)).astype(kind)
    y = np.arange(20) % 2
    task = Task((x, y), [0], (x[:6], y[:6]), stream=5)
    assert len(drafts(cache)) == 1
    assert task.images.chunk == 5
    np.testing.assert_array_equal(task.images.x, np.concatenate([x, x[:6]]))
    del task
    assert not drafts(cache)


def test_one_set_is_not_copied() -> None:
    x = torch.zeros(3, 2)
    assert joined([x], on_disk=True).data_ptr() == x.data_ptr()


def test_a_negative_chunk_is_refused(arrays: np.ndarray) -> None:
    data = (arrays, np.arange(40) % 2)
    with pytest.raises(UserError, match="stream is -1"):
        Task(data, [0], data, stream=-1)
