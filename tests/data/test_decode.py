"""Encoded bytes to one uint8 array: every mode of PNG, and what cannot be read."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from untrain.data.decode import decode
from untrain.errors import UserError

Png = Callable[..., bytes]


def pixels(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def read(*encoded: bytes) -> np.ndarray:
    return decode(encoded, [f"{i}.png" for i in range(len(encoded))], "here").numpy()


def test_colour_images_keep_their_pixels_and_order(png: Png) -> None:
    arrays = pixels(20, 5, 4, 3)
    np.testing.assert_array_equal(read(*map(png, arrays)), arrays)


def test_gray_images_stay_one_channel(png: Png) -> None:
    arrays = pixels(3, 5, 4)
    np.testing.assert_array_equal(read(*map(png, arrays)), arrays[..., None])


def test_gray_among_colour_becomes_colour(png: Png) -> None:
    colour, gray = pixels(5, 4, 3), pixels(5, 4, seed=1)
    images = read(png(colour), png(gray))
    np.testing.assert_array_equal(images[0], colour)
    np.testing.assert_array_equal(images[1], np.stack([gray] * 3, 2))


def test_transparency_is_dropped(png: Png) -> None:
    array = pixels(5, 4, 4)
    np.testing.assert_array_equal(read(png(array))[0], array[..., :3])


def test_gray_with_transparency_is_gray(png: Png) -> None:
    array = pixels(5, 4)
    np.testing.assert_array_equal(read(png(array, "LA"))[0], array[..., None])


def test_black_and_white_becomes_0_and_255(png: Png) -> None:
    array = np.where(pixels(5, 4) > 127, 255, 0).astype(np.uint8)
    np.testing.assert_array_equal(read(png(array, "1"))[0], array[..., None])


def test_palettes_become_colour(png: Png) -> None:
    flat = np.zeros((5, 4, 3), np.uint8)
    flat[:2] = (255, 0, 0)
    np.testing.assert_array_equal(read(png(flat, "P"))[0], flat)


def test_16_bit_images_keep_their_high_byte(png: Png) -> None:
    high, low = pixels(5, 4), pixels(5, 4, seed=1)
    deep = high.astype(np.uint16) * 256 + low
    np.testing.assert_array_equal(read(png(deep))[0], high[..., None])


def test_mixed_sizes_are_refused_with_width_and_height(png: Png) -> None:
    with pytest.raises(UserError, match=r"2 sizes \(4x5, 6x8\)"):
        read(png(pixels(5, 4)), png(pixels(8, 6)), png(pixels(5, 4)))


def test_images_that_cannot_be_read_are_named(png: Png) -> None:
    whole = png(pixels(32, 32, 3))
    with pytest.raises(UserError, match=r"3 of 4 images cannot be read: 1\.png, 2\.png, 3\.png"):
        read(whole, whole[: len(whole) // 2], b"not an image", b"")
