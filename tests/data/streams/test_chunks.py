"""Epochs that are shuffled chunk by chunk, and images that are read ahead."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from untrain.data.images import Images
from untrain.data.streams.ahead import Ahead
from untrain.data.streams.batches import AHEAD, Batch, Stream
from untrain.data.streams.chunks import AROUND, shuffled, tell_sorted
from untrain.testing import toy_images

CPU = torch.device("cpu")


def order(count: int, chunk: int, seed: int = 0) -> torch.Tensor:
    return shuffled(count, chunk, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("chunk", [0, 100, 101, 10**9])
def test_a_chunk_of_all_is_a_plain_shuffle(chunk: int) -> None:
    plain = torch.randperm(100, generator=torch.Generator().manual_seed(0))
    assert torch.equal(order(100, chunk), plain)


@pytest.mark.parametrize(("count", "chunk"), [(100, 10), (103, 10), (9, 2), (7, 1), (1, 1)])
def test_chunks_reach_every_image_once(count: int, chunk: int) -> None:
    assert order(count, chunk).sort().values.tolist() == list(range(count))


def test_few_chunks_are_near_each_other_and_mixed() -> None:
    """So much and no more is needed of the disk at a time; neighbours are not neighbours."""
    found = order(1000, 10)
    for window in found.split(10 * AROUND):
        assert len(set((window // 10).tolist())) == AROUND
        assert (window[1:] - window[:-1] == 1).float().mean() < 0.2
    assert not torch.equal(found, order(1000, 10, seed=1))
    firsts = found.view(-1, 10 * AROUND)[:, 0]
    assert not torch.equal(firsts, firsts.sort().values)


@pytest.mark.parametrize(
    ("labels", "chunk", "told"),
    [
        (torch.arange(2000) // 200, 50, True),
        (torch.arange(2000) % 10, 50, False),
        (torch.arange(2000) // 200, 2000, False),
        (torch.arange(2000) // 200, 0, False),
    ],
)
def test_data_sorted_by_class_are_told(
    labels: torch.Tensor, chunk: int, told: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    tell_sorted(labels, chunk)
    assert ("sees classes in turn" in capsys.readouterr().err) == told


def stream(chunk: int, positions: Any = range(20), **changed: Any) -> Stream:
    images = replace(changed.pop("images", None) or toy_images(channels=3), chunk=chunk)
    options = {"augment": "crop+flip", "seed": 0, "device": CPU} | changed
    return Stream(images, np.asarray(positions), options.pop("name", "retain"), **options)


def epochs(source: Stream, size: int = 8, count: int = 3, exact: bool = False) -> list[Batch]:
    found = []
    while source.epoch < count:
        found.append(source.take(size, exact))
        found[-1].view()
    return found


AUGMENTS = ["none", "crop", "crop+flip", "resized-crop+flip", "crop+flip+color"]


@pytest.mark.parametrize("augment", AUGMENTS)
@pytest.mark.parametrize("exact", [False, True])
def test_a_chunk_of_all_gives_the_bits_of_images_in_memory(augment: str, exact: bool) -> None:
    resident, streamed = (stream(chunk, augment=augment) for chunk in (0, 20))
    for one, other in zip(
        epochs(resident, exact=exact), epochs(streamed, exact=exact), strict=True
    ):
        assert torch.equal(one.index, other.index)
        assert torch.equal(one.y, other.y)
        for view in (0, 1):
            assert torch.equal(one.view(view), other.view(view))
            assert torch.equal(one.view(view, "flip"), other.view(view, "flip"))


@pytest.mark.parametrize("taken", [1, 3, 4])
def test_rewind_reproduces_later_batches_of_chunks(taken: int) -> None:
    source, resumed = stream(3), stream(3)
    for _ in range(taken):
        source.take(8).view()
    resumed.take(8).view()  # reads ahead of where it then goes
    resumed.rewind(source.epoch, source.cursor)
    for _ in range(5):
        a, b = source.take(8), resumed.take(8)
        assert torch.equal(a.index, b.index)
        assert torch.equal(a.view(1), b.view(1))


def test_a_mixed_stream_of_chunks_tells_which_rows_are_forgotten() -> None:
    forgotten = np.arange(20) % 3 == 0
    for batch in epochs(stream(4, forgotten=forgotten), count=1):
        assert forgotten[batch.index[batch.rows["forget"]]].all()
        assert not forgotten[batch.index[batch.rows["retain"]]].any()


def test_pixels_belong_to_the_positions_and_old_batches_can_be_seen_again() -> None:
    positions = np.arange(5, 45, 2)
    source = stream(4, positions, augment="none")
    mean, std = (torch.tensor(part) for part in (source.images.mean, source.images.std))
    batches = [source.take(8) for _ in range(7)]
    for batch in [*batches, *batches[::-1]]:
        rows = torch.from_numpy(positions)[batch.index]
        expected = ((source.images.x[rows] / 255 - mean) / std).permute(0, 3, 1, 2)
        torch.testing.assert_close(batch.view(), expected, rtol=0, atol=1e-5)


def test_the_plan_of_chunks_does_not_depend_on_the_batch_size() -> None:
    small, large = (epochs(stream(3), size, count=1) for size in (3, 7))
    for part in ("index", "view"):
        one, other = (
            torch.cat([batch.view() if part == "view" else batch.index for batch in batches])[:18]
            for batches in (small, large)
        )
        assert torch.equal(one, other)


class Counted(Ahead):
    """Counts what lies ready."""

    most = 0

    def want(self, batches: Any) -> None:
        super().want(batches)
        self.most = max(self.most, len(self.waiting))


def test_few_batches_are_read_ahead_and_each_once() -> None:
    source = stream(4)
    source._ahead = ahead = Counted(source.images.x, CPU)
    read = []
    rows, source._at = source._at, lambda place: read.append(place) or rows(place)  # type: ignore
    for _ in range(12):
        source.take(8).view()
    assert ahead.most == AHEAD + 1
    ahead.pool.shutdown()
    assert len(read) == len(set(read)) <= 12 + AHEAD


def readers() -> int:
    return sum(thread.name.startswith("untrain-read") for thread in threading.enumerate())


def waited_for(count: int) -> int:
    """Threads that read, once there are as few as that, or two seconds have passed."""
    until = time.monotonic() + 2
    while readers() > count and time.monotonic() < until:
        time.sleep(0.01)
    return readers()


def test_threads_end_with_their_streams() -> None:
    before = readers()
    for _ in range(20):
        stream(4).take(8).view()
    assert waited_for(before) == before


def test_a_broken_loop_leaves_no_thread() -> None:
    def trained() -> None:
        source = stream(4)
        source.take(8)
        raise KeyboardInterrupt

    before = readers()
    with pytest.raises(KeyboardInterrupt):
        trained()
    assert waited_for(before) == before


def test_a_failed_read_is_told_where_the_batch_is_seen() -> None:
    source = stream(4)
    source.rows = source.rows + 10**6
    batch = source.take(8)
    with pytest.raises(IndexError, match="index out of range"):
        batch.view()


def test_images_in_memory_have_no_thread(images: Images) -> None:
    before = readers()
    source = stream(0, images=images)
    source.take(8).view()
    assert readers() == before
