"""Photographs of any size, brought to one: `--size`."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from untrain.config import DataConfig
from untrain.data.images import Images
from untrain.data.pixels.decode import decode
from untrain.data.pixels.photo import ORIENTATION
from untrain.data.pixels.sizing import sized, stored_size
from untrain.errors import UserError, UserErrors
from untrain.testing import toy_images

Png = Callable[..., bytes]


def pixels(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def smooth(height: int, width: int) -> np.ndarray:
    """A picture without fine detail, other along each axis and in each channel."""
    y, x = np.mgrid[:height, :width] / max(height, width)
    waves = [np.sin(4 * x + 3 * y * k) * 100 + 120 for k in range(3)]
    return np.stack(waves, 2).astype(np.uint8)


def saved(array: np.ndarray, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, kind, **options)
    return buffer.getvalue()


def read(*encoded: bytes, size: int = 8) -> np.ndarray:
    names = [f"{i}.png" for i in range(len(encoded))]
    return decode(encoded, names, "here", size).x.numpy()


def reference(array: np.ndarray, size: int) -> np.ndarray:
    """The whole image by PIL's bicubic, its shorter side `size`; then the middle square."""
    height, width = array.shape[:2]
    scale = min(height, width) / size
    at = round(width / scale), round(height / scale)
    whole = np.asarray(Image.fromarray(array).resize(at, Image.Resampling.BICUBIC))
    top, left = (whole.shape[0] - size) // 2, (whole.shape[1] - size) // 2
    return whole[top : top + size, left : left + size]


def equal(found: np.ndarray, expected: np.ndarray) -> None:
    """The same pixels, as far as PIL gives the same whether it makes what is cut away or not."""
    assert np.abs(found - expected.astype(int)).max() <= 1


@pytest.mark.parametrize(
    "shape", [(16, 24), (24, 16), (8, 8), (8, 12), (12, 12), (15, 15), (5, 5), (24, 96), (4, 6)]
)
def test_the_shorter_side_is_resized_and_the_middle_taken(png: Png, shape: tuple[int, int]) -> None:
    for array in (pixels(*shape, 3), pixels(*shape)):
        found = read(png(array))[0]
        equal(found, reference(array, 8).reshape(found.shape))


@pytest.mark.parametrize("shape", [(13, 20), (90, 61), (21, 8)])
def test_parts_of_pixels_are_cut_away_as_well(png: Png, shape: tuple[int, int]) -> None:
    array = smooth(*shape)
    off = np.abs(read(png(array))[0] - reference(array, 8).astype(float))
    assert off.max() < 16  # at most half a pixel to the side


def test_images_of_the_size_keep_their_pixels(png: Png) -> None:
    array = pixels(8, 8, 3)
    np.testing.assert_array_equal(read(png(array))[0], array)


def test_images_of_many_sizes_become_one_array(png: Png) -> None:
    arrays = [pixels(24 + 6 * k, 24, 3, seed=k) for k in range(6)]
    found = read(*map(png, arrays))
    assert found.shape == (6, 8, 8, 3)
    equal(found[4], reference(arrays[4], 8))


@pytest.mark.parametrize("shape", [(780, 480), (64, 896), (333, 333)])
def test_large_photographs_are_reduced_as_well_as_in_full(shape: tuple[int, int]) -> None:
    """JPEG files are read at a half, a quarter or an eighth, which is faster."""
    array = smooth(*shape)
    found = read(saved(array, "JPEG", quality=95, subsampling=0), size=32)[0]
    assert np.abs(found - reference(array, 32).astype(float)).max() < 6


def test_a_photograph_held_sideways_is_turned() -> None:
    upright, exif = smooth(80, 40), Image.Exif()
    exif[ORIENTATION] = 6
    lying = saved(np.rot90(upright).copy(), "PNG", exif=exif)
    equal(read(lying, size=20)[0], reference(upright, 20))


def test_high_bytes_of_16_bit_images_are_resized(png: Png) -> None:
    high = pixels(12, 12)
    found = read(png(high.astype(np.uint16) * 257))[0, ..., 0]
    np.testing.assert_array_equal(found, reference(high, 8))


def test_palettes_and_transparency_are_resized_as_colours(png: Png) -> None:
    flat = np.zeros((16, 16, 3), np.uint8)
    flat[:8] = (255, 0, 0)
    np.testing.assert_array_equal(read(png(flat, "P"))[0], reference(flat, 8))
    clear = pixels(16, 16, 4)
    np.testing.assert_array_equal(read(png(clear))[0], reference(clear[..., :3].copy(), 8))


