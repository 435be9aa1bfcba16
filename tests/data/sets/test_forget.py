"""The forget grammar: every rule, and every way to get it wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from untrain.data.images import Images
from untrain.data.sets.forget import select
from untrain.errors import UserError, UserErrors

TRAIN = np.arange(40)
"""What is trained on; rows 40 to 47 are held out, 48 to 59 are the test part."""


def pick(rule: str, images: Images, seed: int = 0) -> list[int]:
    found: list[int] = select(rule, images, TRAIN, seed).tolist()
    return found


def fails(rule: str, images: Images) -> UserError:
    with pytest.raises(UserError) as caught:
        pick(rule, images)
    return caught.value


@pytest.mark.parametrize(
    ("value", "count"), [("0.1", 4), ("0.25", 10), ("1e-1", 4), ("1E-1", 4), ("7", 7), ("1", 1)]
)
def test_random_takes_a_share_or_a_number(images: Images, value: str, count: int) -> None:
    chosen = pick(f"random:{value}", images)
    assert len(set(chosen)) == count
    assert set(chosen) <= set(TRAIN)
    assert chosen == sorted(chosen)


def test_random_depends_on_the_seed_alone(images: Images) -> None:
    assert pick("random:0.5", images) == pick("random:0.5", images)
    assert pick("random:0.5", images) != pick("random:0.5", images, seed=1)


@pytest.mark.parametrize(
    "value", ["0", "1.5", "abc", "", "-3", "0.0", "1.0", "2.5", "nan", "inf", "-0.1", "1e3"]
)
def test_random_refuses_what_is_neither_share_nor_number(images: Images, value: str) -> None:
    error = fails(f"random:{value}", images)
    assert "neither a share between 0 and 1 nor a whole number" in error.what
    assert error.where == f"--forget random:{value}"
    assert error.code == 2


@pytest.mark.parametrize(
    "value", ["class2", "2", " class2 ", "class2,2"], ids=["name", "number", "spaces", "both"]
)
def test_class_selects_all_training_images_of_a_class(images: Images, value: str) -> None:
    assert pick(f"class:{value}", images) == list(range(2, 40, 3))


def test_several_classes_are_joined(images: Images) -> None:
    assert pick("class:0,class2", images) == [i for i in range(40) if i % 3 != 1]


def test_class_names_win_over_numbers(images: Images) -> None:
    renamed = replace(images, classes=["2", "1", "0"])
    assert pick("class:2", renamed) == list(range(0, 40, 3))


def test_a_class_that_is_not_there_is_told_with_the_nearest(images: Images) -> None:
    error = fails("class:clas1", images)
    assert "Unknown class 'clas1'. Did you mean 'class1'?" in error.what
    assert "Classes are 0-2: class0, class1, class2" in error.fix


@pytest.mark.parametrize("value", ["3", "-1", "²"])
def test_class_numbers_outside_are_refused(images: Images, value: str) -> None:
    numbered = replace(images, classes=["0", "1", "2"])
    error = fails(f"class:{value}", numbered)
    assert error.what == f"Unknown class '{value}'."  # no number is like another
    assert error.fix == "Classes are 0-2"


@pytest.mark.parametrize("value", ["0", "4", "0,1"])
def test_where_all_names_are_numbers_only_names_count(images: Images, value: str) -> None:
    numbered = replace(images, classes=["1", "2", "3"])
    assert pick("class:1", numbered) == list(range(0, 40, 3))
    error = fails(f"class:{value}", numbered)
    assert f"Unknown class '{value[0]}'." in error.what
    assert error.fix == "Classes are called 1, 2, 3"


def test_a_name_with_a_comma_is_one_class(images: Images) -> None:
    named = replace(images, classes=["maillot", "maillot, tank suit", "suit"])
    assert pick("class:maillot, tank suit", named) == list(range(1, 40, 3))


def test_a_name_of_two_classes_is_refused_with_their_numbers(images: Images) -> None:
    error = fails("class:crane", replace(images, classes=["crane", "dog", "crane"]))
    assert error.what == "2 classes are called 'crane'."
    assert error.fix == "Use their numbers: 0, 2."


def test_all_unknown_classes_are_told_at_once(images: Images) -> None:
    error = fails("class:car,0,boat", images)
    assert isinstance(error, UserErrors)
    assert len(error.problems) == 2
    assert "'car'" in str(error)
    assert "'boat'" in str(error)


@pytest.mark.parametrize("rule", ["some:3", "truck", "", "Random:3", "ids:", "indices:"])
def test_an_unknown_rule_is_told_the_grammar(images: Images, rule: str) -> None:
    error = fails(rule, images)
    assert f"'{rule}' is not understood" in error.what
    assert "random:0.1" in error.fix


@pytest.mark.parametrize("rule", ["random:40", "random:500", "class:0,1,2"])
def test_a_rule_that_selects_all_is_refused(images: Images, rule: str) -> None:
    assert "selects all of the 40" in fails(rule, images).what


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("random:0.001", "a share of 0.001 rounds to 0 (0.03 is one image)"),
        ("random:0.0001", "a share of 0.0001 rounds to 0 (0.03 is one image)"),
        ("class:", "no class is named"),
        ("class: ,", "no class is named"),
        ("class:empty", "there are no images of 'empty'"),
        ("class:held", "all 12 images of 'held' are held out, or in the test set"),
    ],
)
def test_a_rule_that_selects_nothing_is_refused_with_the_reason(
    images: Images, rule: str, why: str
) -> None:
    y = images.y.clone()
    y[48:] = 4
    wider = replace(images, y=y, classes=[*images.classes, "empty", "held"])
    what = fails(rule, wider).what
    assert what == f"The forget rule selects none of the 40 training images: {why}."
