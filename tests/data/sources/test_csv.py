"""Csv files of paths and labels: what is read of them, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from untrain.data.images import Images
from untrain.data.reading import Reading
from untrain.data.sets.splits import make_split
from untrain.data.sources import load
from untrain.errors import UserError

Tree = Callable[..., Path]
FILES = ("a.png", "b.png", "more/c.png", "more/d.png")


@pytest.fixture
def table(tree: Tree) -> Callable[..., Path]:
    """Writes four images and a csv beside them."""

    def write(text: str, name: str = "all.csv") -> Path:
        path = tree(*FILES) / name
        path.write_text(text)
        return path

    return write


def read(path: Path, **reading: Any) -> Images:
    return load(f"csv:{path}", reading=Reading(**reading))


def fails(path: Path, **reading: Any) -> UserError:
    with pytest.raises(UserError) as caught:
        read(path, **reading)
    return caught.value


ROWS = "a.png,dog\nb.png,cat\nmore/c.png,dog\nmore/d.png,cat\n"


@pytest.mark.parametrize("heading", ["path,label", "File_Name, Target", "image,class", "scan,y"])
def test_paths_and_names_of_classes(
    table: Callable[..., Path], colour: np.ndarray, heading: str
) -> None:
    images = read(table(f"{heading}\n{ROWS}"))
    assert images.keys.tolist() == list(FILES)
    assert images.classes == ["cat", "dog"]
    assert images.y.tolist() == [1, 0, 1, 0]
    assert images.table == {}
    assert images.name == "csv:all.csv"
    np.testing.assert_array_equal(images.x.numpy(), colour[:4])


@pytest.mark.parametrize(("sign", "name"), [(",", "a.csv"), (";", "a.csv"), ("\t", "a.tsv")])
def test_the_sign_between_cells_is_seen(table: Callable[..., Path], sign: str, name: str) -> None:
    text = "path,label,user\n" + ROWS.replace("\n", ",7\n")
    images = read(table("\ufeff" + text.replace(",", sign), name))
    assert images.classes == ["cat", "dog"]
    assert images.table["user"].tolist() == ["7"] * 4


@pytest.mark.parametrize("sign", [";", "\t", "|"])
def test_signs_in_quotes_stand_between_no_cells(table: Callable[..., Path], sign: str) -> None:
    cells = [line.split(",") for line in ROWS.splitlines()]
    rows = [['"path"', '"label"', '"note, a, ""b, c"'], *([*row, '"x, y"'] for row in cells)]
    images = read(table("\n".join(map(sign.join, rows))))
    assert images.table['note, a, "b, c'].tolist() == ["x, y"] * 4


def test_numbers_as_labels_are_sorted_as_numbers(table: Callable[..., Path]) -> None:
    images = read(table("path,label\na.png,10\nb.png,9\nmore/c.png,0\nmore/d.png,9\n"))
    assert images.classes == ["0", "9", "10"]
    assert images.y.tolist() == [2, 1, 0, 1]


def test_absolute_paths_and_a_folder_elsewhere(tree: Tree, tmp_path: Path) -> None:
    root = tree("pics/a.png", "pics/b.png")
    (tmp_path / "lists").mkdir()
    path = tmp_path / "lists" / "all.csv"
    path.write_text(f"path,label\n{root}/pics/a.png,x\n../pics/b.png,y\n")
    assert read(path).keys.tolist() == [f"{root}/pics/a.png", "../pics/b.png"]


def test_columns_say_the_key_the_label_and_the_part(table: Callable[..., Path]) -> None:
    text = "path,label,id,kind,split\na.png,1,p,x,train\nb.png,1,q,y,TEST\n"
    text += "more/c.png,1,r,y,Validation\nmore/d.png,1,s,x,unseen\n"
    images = read(table(text), key="id", label="kind")
    assert images.keys.tolist() == list("pqrs")
    assert images.classes == ["x", "y"]
    assert images.table["part"].tolist() == ["train", "test", "val", "unseen"]
    assert images.table["split"].tolist() == ["train", "TEST", "Validation", "unseen"]
    assert images.table["path"].tolist() == list(FILES)
    assert make_split(images, holdout=0).sizes() == {
        "retain": 1, "forget": 0, "val": 1, "unseen": 1, "test": 1,
    }  # fmt: skip


def test_a_split_column_of_other_words_is_a_column(table: Callable[..., Path]) -> None:
    text = "path,label,split\na.png,x,2019\nb.png,y,2020\nmore/c.png,x,\nmore/d.png,y,2019\n"
    images = read(table(text))
    assert "part" not in images.table
    assert images.table["split"].tolist() == ["2019", "2020", "", "2019"]


def test_files_of_a_folder_are_parts(table: Callable[..., Path]) -> None:
    table("path,label\na.png,x\nb.png,y\n", "train.csv")
    table("path,label\n", "notes.csv")
    path = table("path,label\nmore/c.png,y\n", "val.csv")
    images = read(path.parent)
    assert images.keys.tolist() == ["a.png", "b.png", "more/c.png"]
    assert images.table["part"].tolist() == ["train", "train", "test"]


def test_images_of_several_sizes_come_to_one(table: Callable[..., Path]) -> None:
    path = table(f"path,label\n{ROWS}")
    small, other = read(path, size=3), read(path)
    assert small.x.shape == (4, 3, 3, 3)
    assert small.hash != other.hash


def test_columns_that_are_guessed_and_classes_that_look_odd_are_told(
    table: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """Each time, as images come from the cache."""
    text = "image,path,species\na.png,b.png,1\nb.png,a.png,01\nmore/c.png,more/d.png,1.0\n"
    path = table(f"{text}more/d.png,more/c.png,NaN\n")
    for _ in range(2):
        images = read(path)
        assert images.keys[0] == "b.png"
        told = capsys.readouterr().err
        said = "images are those of column 'path' (image: paths as well, not used), labels those of"
        assert f"csv:all.csv: {said} 'species'\n" in told
        assert "csv:all.csv: classes that are perhaps one: 01 = 1 = 1.0\n" in told
        assert "csv:all.csv: classes that perhaps stand for missing labels: NaN\n" in told


TWICE = "path,label,id\na.png,x,1\nb.png,y,1\nmore/c.png,x,2\nmore/d.png,x,2\n"

BAD = [
    ("path,label\na.png,x\nz.png,y\ny.png,y\n", {}, 3, "2 of 3 images are not there: z.png"),
    ("path,label\na.png,\nb.png,y\n", {}, 2, "1 of 2 labels are missing: a.png."),
    ("path,kind\na.png,x\nb.png,y\n", {}, 2, "No column is called label, labels, class, target"),
    ("path,kind\na.png,x\n", {"label": "kin"}, 2, "Unknown column 'kin'. Did you mean 'kind'?"),
    ("path,label\na.png,x\n", {"key": "id"}, 2, "Unknown column 'id'."),
    ("what,label\nq,x\nr,y\n", {}, 2, "No column holds encoded images or paths"),
    ("one,two,label\na.png,b.png,x\n", {}, 2, "2 columns may hold the paths of the images: one"),
    ("a.png,x\nb.png,y\n", {}, 2, "The first line of all.csv is an image, a.png, and names no"),
    ("path,label,label\na.png,x,y\n", {}, 2, "1 columns have a name that another one has: label."),
    ("path,label\na.png,x,y\n", {}, 2, "1 rows have more cells than the first line has names"),
    ("path,label\n", {}, 2, "The csv file has no rows."),
    ("", {}, 2, "all.csv is empty."),
    ('path,label\n"a.png,x\n', {}, 2, "is not a readable csv file"),
    (TWICE, {"key": "id"}, 2, "keys are not unique: 1, 2. 1 of them have more than one"),
    ("path,label\na.png,x\na.png,y\n", {}, 2, "1 of them have more than one label: a.png (x, y)."),
    ("path,label,part\na.png,x,train\nb.png,y,tset\n", {}, 2, "but tset of others"),
    ("path,label\na.png,x\n./more/../a.png,y\nb.png,x\n", {}, 2, "a.png (x) = more/../a.png (y)"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "reading", "code", "said"), BAD)
def test_what_is_wrong_is_told(
    table: Callable[..., Path], text: str, reading: dict[str, str], code: int, said: str
) -> None:
    error = fails(table(text), **reading)
    assert said in str(error)
    assert error.code == code


def test_a_key_that_repeats_leads_to_where(table: Callable[..., Path]) -> None:
    assert "--forget where:id=1" in fails(table(TWICE), key="id").fix


def test_all_problems_are_told_at_once(table: Callable[..., Path]) -> None:
    told = str(fails(table("path,label,part\na.png,,test\nz.png,x,tset\n")))
    for said in ("labels are missing", "are not there: z.png", "but tset of others"):
        assert said in told


def test_a_file_that_is_not_there_is_a_missing_resource(tmp_path: Path) -> None:
    assert fails(tmp_path / "none.csv").code == 3
    assert "No csv file found" in fails(tmp_path).what
