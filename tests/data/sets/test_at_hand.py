"""Which of the retained images are available to a method."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from untrain.data.sets.at_hand import share_of_retain
from untrain.data.sets.splits import Split, with_forget
from untrain.errors import UserError
from untrain.task import Task

CHANCE = np.random.default_rng(0)
DATA = (CHANCE.integers(0, 255, (30, 6, 6), dtype=np.uint8), np.arange(30) % 3)
TEST = (CHANCE.integers(0, 255, (9, 6, 6), dtype=np.uint8), np.arange(9) % 3)


def task(**options: Any) -> Task:
    return Task(DATA, [0, 1, 2], TEST, **options)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_share_is_of_the_retained_images(share: float, split: Split) -> None:
    found = share_of_retain(split, share, 0)
    assert len(found) == round(share * len(split.retain))
    assert np.isin(found, split.retain).all()
    assert found.tolist() == share_of_retain(split, share, 0).tolist()
    if share < 0.9:
        assert found.tolist() != share_of_retain(split, share, 1).tolist()


def test_one_image_is_left_of_the_smallest_share(split: Split) -> None:
    assert len(share_of_retain(split, 1e-6, 0)) == 1


def test_another_request_finds_nearly_the_same_images(split: Split) -> None:
    other = with_forget(split, split.train[10:20])
    one, two = share_of_retain(split, 0.4, 0), share_of_retain(other, 0.4, 0)
    both = np.intersect1d(one, other.retain)
    assert len(np.intersect1d(both, two)) >= len(both) - 3


def test_keys_positions_and_masks_name_the_same_images() -> None:
    mask = np.zeros(30, dtype=bool)
    mask[[5, 9]] = True
    for given in ([9, 5], ["5", "9"], mask):
        assert task(available=given).at_hand().split.retain.tolist() == [5, 9]
    assert task(available=[0, 5, 9]).available.tolist() == [5, 9]  # 0 is forgotten


def test_the_split_of_the_audit_stays_as_it_is() -> None:
    made = task(available=0.5, forget_data=False)
    assert len(made.split.retain) == 27
    assert len(made.at_hand().split.retain) == 14
    assert made.at_hand().split.forget.tolist() == [0, 1, 2]
    assert made.lacks() == [
        "Only 14 of 27 retained images were available.",
        "No forgotten image was available.",
    ]
    assert task().lacks() == []
    assert task(available=1).available is None


def test_a_class_without_an_available_image_is_not_gone() -> None:
    made = task(available=[3, 6, 9])  # of class 0
    assert made.at_hand().gone_classes().tolist() == []


@pytest.mark.parametrize(
    ("available", "message"),
    [
        (0.0, "available = 0.0 is no share in (0, 1]."),
        (1.5, "available = 1.5 is no share"),
        (True, "is no share"),
        ([0, 1], "names 2 images, none of which is retained"),
        ([99], "1 of the indices match no image: 99"),
        (["x"], "1 of the keys match no image: x"),
        ([0.5], "available holds float64"),
    ],
)
def test_what_is_wrong_is_told(available: Any, message: str) -> None:
    with pytest.raises(UserError) as told:
        task(available=available)
    assert message in str(told.value)
    assert "Task(available=...)" in str(told.value)
