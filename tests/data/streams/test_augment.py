"""Batched augmentation against a slow loop over single images."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from untrain.data.streams.augment import Draws, Windows, draw, padding

SHAPES = [(8, 8, 1), (9, 7, 3), (32, 32, 3), (5, 5, 4)]


def slow(
    x: np.ndarray, at: tuple[int, int, int], pad: int, mean: np.ndarray, std: np.ndarray
) -> np.ndarray:
    """One image (H, W, C): mirror, zero-pad, crop at (dy, dx), normalise; gives (C, H, W)."""
    flip, dy, dx = at
    height, width, _ = x.shape
    mirrored = x[:, ::-1] if flip else x
    padded = np.pad(mirrored, ((pad, pad), (pad, pad), (0, 0)))
    crop = padded[dy : dy + height, dx : dx + width]
    return ((crop / 255 - mean) / std).transpose(2, 0, 1)


def pixels(shape: tuple[int, int, int], count: int = 6) -> torch.Tensor:
    chance = np.random.default_rng(0)
    return torch.from_numpy(chance.integers(0, 256, (count, *shape), dtype=np.uint8))


def both(
    augment: str, shape: tuple[int, int, int], mean: float, std: float
) -> tuple[torch.Tensor, np.ndarray]:
    """Forty draws over six images: the batch, and the slow loop's."""
    x, pad = pixels(shape), padding(augment, shape[0])
    means = tuple(mean + 0.01 * c for c in range(shape[2]))
    stds = (std,) * shape[2]
    index = torch.arange(40) % 6
    draws = draw(augment, 40, pad, torch.Generator().manual_seed(0))
    batch = Windows(x, means, stds, pad).gather(index, draws)
    places = torch.stack([draws.flip, draws.dy, draws.dx], 1).tolist()
    rows = [
        slow(x[i].numpy(), tuple(place), pad, np.array(means), np.array(stds))
        for i, place in zip(index.tolist(), places, strict=True)
    ]
    return batch, np.stack(rows)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("augment", ["crop+flip", "crop", "flip", "none"])
def test_normalised_pixels_equal_the_slow_loop(augment: str, shape: tuple[int, int, int]) -> None:
    batch, expected = both(augment, shape, mean=0.45, std=0.25)
    np.testing.assert_allclose(batch.numpy(), expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("augment", ["crop+flip", "crop", "flip", "none"])
def test_crop_and_flip_move_pixels_exactly(augment: str, shape: tuple[int, int, int]) -> None:
    x, pad, plain = pixels(shape), padding(augment, shape[0]), np.zeros(shape[2])
    draws = draw(augment, 6, pad, torch.Generator().manual_seed(1))
    batch = Windows(x, (0.0,) * shape[2], (1 / 255,) * shape[2], pad).gather(torch.arange(6), draws)
    for i in range(6):
        at = int(draws.flip[i]), int(draws.dy[i]), int(draws.dx[i])
        expected = slow(x[i].numpy() * 255.0, at, pad, plain, plain + 1)
        np.testing.assert_array_equal(batch[i].numpy(), expected)


@pytest.mark.parametrize("shape", [(9, 7, 1), (9, 7, 3)])
def test_floats_are_moved_and_not_normalised(shape: tuple[int, int, int]) -> None:
    x = torch.randn(2, *shape, generator=torch.Generator().manual_seed(0))
    still = Draws(*(torch.full((2,), k) for k in (1, 1, 1)))
    windows = Windows(x, (0.5,) * shape[2], (0.1,) * shape[2], pad=1)
    batch = windows.gather(torch.arange(2), still)
    assert torch.equal(batch, x.flip(2).permute(0, 3, 1, 2))


@pytest.mark.parametrize("augment", ["crop+flip", "none"])
def test_colour_batches_are_float32_and_channels_last(augment: str) -> None:
    batch, _ = both(augment, (9, 7, 3), 0.0, 1.0)
    assert batch.dtype == torch.float32
    assert batch.shape == (40, 3, 9, 7)
    assert batch.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize(
    ("augment", "flips", "offsets"),
    [
        ("crop+flip", {0, 1}, set(range(9))),
        ("crop", {0}, set(range(9))),
        ("flip", {0, 1}, {0}),
        ("none", {0}, {0}),
    ],
)
def test_draws_cover_what_the_name_says(augment: str, flips: set[int], offsets: set[int]) -> None:
    draws = draw(augment, 500, padding(augment, 32), torch.Generator().manual_seed(0))
    assert set(draws.flip.tolist()) == flips
    assert set(draws.dy.tolist()) == set(draws.dx.tolist()) == offsets


def test_flip_and_offsets_are_independent_and_uniform() -> None:
    draws = draw("crop+flip", 20_000, 4, torch.Generator().manual_seed(0))
    together = torch.stack([draws.flip, draws.dy, draws.dx]).double()
    assert together.mean(1).tolist() == pytest.approx([0.5, 4, 4], abs=0.1)
    assert torch.corrcoef(together).fill_diagonal_(0).abs().max() < 0.03


@pytest.mark.parametrize(("height", "pad"), [(4, 1), (8, 1), (28, 3), (32, 4), (64, 4)])
def test_padding_is_4_and_less_for_small_images(height: int, pad: int) -> None:
    assert padding("crop", height) == padding("crop+flip", height) == pad
    assert padding("flip", height) == padding("none", height) == 0
