"""What is shown of a data set: true counts, and example rules that select what they say."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from untrain.data.images import Images
from untrain.data.overview import overview
from untrain.data.sets.forget import select
from untrain.data.sets.splits import Split, make_split
from untrain.testing import toy_images


@pytest.fixture
def images() -> Images:
    """The toy images as of five users with two cameras, with an id and an awkward column."""
    plain = toy_images()
    at = np.arange(len(plain))
    table = {
        "user": at % 5,
        "camera": np.where(at % 3 == 0, "a", "b"),
        "id": np.asarray([f"id-{one}" for one in at]),
        "place": np.asarray(["here, there"] * len(at)),
        "subclass": np.where(at % 2 == 0, "even", "odd"),
    }
    return replace(plain, table=plain.table | table)


@pytest.fixture
def split(images: Images) -> Split:
    return make_split(images, holdout=0.2)


def test_it_is_plain_values(images: Images, split: Split) -> None:
    found = overview(images, split)
    assert json.loads(json.dumps(found)) == found
    assert found["parts"] == {"train": 48, "test": 12}
    assert (found["width"], found["channels"], found["type"]) == (8, 1, "uint8")


def test_every_rule_selects_what_it_says(images: Images, split: Split) -> None:
    found = {one["rule"]: one["images"] for one in overview(images, split)["rules"]}
    kinds = [rule.partition("=")[0].partition(":")[0] for rule in found]
    assert kinds == ["random", "class", "where", "where", "subclass"]
    for rule, count in found.items():
        assert len(select(rule, images, split.train, 0)) == count, rule


def test_what_was_planted_is_a_rule_of_its_own(images: Images, split: Split) -> None:
    """And columns of the program's own are not shown."""
    planted = np.where(np.isin(np.arange(len(images)), split.train[:4]), "yes", "")
    table = {"planted": planted, "test_part": planted, "true_number": images.y.numpy()}
    found = overview(replace(images, table=table), split)
    assert found["rules"][-1] == {"rule": "planted", "images": 4}
    assert [one["name"] for one in found["columns"]] == ["planted"]


def test_classes_are_counted_as_they_are_trained_on(images: Images, split: Split) -> None:
    rows = overview(images, split)["classes"]
    assert sum(one["train"] for one in rows) == len(split.train)
    assert sum(one["images"] for one in rows) == len(images)
    assert [one["name"] for one in rows] == images.classes


def test_a_long_tail_is_told(images: Images) -> None:
    """The third class keeps two training images, and a fourth has none."""
    third = np.flatnonzero(images.y.numpy() == 2)
    train = [at for at in third if images.table["part"][at] == "train"]
    whole = make_split(replace(images, classes=[*images.classes, "never"]), holdout=0.0)
    few = replace(whole, retain=np.setdiff1d(whole.retain, train[2:]))
    found = overview(replace(images, classes=[*images.classes, "never"]), few)
    assert found["balance"] == {
        "largest": 16,
        "smallest": 2,
        "ratio": 8.0,
        "small": 1,
        "empty": ["never"],
    }
    assert found["uncovered"] == images.classes  # nothing was held out


def test_columns_show_their_most_frequent_values(images: Images, split: Split) -> None:
    found = {one["name"]: one for one in overview(images, split)["columns"]}
    assert found["camera"]["examples"] == {"b": 40, "a": 20}
    assert found["user"]["values"] == 5
    assert found["id"]["values"] == len(images)
    assert len(found["id"]["examples"]) == 5


def test_equal_images_are_counted_with_what_is_wrong_with_them(
    images: Images, split: Split
) -> None:
    """One pair across the split, one with two labels, one harmless."""
    y, train = images.y.numpy(), split.train
    first, second = (train[y[train] == label] for label in (0, 1))
    pairs = [(first[0], split.test[y[split.test] == 0][0]), (first[1], second[0])]
    x = images.x.clone()
    for one, other in [*pairs, (second[1], second[2])]:
        x[other] = x[one]
    found = overview(replace(images, x=x), split)["duplicates"]
    assert (found["groups"], found["images"]) == (3, 6)
    assert (found["two_labels"], found["leaks"]) == (1, 1)
    assert {one["class"] for one in found["examples"][0]} == {"class0", "class1"}
