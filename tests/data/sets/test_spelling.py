"""Keys as other systems spell them."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
import torch

from untrain.data.images import Images
from untrain.data.sets.spelling import found_as_spelled, hint

KEYS = ["a/caf\u00e9.png", "a/x.png", "b/x.png", "b/only.png", "r\\odd.png", "r/odd.png"]
IMAGES = Images(
    x=torch.zeros(len(KEYS), 2, 2, 1, dtype=torch.uint8),
    y=torch.zeros(len(KEYS), dtype=torch.int64),
    classes=["a"],
    keys=np.asarray(KEYS),
)


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ("a/x.png", 1),
        (unicodedata.normalize("NFD", KEYS[0]), 0),
        ("b\\only.png", 3),
        ("r\\odd.png", 4),
        ("only.png", -1),
        ("r\\\u00e9.png", -1),
    ],
)
def test_a_key_is_found_in_its_usual_spellings(key: str, place: int) -> None:
    assert found_as_spelled(np.asarray(["b/x.png", key]), IMAGES).tolist() == [2, place]


def test_no_key_is_found_where_two_may_be_meant() -> None:
    twice = Images(IMAGES.x[:2], IMAGES.y[:2], ["a"], np.asarray(["e\u0301", "\u00e9"]))
    assert found_as_spelled(np.asarray(["\u00e9"]), twice).tolist() == [1]
    assert found_as_spelled(np.asarray(["a\\e\u0301"]), twice).tolist() == [-1]


def test_a_name_without_its_folder_is_hinted_at() -> None:
    assert "did you mean 'b/only.png'" in hint(["only.png"], IMAGES, KEYS[0])
    assert "look like 'a/x.png'" in hint(["x.png"], IMAGES, KEYS[1])
    assert "look like" in hint([], IMAGES, KEYS[1])
