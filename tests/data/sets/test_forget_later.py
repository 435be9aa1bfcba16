"""The forget grammar of a later request: what earlier ones have erased is out of its reach."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from untrain.data.images import Images
from untrain.data.sets.forget import select
from untrain.errors import UserError, UserErrors

TRAIN = np.arange(40)
List = Callable[..., Path]
ERASED = (np.arange(0, 8), np.arange(8, 16))
"""What two earlier requests have forgotten."""


def later(rule: str, images: Images, erased: tuple[np.ndarray, ...] = ERASED) -> list[int]:
    found: list[int] = select(rule, images, TRAIN, 0, erased).tolist()
    return found


def test_a_later_draw_takes_a_share_of_all_from_what_is_left(images: Images) -> None:
    chosen = later("random:0.25", images)
    assert len(chosen) == 10
    assert set(chosen) <= set(range(16, 40))
    assert chosen == later("random:0.25", images)


def test_later_draws_differ_by_their_number(images: Images) -> None:
    joined = (np.arange(16),)
    assert later("random:10", images) != later("random:10", images, joined)


@pytest.mark.parametrize(
    ("rule", "said"), [("random:25", "25 images"), ("random:0.7", "28 images")]
)
def test_a_draw_of_more_than_is_left_is_refused(images: Images, rule: str, said: str) -> None:
    with pytest.raises(UserError, match=f"{said} are to be forgotten, and .* have left 24"):
        later(rule, images)


def test_a_later_draw_of_all_that_is_left_is_refused(images: Images) -> None:
    with pytest.raises(UserError, match="all of the 24 training images that are left"):
        later("random:24", images)


def test_a_class_selects_what_is_left_of_it(images: Images) -> None:
    assert later("class:1", images) == list(range(16, 40, 3))


def test_a_class_of_which_nothing_is_left_is_refused(images: Images) -> None:
    gone = (np.arange(1, 40, 3),)
    with pytest.raises(UserError, match="erased all 13 training images of 'class1'"):
        later("class:class1", images, gone)
    assert later("class:1,2", images, gone) == list(range(2, 40, 3))


@pytest.mark.parametrize(
    ("rule", "text", "said"),
    [
        ("ids", "k3\nk20\nk9\n", "2 of the keys were erased by an earlier request: k3, k9."),
        ("indices", "3\n20\n", "1 of the indices were erased by an earlier request: 3."),
    ],
)
def test_images_are_erased_once(
    images: Images, listed: List, rule: str, text: str, said: str
) -> None:
    with pytest.raises(UserError) as caught:
        later(f"{rule}:{listed(text)}", images)
    assert said in caught.value.what


def test_erased_images_are_told_with_all_other_problems(images: Images, listed: List) -> None:
    path = listed("k3\nk20\nk20\nboat")
    with pytest.raises(UserErrors) as caught:
        later(f"ids:{path}", images)
    assert len(caught.value.problems) == 3
