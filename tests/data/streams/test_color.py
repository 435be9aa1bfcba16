"""Batched colour jitter and grayscale against a slow loop over single pixels."""

from __future__ import annotations

import colorsys
from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from untrain.data.streams.color import Color, draw_color, recolor

NAMES = [field.name for field in fields(Color)]
FACTORS = ["brightness", "contrast", "saturation"]


def slow_gray(pixel: np.ndarray) -> float:
    return float(pixel @ [0.2989, 0.587, 0.114]) if len(pixel) == 3 else float(pixel[0])


def slow(x: np.ndarray, draws: dict[str, float]) -> np.ndarray:
    """One image (C, H, W) in float64, pixel by pixel."""
    pixels = list(x.astype(np.float64).reshape(len(x), -1).T)
    if draws["jitter"]:
        pixels = [np.clip(p * draws["brightness"], 0, 1) for p in pixels]
        mean, f = np.mean([slow_gray(p) for p in pixels]), draws["contrast"]
        pixels = [np.clip(f * p + (1 - f) * mean, 0, 1) for p in pixels]
    if draws["jitter"] and len(x) == 3:
        f = draws["saturation"]
        pixels = [np.clip(f * p + (1 - f) * slow_gray(p), 0, 1) for p in pixels]
        hsv = [colorsys.rgb_to_hsv(*p) for p in pixels]
        pixels = [np.array(colorsys.hsv_to_rgb((h + draws["hue"]) % 1, s, v)) for h, s, v in hsv]
    if draws["gray"] and len(x) == 3:
        pixels = [np.full(3, slow_gray(p)) for p in pixels]
    return np.stack(pixels, axis=1).reshape(x.shape)


def images(count: int, channels: int) -> torch.Tensor:
    """Random images; the second is gray, the third black, the fourth made of 0s and 1s."""
    x = torch.rand(count, channels, 5, 4, generator=torch.Generator().manual_seed(0))
    x[1] = x[1, :1]
    x[2] = 0
    x[3] = x[3].round()
    return x


def draws(count: int, seed: int = 0) -> Color:
    return draw_color(count, torch.Generator().manual_seed(seed))


def still(count: int, **changes: object) -> Color:
    """Jitter that changes nothing, but for `changes`: one value for every image."""
    values = {"jitter": True, "hue": 0.0, "gray": False} | dict.fromkeys(FACTORS, 1.0) | changes
    return Color(**{name: torch.full((count,), value) for name, value in values.items()})


def assert_slow(x: torch.Tensor, color: Color) -> None:
    result = recolor(x, color)
    for i, image in enumerate(x.numpy()):
        one = {name: getattr(color, name)[i].item() for name in NAMES}
        np.testing.assert_allclose(result[i].numpy(), slow(image, one), atol=5e-6, err_msg=str(one))


@pytest.mark.parametrize("channels", [1, 3])
def test_drawn_images_equal_the_slow_loop(channels: int) -> None:
    color = draws(60)
    assert {(True, True), (True, False), (False, True), (False, False)} == set(
        zip(color.jitter.tolist(), color.gray.tolist(), strict=True)
    )
    assert_slow(images(60, channels), color)


@pytest.mark.parametrize("low", [True, False])
@pytest.mark.parametrize("name", [*FACTORS, "hue"])
def test_each_change_alone_equals_the_slow_loop(name: str, low: bool) -> None:
    value = {"hue": 0.2}.get(name, 0.8) * (-1 if low else 1) + (name != "hue")
    x, color = images(6, 3), still(6, **{name: value})
    assert_slow(x, color)
    assert (recolor(x, color) - x).abs().max() > 0.05


@pytest.mark.parametrize("channels", [1, 3])
def test_factor_1_and_hue_0_change_nothing(channels: int) -> None:
    x = images(50, channels)
    torch.testing.assert_close(recolor(x, still(50)), x, rtol=0, atol=1e-6)


@pytest.mark.parametrize("turns", [1, 2, -1])
def test_a_third_of_a_turn_moves_each_channel_to_the_next(turns: int) -> None:
    red = torch.tensor([1.0, 0, 0]).view(1, 3, 1, 1)
    result = recolor(red, still(1, hue=turns / 3))
    torch.testing.assert_close(result, red.roll(turns, dims=1), rtol=0, atol=1e-6)
    x = images(6, 3)
    result = recolor(x, still(6, hue=turns / 3))
    torch.testing.assert_close(result, x.roll(turns, dims=1), rtol=0, atol=2e-6)


