"""`Images`: what is checked when it is made, and keys found again."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from untrain.data.images import Images, content_hash
from untrain.errors import UserError, UserErrors

LABELS = torch.zeros(60, dtype=torch.int64)


def one_bad(value: float) -> torch.Tensor:
    """Float images of which the one with key k17 has a bad pixel."""
    x = torch.zeros(60, 2, 2, 1)
    x[17, 1, 0] = value
    return x


@pytest.mark.parametrize(
    "x",
    [
        torch.zeros(60, 2, 2, 1),
        torch.full((60, 1, 1, 1), 255).byte(),
        torch.randn(60, 2, 2, 1) * 40,
    ],
    ids=["constant", "one pixel", "wide"],
)
def test_unusual_images_are_fine(images: Images, x: torch.Tensor) -> None:
    assert len(replace(images, x=x)) == 60


def test_positions_find_keys_in_any_order_and_tell_what_is_missing(images: Images) -> None:
    keys = np.asarray(["k41", "k0", "none", "k5", "k41", ""])
    assert images.positions(keys).tolist() == [41, 0, -1, 5, 41, -1]


@pytest.mark.parametrize(("channels", "count"), [(1, 1), (3, 3), (4, 4)])
def test_mean_and_std_have_defaults_for_every_number_of_channels(
    images: Images, channels: int, count: int
) -> None:
    x = images.x.expand(-1, -1, -1, channels)
    made = replace(images, x=x, mean=(), std=())
    assert len(made.mean) == len(made.std) == count


def test_given_mean_and_std_are_kept(images: Images) -> None:
    made = replace(images, mean=(0.1,), std=(0.2,))
    assert (made.mean, made.std) == ((0.1,), (0.2,))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"y": LABELS[:59]}, "60 images, 59 labels and 60 keys"),
        ({"keys": np.arange(61).astype(str)}, "60 images, 60 labels and 61 keys"),
        ({"keys": np.asarray(["a"] * 60)}, "59 of the 60 keys are not unique"),
        ({"classes": ["a", "b"]}, "Labels go from 0 to 2, but there are 2 classes"),
        ({"y": LABELS - 1}, r"60 of 60 lie outside \(k0, k1, k2, k3, k4 and 55 more\)"),
        ({"x": torch.full((60, 2, 2, 1), torch.nan)}, "60 of 60 images hold NaN or infinite"),
        ({"x": one_bad(torch.inf)}, "1 of 60 images hold NaN or infinite values: k17"),
        ({"x": torch.zeros(60, 0, 2, 1)}, "There are no pixels: 60 images of 2x0"),
        ({"mean": (0.5,) * 3, "std": (0.5,) * 3}, "1 channels, but mean"),
        ({"mean": (), "std": (0.5,)}, "1 channels, but mean"),
        ({"mean": (0.5,), "std": ()}, "1 channels, but mean"),
        ({"mean": (0.5,), "std": (0.0,)}, r"std \(0.0,\) does not lie above 0"),
        ({"mean": (0.5,), "std": (float("nan"),)}, r"std \(nan,\) does not lie above 0"),
        ({"mean": (float("nan"),), "std": (0.5,)}, r"mean \(nan,\) does not lie between 0 and 1"),
        ({"mean": (125.0,), "std": (0.5,)}, "Divide them by 255"),
    ],
)
def test_what_does_not_fit_is_refused(images: Images, changed: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        replace(images, **changed)
    assert caught.value.where == "toy"


def test_all_problems_are_told_at_once(images: Images) -> None:
    with pytest.raises(UserErrors) as caught:
        replace(images, y=LABELS[:59] - 1, keys=np.asarray(["a"] * 60))
    assert len(caught.value.problems) == 3


def test_images_of_another_rank_are_a_programmers_error(images: Images) -> None:
    with pytest.raises(ValueError, match=r"\(N, H, W, C\)"):
        replace(images, x=images.x[..., 0])


def test_content_hash_depends_on_images_labels_order_and_size() -> None:
    labels = np.asarray([0, 1])
    one, other = (hashlib.sha256(image).digest() for image in (b"a", b"bc"))
    hashes = [
        content_hash([one, other], labels),
        content_hash([other, one], labels),
        content_hash([one, one], labels),
        content_hash([one, other], labels[::-1]),
        content_hash([one, other], labels, 32),
        content_hash([one, other], labels, 64),
    ]
    assert len(set(hashes)) == 6
    assert content_hash([one, other], labels.astype(np.int32)) == hashes[0]
