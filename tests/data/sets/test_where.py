"""The rule `where:`: conditions on columns, what they match, and every way to get them wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from untrain.config import DataConfig
from untrain.data.images import Images
from untrain.data.sets.forget import select
from untrain.data.sets.splits import Split, forget, make_split
from untrain.errors import UserError, UserErrors, problems_of

TRAIN = np.arange(40)
"""What is trained on; rows 40 to 47 are held out, 48 to 59 are the test part."""
PLACES = ["Paris, France", "Rome|Italy", " Oslo", "", "O'Hare", "a=b"]


@pytest.fixture
def noted(images: Images) -> Images:
    """The toy images of twelve users, who take turns, with two cameras and odd places."""
    rows = np.arange(len(images))
    columns = {
        "user": (rows % 12).astype(str),
        "camera": np.asarray(["a", "b"])[rows % 2],
        "score": np.asarray(["1.50", "2", "007", "7"])[rows % 4],
        "Place": np.asarray(PLACES)[rows % 6],
    }
    return replace(images, table=images.table | columns)


def pick(rule: str, images: Images) -> list[int]:
    found: list[int] = select(rule, images, TRAIN, 0).tolist()
    return found


def fails(rule: str, images: Images) -> UserError:
    with pytest.raises(UserError) as caught:
        pick(rule, images)
    return caught.value


def rows(*rests: int, of: int) -> list[int]:
    return [row for row in range(40) if row % of in rests]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("user=7", rows(7, of=12)),
        ("user=7.0", rows(7, of=12)),
        (" user = 7 ", rows(7, of=12)),
        ("USER==7", rows(7, of=12)),
        ("user='7'", rows(7, of=12)),
        ("user=7|8", rows(7, 8, of=12)),
        ('user="7"| 8 |7', rows(7, 8, of=12)),
        ("user=7|8,camera=b", rows(7, of=12)),
        ("camera=b,score=2.0", rows(1, of=4)),
        ("score=1.5", rows(0, of=4)),
        ("score=15e-1", rows(0, of=4)),
        ("score=7", rows(3, of=4)),
        ("score=007", rows(2, of=4)),
        ('place="Paris, France"', rows(0, of=6)),
        ("Place='Rome|Italy',camera=b", rows(1, of=6)),
        ('Place=" Oslo"', rows(2, of=6)),
        ('Place=""', rows(3, of=6)),
        ("Place=O'Hare", rows(4, of=6)),
        ("Place=a=b", rows(5, of=6)),
        ("class=class2", rows(2, of=3)),
        ("label=class2,user=2", rows(2, of=12)),
        ("key=k3|k17", [3, 17]),
    ],
)
def test_conditions_select_what_meets_them(noted: Images, rule: str, expected: list[int]) -> None:
    assert pick(f"where:{rule}", noted) == expected


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("usr=7", "Unknown column 'usr'. Did you mean 'user'?"),
        ("user=77", "Column 'user' has 12 values: 11, 10, 9, 8, 7 and 7 more."),
        ("Place=Osla", "No image has Place 'Osla'. Did you mean ' Oslo'?"),
        ("user=77|7|99", "2 of 3 values of 'user' match no image: 77, 99."),
        ("camera=A", "No image has camera 'A'. Did you mean 'a'?"),
        ("user=7,user=8", "No image meets all conditions (images that meet each: 5 user=7"),
        ("user", "'user' is no condition."),
        ("score=2, France", "'France' is no condition."),
        ("user=", "A value of 'user' is missing: 'user='."),
        ("user=7|", "A value of 'user' is missing"),
        ("user!=7", "'user!=7' compares with !="),
        ("user>=7", "'user>=7' compares with >="),
        ('user="7', "A quotation mark is not closed"),
        ("", "No condition is given."),
        (" , ", "No condition is given."),
        ("part=test", "None of the 12 images of 'part=test' was trained on."),
        ("camera=a|b", "selects all of the 40 training images"),
    ],
)  # fmt: skip
def test_what_is_no_condition_or_meets_nothing_is_told(noted: Images, rule: str, said: str) -> None:
    error = fails(f"where:{rule}", noted)
    assert said in str(error)
    assert error.code == 2
    assert error.where == f"--forget where:{rule}"
    assert error.fix


def test_what_there_is_is_told(noted: Images) -> None:
    columns = "Columns: class, label, key, part, user, camera, score, Place."
    assert fails("where:usr=7", noted).fix == columns
    assert fails("where:camera=c", noted).fix == "Column 'camera' has 2 values: a, b."


def test_all_conditions_that_are_wrong_are_told(noted: Images) -> None:
    error = fails("where:usr=7,camera=c,place", noted)
    assert isinstance(error, UserErrors)
    assert len(error.problems) == 3


def test_matches_that_were_not_trained_on_are_told(
    noted: Images, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = np.arange(60)
    split = Split(rows[:40], rows[:0], rows[40:44], rows[44:48], rows[48:])
    assert len(forget(split, "where:camera=a", noted).forget) == 20
    told = capsys.readouterr().err
    assert "where:camera=a: 30 images match. 20 were trained on; 10 never were " in told
    assert "(4 held out, 6 in the test set): remove these from the data set as well" in told
    with pytest.raises(UserError, match=r"was trained on \(1 in the test set\)"):
        forget(split, "where:key=k50", noted)


def test_later_requests_take_what_is_left(noted: Images) -> None:
    gone = select("where:user=7", noted, TRAIN, 0)
    later = select("where:user=7|8", noted, TRAIN, 0, [gone])
    assert later.tolist() == rows(8, of=12)
    with pytest.raises(UserError, match="Earlier requests have erased all 3 training images"):
        select("where:user=7", noted, TRAIN, 0, [gone])


@pytest.mark.parametrize("name", ["list.csv", "list.txt"])
def test_a_list_of_cells_names_all_their_images(
    noted: Images, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_text("user\n7\n8.0\n7\n")
    assert pick(f"ids:{tmp_path / name}", noted) == rows(7, 8, of=12)
    assert "10 images match" in capsys.readouterr().err
    (tmp_path / name).write_text("user\n7\n77\n78\n")
    error = fails(f"ids:{tmp_path / name}", noted)
    assert "2 of 3 values of 'user' match no image: 77, 78." in error.what


def test_a_list_with_keys_beside_a_column_is_one_of_keys(noted: Images, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("key,user\nk3,7\nk4,8\n")
    assert pick(f"ids:{tmp_path}/list.csv", noted) == [3, 4]


def test_a_column_that_is_called_as_keys_are(noted: Images, tmp_path: Path) -> None:
    named = replace(noted, table=noted.table | {"id": noted.table["user"]})
    (tmp_path / "list.csv").write_text("id\n7\n")
    assert pick(f"ids:{tmp_path}/list.csv", named) == rows(7, of=12)
    (tmp_path / "list.csv").write_text("id\nk7\n")
    assert pick(f"ids:{tmp_path}/list.csv", named) == [7]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("where:class=class1", "the class class1 vanishes: all its 13 training images are"),
        ("class:class1", ""),
        ("where:user=7", ""),
    ],
)
def test_a_class_that_vanishes_is_told(
    noted: Images, rule: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pick(rule, noted)
    told = capsys.readouterr().err
    assert said in told
    assert ("vanishes" in told) == bool(said)


LONG = [40, 12, 5, 2, 1, 1]
"""Images of each class."""


@pytest.mark.parametrize("rule", ["where:label=f", "random:0.5", "class:e,f", "where:user=0"])
def test_a_long_tail_is_divided_and_forgotten(
    rule: str,
    png: Callable[..., bytes],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = ["path,label,user"]
    for label, count in zip("abcdef", LONG, strict=True):
        for number in range(count):
            (tmp_path / f"{label}{number}.png").write_bytes(png(np.zeros((4, 4), np.uint8)))
            lines.append(f"{label}{number}.png,{label},{number % 6}")
    (tmp_path / "all.csv").write_text("\n".join(lines))
    lost = []
    for seed in range(4):
        images, split = DataConfig(data=f"csv:{tmp_path}/all.csv", split_seed=seed).load()
        assert len(images.classes) == 6
        there = {images.classes[label] for label in images.y[split.train].tolist()}
        told = capsys.readouterr().err
        for name in images.classes:
            assert (name not in there) == (name in told.partition("training image: ")[2])
        lost += [name for name in images.classes if name not in there]
        refused = problems_of(forget, split, rule, images, seed)
        assert all("was trained on" in p.what or "held out" in p.what for p in refused)
        if not refused:
            after = forget(split, rule, images, seed)
            assert len(after.forget) + len(after.retain) == len(split.train)
    assert lost, "no seed leaves a class out"
    assert make_split(images, holdout=0).sizes()["test"] == 12
