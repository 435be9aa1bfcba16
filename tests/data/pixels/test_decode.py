"""Encoded bytes to one uint8 array: every mode of PNG, and what cannot be read."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from untrain.data.pixels.decode import decode
from untrain.data.pixels.photo import ORIENTATION
from untrain.errors import UserError, UserErrors

Png = Callable[..., bytes]


def pixels(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def read(*encoded: bytes) -> np.ndarray:
    return decode(encoded, [f"{i}.png" for i in range(len(encoded))], "here").x.numpy()


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


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(name + data))
    return struct.pack(">I", len(data)) + name + data + check


def raw_png(width: int, height: int, bits: int, colour: int, data: bytes) -> bytes:
    """A PNG file of which PIL could not write the like; colour: 0 gray, 2 RGB."""
    head = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def test_16_bit_colour_keeps_its_high_byte() -> None:
    deep = np.arange(2 * 3 * 3, dtype=np.uint16).reshape(2, 3, 3) * 3000
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in deep)
    np.testing.assert_array_equal(read(raw_png(3, 2, 16, 2, rows))[0], deep >> 8)


@pytest.mark.parametrize("kind", ["uint16", "int32"])
def test_16_bit_tiffs_keep_their_high_byte(kind: str) -> None:
    deep = pixels(5, 4).astype(kind) * 257
    np.testing.assert_array_equal(read(saved(Image.fromarray(deep), "TIFF"))[0, ..., 0], deep >> 8)


@pytest.mark.parametrize("transparency", [0, bytes([0, 255])])
def test_palettes_with_transparency_become_colour(transparency: Any) -> None:
    flat = np.zeros((5, 4, 3), np.uint8)
    flat[:2] = (255, 0, 0)
    image = Image.fromarray(flat).quantize(2)
    np.testing.assert_array_equal(read(saved(image, "PNG", transparency=transparency))[0], flat)


def test_cmyk_becomes_colour() -> None:
    flat = np.full((8, 8, 3), (200, 30, 90), np.uint8)
    encoded = saved(Image.fromarray(flat).convert("CMYK"), "TIFF")
    np.testing.assert_array_equal(read(encoded)[0], flat)


def test_an_animation_gives_its_first_frame() -> None:
    frames = [Image.fromarray(np.full((5, 4, 3), value, np.uint8)) for value in (7, 200)]
    encoded = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert np.unique(read(encoded)).tolist() == [7]


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_photographs_are_turned_as_their_exif_data_say(kind: str) -> None:
    upright, exif = pixels(6, 4, 3), Image.Exif()
    exif[ORIENTATION] = 6  # the camera was turned to the right
    lying = Image.fromarray(np.rot90(upright).copy())
    options = {"lossless": True} if kind == "WEBP" else {}
    np.testing.assert_array_equal(read(saved(lying, kind, exif=exif, **options))[0], upright)


def test_damaged_exif_data_are_passed_over() -> None:
    broken = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x02\0\0\0\x09\xff\xff\xff\xff"
    assert read(saved(Image.fromarray(pixels(6, 4, 3)), "JPEG", exif=broken)).shape == (1, 6, 4, 3)


def test_one_colour_only_is_fine() -> None:
    assert not read(saved(Image.new("RGB", (4, 5)), "PNG")).any()


def test_mixed_sizes_are_refused_with_how_many_and_an_example(png: Png) -> None:
    told = r"2 sizes, .*: 4x5 \(2, such as 0\.png\), 6x8 \(1, such as 1\.png\)\."
    with pytest.raises(UserError, match=told):
        read(png(pixels(5, 4)), png(pixels(8, 6)), png(pixels(5, 4)))


def test_the_commonest_five_sizes_are_told(png: Png) -> None:
    with pytest.raises(UserError, match=r"7 sizes, .*1x1 \(1, .* and 2 more\."):
        read(*(png(pixels(size, size)) for size in range(1, 8)))


def test_images_that_cannot_be_had_are_all_told_with_the_reason(png: Png) -> None:
    whole, photo = png(pixels(32, 32, 3)), saved(Image.fromarray(pixels(32, 32, 3)), "JPEG")
    half = [encoded[: len(encoded) // 2] for encoded in (whole, photo)]
    outside = saved(Image.fromarray(np.asarray([[-1, 70000]], np.int32)), "TIFF")
    floats = saved(Image.fromarray(np.ones((5, 4), np.float32)), "TIFF")
    huge = [raw_png(side, side, 8, 0, b"") for side in (10_000, 60_000)]
    with pytest.raises(UserErrors) as caught:
        read(whole, *half, b"not an image", raw_png(0, 5, 8, 0, b""), b"", *huge, floats, outside)
    assert [problem.what for problem in caught.value.problems] == [
        "1 of 10 images are empty: 5.png.",
        "4 of 10 images cannot be read: 1.png, 2.png, 3.png, 4.png.",
        "2 of 10 images are larger than an image should be: 6.png, 7.png.",
        "1 of 10 images hold floats: 8.png.",
        "1 of 10 images hold numbers outside of 0 to 65535: 9.png.",
    ]


def test_damaged_images_and_mixed_sizes_are_told_together(png: Png) -> None:
    with pytest.raises(UserErrors) as caught:
        read(png(pixels(5, 4)), b"", png(pixels(4, 4)))
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize("most", [255, 4095])
@pytest.mark.parametrize("others", [0, 2])
def test_few_bits_in_files_of_16_are_told(png: Png, most: int, others: int) -> None:
    deep = np.linspace(0, most, 20).astype(np.uint16).reshape(5, 4)
    with pytest.raises(UserError, match=f"2 of {2 + others} images have 16 bits, but no value ab"):
        read(*[png(pixels(5, 4))] * others, png(deep), png(deep // 2))


def test_few_bits_in_colours_of_16_are_told() -> None:
    rows = b"".join(b"\0" + np.full(9, 4095, ">u2").tobytes() for _ in range(2))
    with pytest.raises(UserError, match="1 of 1 images have 16 bits, but no value above 4095"):
        read(raw_png(3, 2, 16, 2, rows))


def test_a_dark_image_among_others_of_16_bits_is_fine(png: Png) -> None:
    bright = np.full((5, 4), 60000, np.uint16)
    assert np.unique(read(png(bright), png(bright // 1000))).tolist() == [0, 60000 >> 8]


def test_dark_images_of_8_bits_are_fine(png: Png) -> None:
    assert np.unique(read(png(np.full((5, 4), 9, np.uint8)))).tolist() == [9]