def test_gray_images_have_equal_channels() -> None:
    x = images(30, 3)
    result = recolor(x, replace(draws(30), gray=torch.ones(30, dtype=torch.bool)))
    assert torch.equal(result, result[:, :1].expand_as(result))
    plain = recolor(x, still(30, jitter=False, gray=True))[:, 0]
    expected = 0.2989 * x[:, 0] + 0.587 * x[:, 1] + 0.114 * x[:, 2]
    torch.testing.assert_close(plain, expected)


@pytest.mark.parametrize("hue", [-0.2, -0.05, 0.2])
def test_hue_leaves_gray_images_alone(hue: float) -> None:
    x = torch.linspace(0, 1, 11).view(11, 1, 1, 1).expand(11, 3, 2, 2)
    torch.testing.assert_close(recolor(x, still(11, hue=hue)), x, rtol=0, atol=1e-6)


@pytest.mark.parametrize("channels", [1, 3])
def test_images_without_jitter_and_gray_are_bit_identical(channels: int) -> None:
    x, color = images(60, channels), draws(60)
    same = ~color.jitter & ~color.gray
    result = recolor(x, color)
    assert same.any()
    assert torch.equal(result[same], x[same])
    assert not torch.equal(result, x)


def test_one_channel_ignores_saturation_hue_and_gray() -> None:
    x, color = images(60, 1), draws(60)
    other = draws(60, seed=1)
    moved = replace(color, saturation=other.saturation, hue=other.hue, gray=other.gray)
    assert torch.equal(recolor(x, color), recolor(x, moved))
    for name in ("brightness", "contrast"):
        moved = replace(color, **{name: getattr(other, name)})
        assert not torch.equal(recolor(x, color), recolor(x, moved))


@pytest.mark.parametrize("channels", [1, 3])
def test_results_stay_between_0_and_1_in_the_layout_of_the_images(channels: int) -> None:
    x = images(200, channels).contiguous(memory_format=torch.channels_last)
    result = recolor(x, draws(200))
    assert result.min() >= 0
    assert result.max() <= 1
    assert result.dtype == torch.float32
    assert result.stride() == x.stride()


@pytest.mark.parametrize("channels", [1, 3])
def test_meta_tensors_give_the_shape(channels: int) -> None:
    result = recolor(images(4, channels).to("meta"), draws(4).to("meta"))
    assert result.device.type == "meta"
    assert result.shape == (4, channels, 5, 4)


@pytest.mark.parametrize("channels", [2, 4])
def test_other_channels_are_refused(channels: int) -> None:
    with pytest.raises(ValueError, match=f"1 or 3 channels, not {channels}"):
        recolor(torch.zeros(4, channels, 2, 2), draws(4))


def test_draws_have_the_shares_and_ranges_of_the_paper() -> None:
    color = draws(20_000)
    assert color.jitter.double().mean().item() == pytest.approx(0.8, abs=0.01)
    assert color.gray.double().mean().item() == pytest.approx(0.2, abs=0.01)
    for name, middle, reach in [*((name, 1, 0.8) for name in FACTORS), ("hue", 0, 0.2)]:
        values = getattr(color, name).double()
        assert values.min().item() == pytest.approx(middle - reach, abs=1e-3)
        assert values.max().item() == pytest.approx(middle + reach, abs=1e-3)
        assert values.mean().item() == pytest.approx(middle, abs=0.02)


def test_draws_are_independent_of_each_other() -> None:
    together = torch.stack([getattr(draws(20_000), name).double() for name in NAMES])
    assert torch.corrcoef(together).fill_diagonal_(0).abs().max() < 0.03


def test_equal_seeds_give_equal_draws() -> None:
    first, again, other = draws(50), draws(50), draws(50, seed=1)
    for name in NAMES:
        assert torch.equal(getattr(first, name), getattr(again, name))
        assert not torch.equal(getattr(first, name), getattr(other, name))


def test_taking_draws_recolours_a_part_of_the_images() -> None:
    x, color, part = images(60, 3), draws(60), slice(10, 30)
    assert torch.equal(recolor(x[part], color.take(part)), recolor(x, color)[part])
