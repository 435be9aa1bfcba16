"""Random resized crops against one box at a time, and the rule by which boxes are drawn."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn.functional import interpolate

from untrain.data.streams.augment import Draws, draw, padding, seen
from untrain.data.streams.batches import Stream
from untrain.data.streams.color import draw_color, recolor
from untrain.data.streams.resized import AREA, RATIO, draw_boxes, resize_boxes
from untrain.rng import rng
from untrain.testing import toy_images

NAME = "resized-crop+flip"


def drawn(count: int, stored: tuple[int, int] = (74, 74), seed: int = 0) -> torch.Tensor:
    return draw_boxes(count, stored, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("stored", [(74, 74), (60, 80), (8, 8)])
@pytest.mark.parametrize("size", [(64, 64), (7, 9)])
def test_each_box_is_torchs_bilinear_resize_of_it(
    stored: tuple[int, int], size: tuple[int, int]
) -> None:
    x = torch.rand(12, 3, *stored, generator=torch.Generator().manual_seed(0)) * 255
    box, flip = drawn(12, stored), torch.arange(12) % 2
    found = resize_boxes(x, box, flip, size)
    for image, (top, left, height, width), mirror, ours in zip(
        x, box.tolist(), flip, found, strict=True
    ):
        part = image[None, :, top : top + height, left : left + width]
        alone = interpolate(part, size, mode="bilinear", align_corners=False)[0]
        torch.testing.assert_close(ours, alone.flip(2) if mirror else alone, rtol=0, atol=0.02)


def test_enlarged_boxes_are_pils_bilinear_resize() -> None:
    chance = np.random.default_rng(0)
    x = chance.integers(0, 256, (8, 40, 40, 3), dtype=np.uint8)
    box = drawn(8, (40, 40))
    floats = torch.from_numpy(x).permute(0, 3, 1, 2).float()
    found = resize_boxes(floats, box, torch.zeros(8), (40, 40)).permute(0, 2, 3, 1).numpy()
    for array, (top, left, height, width), ours in zip(x, box.tolist(), found, strict=True):
        part = Image.fromarray(array[top : top + height, left : left + width])
        theirs = np.asarray(part.resize((40, 40), Image.Resampling.BILINEAR))
        assert np.abs(ours - theirs).max() < 1.001  # PIL rounds twice


def test_a_box_of_the_whole_image_changes_nothing() -> None:
    x = torch.rand(2, 3, 16, 16)
    box = torch.tensor([[0, 0, 16, 16]] * 2, dtype=torch.int32)
    found = resize_boxes(x, box, torch.tensor([0, 1]), (16, 16))
    torch.testing.assert_close(found[0], x[0], rtol=0, atol=1e-4)
    torch.testing.assert_close(found[1], x[1].flip(2), rtol=0, atol=1e-4)


@pytest.mark.parametrize("stored", [(64, 64), (48, 80), (500, 375)])
def test_boxes_lie_inside_and_have_the_allowed_areas_and_ratios(stored: tuple[int, int]) -> None:
    top, left, height, width = drawn(20_000, stored).double().T
    assert (top >= 0).all()
    assert (left >= 0).all()
    assert (top + height <= stored[0]).all()
    assert (left + width <= stored[1]).all()
    area = height * width / (stored[0] * stored[1])
    assert area.min() > AREA[0] * 0.9
    assert area.max() <= 1
    ratio = width / height
    assert ratio.min() > RATIO[0] * 0.9
    assert ratio.max() < RATIO[1] * 1.1


def slow(stored: tuple[int, int], chance: np.random.Generator) -> tuple[float, float, float]:
    """Area, ratio and middle of a box, as torchvision draws it, one number after the other."""
    height, width = stored
    for _ in range(10):
        area = height * width * chance.uniform(0.08, 1)
        ratio = math.exp(chance.uniform(math.log(3 / 4), math.log(4 / 3)))
        w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < w <= width and 0 < h <= height:
            top = chance.integers(0, height - h + 1)
            return h * w / (height * width), math.log(w / h), (top + h / 2) / height
    raise AssertionError("no box in ten tries: the test takes shapes that always have one")


@pytest.mark.parametrize("stored", [(64, 64), (48, 64)])
def test_boxes_are_distributed_as_torchvisions(stored: tuple[int, int]) -> None:
    chance = np.random.default_rng(0)
    theirs = np.asarray([slow(stored, chance) for _ in range(8000)])
    top, _, height, width = drawn(8000, stored).double().numpy().T
    area, ratio = height * width / (stored[0] * stored[1]), np.log(width / height)
    ours = np.stack([area, ratio, (top + height / 2) / stored[0]], 1)
    for one, other in zip(ours.T, theirs.T, strict=True):
        at, off = np.linspace(0.05, 0.95, 10), 0.01 + 0.07 * other.std()
        ours_at, theirs_at = np.quantile(one, at), np.quantile(other, at)
        np.testing.assert_allclose(ours_at, theirs_at, rtol=0, atol=off)


@pytest.mark.parametrize(
    ("stored", "middle"), [((100, 2), [48, 0, 3, 2]), ((3, 300), [0, 148, 3, 4])]
)
def test_where_no_box_fits_the_middle_is_taken(stored: tuple[int, int], middle: list[int]) -> None:
    boxes = drawn(500, stored)
    assert boxes.eq(torch.tensor(middle)).all(1).any()


def test_flips_are_those_of_the_same_seed_without_boxes() -> None:
    one, other = (
        draw(name, 50, 0, torch.Generator().manual_seed(3), (9, 9)) for name in (NAME, "flip")
    )
    assert torch.equal(one.flip, other.flip)
    assert one.box is not None
    assert padding(NAME, 64) == 0


def large(crop: int = 56) -> Stream:
    """Images kept at 64 pixels of which the model sees fewer."""
    images = replace(toy_images(30, 64, 3), crop=crop)
    return Stream(images, np.arange(24), "retain", augment=NAME, seed=0, device=torch.device("cpu"))


def test_a_stream_gives_what_the_model_sees_normalised_and_channels_last() -> None:
    stream = large()
    images, batch = stream.images, stream.take(8)
    view = batch.view()
    assert view.shape == (8, 3, 56, 56)
    assert view.is_contiguous(memory_format=torch.channels_last)
    assert not torch.equal(view, batch.view(1))
    mean, std = (torch.tensor(part).view(3, 1, 1) for part in (images.mean, images.std))
    pixels = (view * std + mean) * 255
    assert pixels.min() >= -0.01
    assert pixels.max() <= 255.01


@pytest.mark.parametrize("other", ["none", "flip", "crop", "crop+flip"])
def test_other_augmentations_see_the_middle_of_larger_images(other: str) -> None:
    stream = large()
    batch = stream.take(8)
    view, plain = batch.view(1, other), stream.images.plain(batch.index)
    assert view.shape == (8, 3, 56, 56)
    if other == "none":
        mean, std = (torch.tensor(part) for part in (stream.images.mean, stream.images.std))
        expected = ((plain / 255 - mean) / std).permute(0, 3, 1, 2)
        torch.testing.assert_close(view, expected, rtol=0, atol=1e-5)
    black = (view == view.amin((0, 2, 3), keepdim=True)).all(1)
    assert black.float().mean() < 1e-3  # what lies around the middle is the image, no padding


def test_crops_of_larger_images_move_around_their_middle() -> None:
    images = replace(toy_images(10, 16, 1), crop=12, mean=(0.0,), std=(1 / 255,))
    draws = draw("crop+flip", 40, 1, torch.Generator().manual_seed(0))
    index = torch.arange(40) % 10
    shown = seen(images.x, images, "crop+flip").gather(index, draws)
    for row, image in zip(range(40), images.x[index], strict=True):
        array = image.flip(1) if draws.flip[row] else image
        top, left = 1 + int(draws.dy[row]), 1 + int(draws.dx[row])
        expected = array[top : top + 12, left : left + 12, 0].float()
        torch.testing.assert_close(shown[row, 0], expected, rtol=0, atol=1e-4)


def test_colours_are_changed_on_top_of_the_same_boxes() -> None:
    stream = large()
    batch = stream.take(24)
    before, after = batch.view(0), batch.view(0, f"{NAME}+color")
    counters = ("retain", 0, 0)
    color = draw_color(24, rng(0, "color", *counters))
    mean, std = (torch.tensor(p).view(3, 1, 1) for p in (stream.images.mean, stream.images.std))
    expected = (recolor((before * std + mean).clamp(0, 1), color) - mean) / std
    torch.testing.assert_close(after, expected, rtol=0, atol=1e-3)


def test_draws_are_taken_with_their_boxes() -> None:
    draws = draw(NAME, 10, 0, torch.Generator().manual_seed(0), (9, 9))
    some = draws.take(torch.tensor([7, 2]))
    assert isinstance(some, Draws)
    assert some.box is not None
    assert draws.box is not None
    assert torch.equal(some.box, draws.box[[7, 2]])
    assert torch.equal(draws.take(slice(2, 4)).flip, draws.flip[2:4])
