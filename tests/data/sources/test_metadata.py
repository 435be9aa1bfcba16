"""Folders with a metadata file: further columns, keys, labels, and what contradicts them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from untrain.data.images import Images
from untrain.data.reading import Reading
from untrain.data.sources import load
from untrain.errors import UserError

Tree = Callable[..., Path]
FILES = ("cat/a.png", "cat/b.png", "dog/c.png")
ROWS = "file_name,user,label\ncat/a.png,1,cat\ncat/b.png,2,cat\ndog/c.png,1,dog\n"


def read(root: Path, text: str = "", name: str = "metadata.csv", **reading: Any) -> Images:
    if text:
        (root / name).write_text(text)
    return load(f"folder:{root}", reading=Reading(**reading))


def fails(root: Path, text: str = "", **reading: Any) -> str:
    with pytest.raises(UserError) as caught:
        read(root, text, **reading)
    return str(caught.value)


def test_its_columns_join_the_images(tree: Tree) -> None:
    images = read(tree(*FILES), ROWS)
    assert images.keys.tolist() == list(FILES)
    assert images.classes == ["cat", "dog"]
    assert images.table["user"].tolist() == ["1", "2", "1"]


def test_json_lines_do_as_well(tree: Tree) -> None:
    rows = [{"file_name": name, "user": n, "boxes": [1]} for n, name in enumerate(FILES)]
    images = read(tree(*FILES), "\n".join(map(json.dumps, rows)), "metadata.jsonl")
    assert images.table["user"].tolist() == ["0", "1", "2"]
    assert "boxes" not in images.table


def test_each_folder_may_have_its_own(tree: Tree) -> None:
    root = tree("train/cat/a.png", "train/dog/b.png", "test/cat/c.png")
    (root / "train" / "metadata.csv").write_text("file_name,user\ncat/a.png,1\ndog/b.png,2\n")
    (root / "test" / "cat" / "metadata.csv").write_text("file_name,user\nc.png,3\n")
    images = read(root)
    assert images.table["user"].tolist() == ["1", "2", "3"]
    assert images.table["part"].tolist() == ["train", "train", "test"]


def test_a_changed_row_is_seen(tree: Tree) -> None:
    root = tree(*FILES)
    read(root, ROWS)
    assert read(root, ROWS.replace(",1,", ",77,")).table["user"].tolist() == ["77", "2", "77"]


def test_rows_and_images_without_each_other_are_told(
    tree: Tree, capsys: pytest.CaptureFixture[str]
) -> None:
    images = read(tree(*FILES), "file_name,user\ncat/a.png,1\ncat/z.png,2\n")
    assert images.table["user"].tolist() == ["1", "", ""]
    told = capsys.readouterr().err
    assert "1 rows are of images that are not there: cat/z.png" in told
    assert "2 images have no row: cat/b.png, dog/c.png" in told


@pytest.mark.parametrize("reading", [{}, {"label": "label"}, {"key": "user"}])
def test_rows_that_are_of_no_image_at_all_are_refused(tree: Tree, reading: dict[str, str]) -> None:
    """And the form is told that is wanted."""
    told = fails(tree(*FILES), "Photo,user,label\na.png,1,cat\nb.png,2,dog\n", **reading)
    assert "None of its 2 rows is of an image that is there: a.png, b.png." in told
    assert "Write where each image lies, such as cat/a.png, into column 'Photo'." in told


def test_paths_may_be_spelled_as_elsewhere(tree: Tree) -> None:
    """With the signs of Windows, and accents as signs of their own or as parts of letters."""
    root = tree("cat/\u00e9.png", "dog/u\u0308.png")
    images = read(root, "file_name,user\ncat\\e\u0301.png,1\ndog\\\u00fc.png,2\n")
    assert images.table["user"].tolist() == ["1", "2"]
    (root / "all.csv").write_text("path,label\ncat\\e\u0301.png,1\ndog/\u00fc.png,2\n")
    assert len(load(f"csv:{root}/all.csv")) == 2


def test_keys_and_labels_may_come_from_it(tree: Tree) -> None:
    text = "file_name,id,kind\ncat/a.png,p,x\ncat/b.png,q,y\ndog/c.png,r,x\n"
    images = read(tree(*FILES), text, key="id", label="kind")
    assert images.keys.tolist() == list("pqr")
    assert images.classes == ["x", "y"]
    assert images.y.tolist() == [0, 1, 0]


@pytest.mark.parametrize("top", ["", "train/"])
def test_images_without_class_folders_have_their_labels_from_it(tree: Tree, top: str) -> None:
    root = tree(f"{top}a.png", f"{top}b.png", "test/c.png" if top else "c.png")
    text = f"file_name,label\n{top}a.png,x\n{top}b.png,y\n{'test/' if top else ''}c.png,x\n"
    images = read(root, text)
    assert images.classes == ["x", "y"]
    parts = images.table["part"].tolist() if top else []
    assert sorted(parts) == (["test", "train", "train"] if top else [])


def test_its_part_column_says_the_parts(tree: Tree) -> None:
    text = "file_name,part\ncat/a.png,train\ncat/b.png,test\ndog/c.png,train\n"
    assert read(tree(*FILES), text).table["part"].tolist() == ["train", "test", "train"]


@pytest.mark.parametrize(
    ("text", "reading", "said"),
    [
        ("", {"key": "id"}, "--key id names a column, and this folder has none"),
        ("", {"label": "kind"}, "it has no metadata.csv"),
        (ROWS, {"key": "usr"}, "Unknown column 'usr'. Did you mean 'user'?"),
        (ROWS, {"key": "user"}, "--forget where:user=1"),
        (ROWS.replace("1,dog", ",dog"), {"key": "user"}, "1 of 3 keys are missing: dog/c.png."),
        (ROWS.replace("1,dog", "1,"), {"label": "label"}, "1 of 3 images have no label: dog/c.png"),
        (ROWS.replace("2,cat", "2,dog"), {}, "1 images have two labels"),
        (ROWS + "cat/a.png,3,cat\n", {}, "1 images have two rows that differ: cat/a.png."),
        ("user,label\n1,cat\n", {}, "No column of metadata.csv names the images"),
        (ROWS.replace("user", "part").replace("1,dog", "test,dog"), {}, "but 1, 2 of others"),
    ],
)
def test_what_is_wrong_is_told(tree: Tree, text: str, reading: dict[str, str], said: str) -> None:
    assert said in fails(tree(*FILES), text, **reading)