def test_enlarged_images_are_told_once(png: Png, capsys: pytest.CaptureFixture[str]) -> None:
    read(png(pixels(5, 9)), png(pixels(9, 9)), png(pixels(9, 7)))
    told = "here: 2 of 3 images are smaller than 8 pixels and are scaled up"
    assert capsys.readouterr().err.count(told) == 1
    read(png(pixels(9, 9)), png(pixels(8, 20)))
    assert "scaled up" not in capsys.readouterr().err


def test_images_of_several_sizes_are_told_of_the_flag(png: Png) -> None:
    with pytest.raises(UserError, match="2 sizes") as caught:
        read(png(pixels(5, 4)), png(pixels(8, 6)), size=0)
    assert "--size 64" in caught.value.fix


def test_damaged_images_are_told_with_a_size_too(png: Png) -> None:
    whole = png(pixels(32, 32, 3))
    with pytest.raises(UserErrors) as caught:
        read(whole, b"", whole[: len(whole) // 2], b"no image")
    assert [problem.what for problem in caught.value.problems] == [
        "1 of 4 images are empty: 1.png.",
        "2 of 4 images cannot be read: 2.png, 3.png.",
    ]


def photos(root: Path, png: Png) -> str:
    for number in range(12):
        path = root / "photos" / f"class{number % 2}" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(pixels(12 + number, 20, 3, seed=number)))
    return f"folder:{root / 'photos'}"


def test_a_folder_of_photographs_loads_at_one_size(tmp_path: Path, png: Png) -> None:
    source = photos(tmp_path, png)
    hashes = set()
    for size in (8, 16):
        images, split = DataConfig(data=source, size=size).load()
        assert images.size == images.stored == (size, size)
        assert images.augment == "crop+flip"
        hashes.add(images.hash)
    assert len(hashes) == 2
    assert len(split.train) > 0


def test_resized_crops_keep_a_margin(tmp_path: Path, png: Png) -> None:
    config = DataConfig(data=photos(tmp_path, png), size=7, augment="resized-crop+flip")
    images, _ = config.load()
    assert (images.stored, images.size, images.crop) == ((8, 8), (7, 7), 7)
    other, _ = DataConfig(data=config.data, size=8).load()
    assert np.array_equal(images.x, other.x)
    assert images.hash != other.hash


@pytest.mark.parametrize(
    ("size", "augment", "stored"),
    [
        (224, "auto", 256),
        (224, "resized-crop+flip", 256),
        (224, "crop+flip", 224),
        (64, "auto", 64),
        (64, "resized-crop+flip", 74),
        (95, "auto", 95),
        (96, "auto", 110),
        (0, "resized-crop+flip", 0),
    ],
)
def test_images_are_kept_larger_for_resized_crops(size: int, augment: str, stored: int) -> None:
    assert stored_size(size, augment) == stored


def test_large_images_are_trained_on_resized_crops_which_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    images = sized(toy_images(5, 110, 3), 96, "auto")
    assert (images.augment, images.size, images.stored) == (
        "resized-crop+flip",
        (96, 96),
        (110,) * 2,
    )
    assert "--size 96: trained on resized crops" in capsys.readouterr().err
    plain = replace(toy_images(5, 110, 3), augment="crop")  # what must not be mirrored
    assert sized(plain, 96, "auto").augment == "crop"


def test_the_middle_is_what_the_model_sees() -> None:
    images = replace(toy_images(5, 11, 3), crop=8)
    rows = np.asarray([3, 1])
    np.testing.assert_array_equal(images.plain(rows), images.x.numpy()[rows, 1:9, 1:9])
    whole = toy_images(5, 11, 3)
    np.testing.assert_array_equal(whole.plain(rows), whole.x.numpy()[rows])


@pytest.mark.parametrize("size", [8, 96])
def test_arrays_of_another_size_are_refused(size: int, images: Images) -> None:
    other = toy_images(5, 10)
    with pytest.raises(UserError, match=f"10x10 and cannot be brought to {size}x{size}") as caught:
        sized(other, size, "auto")
    assert caught.value.where == f"--size {size}"


def test_numbers_below_zero_are_told_together() -> None:
    with pytest.raises(UserErrors) as caught:
        DataConfig(size=-3, stream=-1)
    whats = [problem.what for problem in caught.value.problems]
    assert whats == ["--size -3 is negative.", "--stream -1 is negative."]


def test_images_are_read_in_chunks_where_that_is_asked_for(tmp_path: Path, png: Png) -> None:
    config = DataConfig(data=photos(tmp_path, png), size=8, stream=4)
    images, _ = config.load()
    assert images.chunk == 4
    assert images.hash == replace(config, stream=0).load()[0].hash  # the same images
