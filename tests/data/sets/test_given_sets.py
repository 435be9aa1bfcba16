"""val and unseen images from elsewhere, or as a fixed part of the test images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from untrain.config import DataConfig
from untrain.data.images import Images
from untrain.data.sets.given_sets import _labels, with_given
from untrain.data.sets.splits import make_split
from untrain.errors import UserError

HALVES = {"val": "test:0.25", "unseen": "test:0.5"}


def pictures(
    root: Path, seed: int, count: int, names: Sequence[str] = ("cat", "dog"), size: int = 6
) -> Path:
    chance = np.random.default_rng(seed)
    for name in names:
        (root / name).mkdir(parents=True)
        for number in range(count):
            pixels = chance.integers(0, 256, (size, size, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(root / name / f"{number}.png")
    return root


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """data with 20 images a class, new with 5, and others that do not go with them."""
    pictures(tmp_path / "data", 0, 20)
    pictures(tmp_path / "new", 1, 5)
    pictures(tmp_path / "strange", 2, 3, ["cat", "eel"])
    pictures(tmp_path / "large", 3, 3, size=9)
    return tmp_path


def test_given_images_join_and_are_never_trained_on(folders: Path) -> None:
    plain, before = DataConfig(data=f"folder:{folders}/data").load()
    config = DataConfig(data=f"folder:{folders}/data", unseen=f"folder:{folders}/new")
    images, split = config.load()
    assert images.keys[split.unseen].tolist() == sorted(images.keys[40:])
    assert images.keys[40] == "unseen/cat/0.png"
    assert split.test.tolist() == before.test.tolist()
    assert split.val.tolist() == before.val.tolist()
    # what would have been held out as unseen is trained on
    assert set(split.train) == set(before.train) | set(before.unseen)
    assert images.hash != plain.hash
    assert images.y[40:].tolist() == [0] * 5 + [1] * 5


def test_with_both_given_nothing_is_held_out(folders: Path) -> None:
    given = f"folder:{folders}/new"
    images, split = DataConfig(data=f"folder:{folders}/data", val=given, unseen="test:0.5").load()
    assert len(split.train) == 32
    assert len(split.val) == 10
    assert len(split.unseen) + len(split.test) == 8
    assert set(images.table["part"][split.val]) == {"val"}


def test_paths_are_kept_absolute(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folders)
    config = DataConfig(data="folder:data", val="test:0.2", unseen="folder:new")
    assert config.unseen == f"folder:{folders}/new"
    assert config.val == "test:0.2"


def test_labels_go_by_the_names_of_the_classes(folders: Path) -> None:
    pictures(folders / "data", 4, 20, ["ant"])
    config = DataConfig(data=f"folder:{folders}/data", unseen=f"folder:{folders}/new")
    images, split = config.load()
    assert images.classes == ["ant", "cat", "dog"]
    assert images.y[split.unseen].tolist() == [1] * 5 + [2] * 5


def test_images_that_are_there_already_are_left_out(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = folders / "new" / "cat" / "copy.png"
    copy.write_bytes((folders / "data" / "cat" / "3.png").read_bytes())
    config = DataConfig(data=f"folder:{folders}/data", unseen=f"folder:{folders}/new")
    images, split = config.load()
    assert len(split.unseen) == 10
    assert "unseen/cat/copy.png" not in images.keys
    told = capsys.readouterr().err
    assert "1 of 11 images are in folder:data already, and are left out: cat/copy.png" in told


def test_a_part_of_the_test_images_depends_on_their_keys_alone(images: Images) -> None:
    one = make_split(with_given(images, HALVES))
    assert one.sizes() | {"retain": 0} == {
        "retain": 0, "forget": 0, "val": 3, "unseen": 6, "test": 3
    }  # fmt: skip
    assert sorted([*one.val, *one.unseen, *one.test]) == list(range(48, 60))
    turned = np.arange(60)[::-1].copy()
    table = {"part": images.table["part"][turned]}
    other = replace(images, x=images.x[turned], y=images.y[turned], keys=images.keys[turned])
    again = make_split(with_given(replace(other, table=table), HALVES))
    keys = other.keys[again.unseen]
    assert set(keys) == set(images.keys[one.unseen])
    assert one.val.tolist() == make_split(with_given(images, {"val": "test:0.25"})).val.tolist()


def test_parts_that_the_source_gives_are_never_cut(images: Images) -> None:
    part = images.table["part"].astype("<U6")
    part[:4], part[4:10] = "val", "unseen"
    split = make_split(replace(images, table={"part": part}), holdout=0.5)
    assert split.val.tolist() == [0, 1, 2, 3]
    assert split.unseen.tolist() == list(range(4, 10))
    assert split.train.tolist() == list(range(10, 48))


def test_columns_of_both_are_kept(images: Images) -> None:
    from untrain.data.sets.given_sets import _joined

    table = {"user": np.arange(60).astype(str), "age": np.arange(60), "size": np.ones(60)}
    given = replace(images, table={"user": np.arange(60).astype(str)}, x=images.x + 1)
    found = _joined(replace(images, table=table), given, "val").table
    assert found["user"][59:62].tolist() == ["59", "0", "1"]
    assert found["age"][60] == -1
    assert np.isnan(found["size"][60])


def test_given_test_images_are_tested_on_and_all_others_are_trained_on(folders: Path) -> None:
    new = f"folder:{folders}/new"
    config = DataConfig(data=f"folder:{folders}/data", test=new, unseen="test:0.5", holdout=0)
    images, split = config.load()
    assert split.train.tolist() == list(range(40))
    assert sorted([*split.test, *split.unseen]) == list(range(40, 50))
    assert len(split.unseen) == 5
    assert images.keys[40] == "test/cat/0.png"


def test_drawn_is_what_is_drawn_anyway(folders: Path) -> None:
    plain, before = DataConfig(data=f"folder:{folders}/data").load()
    images, split = DataConfig(data=f"folder:{folders}/data", test="drawn").load()
    assert images.hash == plain.hash
    assert split.hashes(images) == before.hashes(plain)


def test_keys_that_are_there_already_are_told_apart(images: Images) -> None:
    from untrain.data.sets.given_sets import _joined

    mine = replace(images, keys=np.array([f"test/{key}" for key in images.keys]), table={})
    keys = _joined(mine, images, "test").keys
    assert keys[60] == f"given-test/{images.keys[0]}"
    assert len(set(keys)) == 120


@pytest.mark.parametrize("test", ["drawn", "folder:{0}/new"])
def test_data_with_a_test_part_take_no_other(test: str, folders: Path) -> None:
    pictures(folders / "parted" / "train", 5, 6)
    pictures(folders / "parted" / "test", 6, 3)
    config = DataConfig(data=f"folder:{folders}/parted", test=test.format(folders))
    with pytest.raises(UserError, match=r"has a test part of its own, of 6 images\.") as told:
        config.load()
    assert told.value.where == f"--test {test.format(folders)}"


MISTAKES = [
    ("", "test:0", "'0' is no share between 0 and 1"),
    ("", "test:half", "'half' is no share"),
    ("test:0.5", "test:0.5", "would take all test images"),
    ("", "folder:{0}/strange", "It has classes that folder:data has not: eel."),
    ("", "folder:{0}/large", "Its images have 9x9 pixels, those of folder:data have 6x6."),
    ("", "folder:{0}/data", "All 40 images are in folder:data already."),
    ("", "folder:{0}/data", "to do: Give others; a part of the test images is --unseen test:0.5."),
    ("", "folder:{0}/none", "No folder"),
]


@pytest.mark.parametrize(("val", "unseen", "message"), MISTAKES)
def test_what_does_not_go_together_is_told(
    val: str, unseen: str, message: str, folders: Path
) -> None:
    config = DataConfig(data=f"folder:{folders}/data", val=val, unseen=unseen.format(folders))
    with pytest.raises(UserError) as told:
        config.load()
    assert message in str(told.value)
    assert f"--unseen {unseen.format(folders)}" in str(told.value)


def test_all_that_is_wrong_is_told_at_once(folders: Path) -> None:
    data, none = f"folder:{folders}/data", f"folder:{folders}/none"
    config = DataConfig(data=data, val=none, unseen=f"folder:{folders}/both")
    pictures(folders / "both", 5, 3, ["cat", "eel"], size=9)
    with pytest.raises(UserError) as told:
        config.load()
    for message in ("No folder", "9x9 pixels", "classes that folder:data has not"):
        assert message in str(told.value)


def test_other_channels_and_types_are_told(images: Images) -> None:
    from untrain.data.sets.given_sets import _alike

    other = replace(images, x=images.x.float().repeat(1, 1, 1, 3), mean=(), std=())
    with pytest.raises(UserError) as told:
        _alike(images, other, "val", "numpy:x")
    assert "Its images have 3 channels, those of toy have 1." in str(told.value)
    assert "Its pixels are torch.float32" in str(told.value)


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (["cat", "dog", "eel"], ["eel", "cat"], [2, 0]),
        (["cat", "dog", "eel"], ["1", "2"], [1, 2]),
        (["0", "1", "2"], ["1", "2"], [1, 2]),
        (["10", "20", "30"], ["20", "30"], [1, 2]),
    ],
)
def test_labels_are_matched_by_what_they_are_called(
    ours: list[str], theirs: list[str], expected: list[int]
) -> None:
    """A set without the first class counts its own from 0, which says nothing here."""
    mine, given = labelled(ours), labelled(theirs)
    assert _labels(mine, given, "--unseen").tolist() == expected


@pytest.mark.parametrize(
    ("ours", "theirs", "stranger"),
    [
        (["10", "20", "30"], ["20", "40"], "40"),
        (["cat", "dog"], ["1", "2"], "2"),
        (["0", "1"], ["cat", "dog"], "cat, dog"),
    ],
)
def test_labels_that_cannot_be_matched_are_refused(
    ours: list[str], theirs: list[str], stranger: str
) -> None:
    with pytest.raises(UserError, match=f"has not: {stranger}"):
        _labels(labelled(ours), labelled(theirs), "--unseen")


def labelled(classes: list[str]) -> Images:
    """An image of each class."""
    count = len(classes)
    return Images(
        x=torch.zeros(count, 2, 2, 1, dtype=torch.uint8),
        y=torch.arange(count),
        classes=classes,
        keys=np.arange(count).astype(str),
    )
