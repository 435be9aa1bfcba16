"""Streams: every image once an epoch, the same plan for the same seed, independent views."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from untrain.data.images import Images
from untrain.data.streams.batches import Batch, Stream
from untrain.testing import toy_images


def stream(images: Images, positions: Any = range(20), **changed: Any) -> Stream:
    options = {"augment": "crop+flip", "seed": 0, "device": torch.device("cpu")} | changed
    name = options.pop("name", "retain")
    return Stream(images, np.asarray(positions), name, **options)


def epoch(source: Stream, size: int = 8) -> list[Batch]:
    """The batches of one epoch, from its beginning on."""
    batches = [source.take(size)]
    while source.cursor < len(source):
        batches.append(source.take(size))
    return batches


def order(batches: list[Batch]) -> list[int]:
    return torch.cat([batch.index for batch in batches]).tolist()


def test_an_epoch_reaches_every_image_once(images: Images) -> None:
    source = stream(images)
    for _ in range(3):
        assert sorted(order(epoch(source))) == list(range(20))


def test_each_epoch_is_shuffled_anew(images: Images) -> None:
    source = stream(images)
    orders = [order(epoch(source)) for _ in range(3)]
    assert len({tuple(o) for o in [*orders, range(20)]}) == 4


def test_the_last_batch_of_an_epoch_is_smaller_and_kept(images: Images) -> None:
    source = stream(images)
    assert [len(batch.y) for batch in (*epoch(source), *epoch(source))] == [8, 8, 4, 8, 8, 4]


@pytest.mark.parametrize(
    ("count", "size", "sizes"),
    [
        (9, 4, [4, 5]),
        (10, 4, [4, 4, 2]),
        (8, 4, [4, 4]),
        (1, 4, [1]),
        (3, 1, [1, 1, 1]),
        (5, 4, [5]),
    ],
)
def test_a_last_image_never_stands_alone(
    images: Images, count: int, size: int, sizes: list[int]
) -> None:
    source = stream(images, range(count))
    assert [len(batch.y) for batch in epoch(source, size)] == sizes
    assert source.batches(size) == len(sizes)


def test_a_batch_larger_than_the_set_is_the_whole_set(images: Images) -> None:
    assert len(stream(images).take(100).y) == 20


def test_labels_and_pixels_belong_to_the_positions(images: Images) -> None:
    positions = np.arange(5, 45, 2)
    batch = stream(images, positions, augment="none").take(8)
    rows = torch.from_numpy(positions)[batch.index]
    expected = (images.x[rows].permute(0, 3, 1, 2) / 255 - 0.5) / 0.5
    assert torch.equal(batch.y, images.y[rows])
    torch.testing.assert_close(batch.view(), expected, rtol=0, atol=1e-6)


def test_take_goes_on_into_the_next_epoch(images: Images) -> None:
    source = stream(images)
    places = []
    for _ in range(5):
        source.take(8)
        places.append((source.epoch, source.cursor))
    assert places == [(0, 8), (0, 16), (0, 20), (1, 8), (1, 16)]


def test_the_same_seed_gives_the_same_plan(images: Images) -> None:
    one, other = stream(images), stream(images)
    for _ in range(5):
        a, b = one.take(8), other.take(8)
        assert torch.equal(a.index, b.index)
        assert torch.equal(a.view(0), b.view(0))


@pytest.mark.parametrize("changed", [{"seed": 1}, {"name": "forget"}])
def test_another_seed_or_name_gives_another_plan(images: Images, changed: dict[str, Any]) -> None:
    one, other = stream(images), stream(images, **changed)
    assert order(epoch(one)) != order(epoch(other))


@pytest.mark.parametrize("changed", [{"seed": 1}, {"name": "forget"}])
def test_another_seed_or_name_draws_another_augmentation(
    images: Images, changed: dict[str, Any]
) -> None:
    index = torch.arange(20)
    one, other = stream(images), stream(images, **changed)
    assert not torch.equal(one.gather(index, 0, 0, 0), other.gather(index, 0, 0, 0))


def test_each_epoch_is_augmented_anew(images: Images) -> None:
    source, index = stream(images), torch.arange(20)
    assert not torch.equal(source.gather(index, 0, 0, 0), source.gather(index, 1, 0, 0))


def test_two_views_are_drawn_independently(images: Images) -> None:
    source = stream(images, range(48), augment="flip")
    plain = stream(images, range(48), augment="none")
    batch, still = source.take(48), plain.take(48)
    same = [(batch.view(k) == still.view()).flatten(1).all(1) for k in (0, 1)]
    pairs = {(bool(a), bool(b)) for a, b in zip(*same, strict=True)}
    assert len(pairs) == 4  # flipped in neither, one, the other, and both


def test_asking_for_a_second_view_changes_nothing_else(images: Images) -> None:
    one, other = stream(images), stream(images)
    for _ in range(5):
        a, b = one.take(8), other.take(8)
        a.view(1)
        assert torch.equal(a.index, b.index)
        assert torch.equal(a.view(0), b.view(0))


def test_a_view_is_the_same_each_time_it_is_asked_for(images: Images) -> None:
    source = stream(images)
    batch = source.take(8)
    first = batch.view(1)
    for later in epoch(source) + epoch(source):
        later.view(1)
    assert torch.equal(batch.view(1), first)


def test_the_plan_does_not_depend_on_the_batch_size(images: Images) -> None:
    small, large = epoch(stream(images), 3), epoch(stream(images), 7)
    assert order(small) == order(large)
    pixels = [torch.cat([batch.view() for batch in batches]) for batches in (small, large)]
    assert torch.equal(*pixels)


@pytest.mark.parametrize("taken", [1, 3, 4])
def test_rewind_reproduces_later_batches_and_their_pixels(images: Images, taken: int) -> None:
    source, resumed = stream(images), stream(images)
    for _ in range(taken):
        source.take(8)
    resumed.rewind(source.epoch, source.cursor)
    for _ in range(4):
        a, b = source.take(8), resumed.take(8)
        assert torch.equal(a.index, b.index)
        assert torch.equal(a.y, b.y)
        for k in (0, 1):
            assert torch.equal(a.view(k), b.view(k))


def test_a_mixed_stream_tells_which_rows_are_forgotten(images: Images) -> None:
    forgotten = np.arange(20) % 3 == 0
    source = stream(images, forgotten=forgotten)
    for batch in epoch(source):
        rows = batch.rows
        assert torch.equal(
            torch.sort(torch.cat([*rows.values()])).values, torch.arange(len(batch.y))
        )
        assert forgotten[batch.index[rows["forget"]]].all()
        assert not forgotten[batch.index[rows["retain"]]].any()
    assert not stream(images).take(8).rows


@pytest.mark.parametrize("own", ["flip", "crop+flip"])
def test_a_view_can_take_another_augmentation(images: Images, own: str) -> None:
    """It is the one that a stream of that augmentation would draw, or the image as it is."""
    source = stream(images, augment=own)
    batch = source.take(8)
    plain = (images.x[batch.index].permute(0, 3, 1, 2) / 255 - 0.5) / 0.5
    torch.testing.assert_close(batch.view(1, "none"), plain, rtol=0, atol=1e-6)
    for other in ("crop", "crop+flip"):
        assert torch.equal(batch.view(1, other), stream(images, augment=other).take(8).view(1))
    torch.testing.assert_close(batch.view(0), batch.view(0, own))


def test_a_view_without_a_crop_stays_the_same_after_one_with_a_crop(images: Images) -> None:
    batch = stream(images, augment="flip").take(8)
    first = batch.view(0)
    batch.view(0, "crop")
    assert torch.equal(batch.view(0), first)


def test_colours_are_drawn_on_top_of_the_same_crops_and_flips() -> None:
    images = toy_images(channels=3)
    batch = stream(images).take(20)
    before, after = batch.view(0), batch.view(0, "crop+flip+color")
    changed = (before - after).abs().flatten(1).amax(1) > 1e-4
    assert 0.5 < changed.float().mean() < 1
    torch.testing.assert_close(before[~changed], after[~changed], rtol=0, atol=1e-5)
    low, high = before.amin((0, 2, 3)), after.amax((0, 2, 3))
    assert (low < high).all()
