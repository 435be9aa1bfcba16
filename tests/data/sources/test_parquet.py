"""Parquet files of one's own: what is read of them, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from untrain.config import DataConfig
from untrain.data.reading import Reading
from untrain.data.sets.forget import select
from untrain.data.sets.splits import make_split
from untrain.data.sources import load
from untrain.errors import UserError, UserErrors

Write = Callable[..., Path]
NAMES = {"label": ["cat", "dog"]}


@pytest.fixture
def parts(tmp_path: Path, encoded: list[bytes], hub_file: Write) -> Path:
    """Two training files and a test file of two images each."""
    root = tmp_path / "own"
    for name, at, label, tag in (
        ("train-0", 0, [0, 1], ["a", "b"]),
        ("train-1", 2, [1, 0], ["c", "d"]),
        ("test-0", 4, [1, 1], ["e", "f"]),
    ):
        path = root / f"{name}.parquet"
        hub_file(path, encoded[at : at + 2], names=NAMES, label=label, tag=tag)
    return root


def fails(path: Path, key: str = "") -> UserError:
    with pytest.raises(UserError) as caught:
        load(f"parquet:{path}", reading=Reading(key=key))
    return caught.value


def test_pixels_labels_and_class_names(parts: Path, colour: np.ndarray) -> None:
    images = load(f"parquet:{parts}")
    by_key = dict(zip(images.keys.tolist(), images.x.numpy(), strict=True))
    for key, pixels in zip(["0", "1", "2", "3", "test/0", "test/1"], colour, strict=True):
        np.testing.assert_array_equal(by_key[key], pixels)
    assert images.y.tolist() == [0, 1, 1, 0, 1, 1]
    assert images.classes == ["cat", "dog"]
    assert images.name == "parquet:own"


@pytest.mark.parametrize("deeper", [False, True])
def test_files_named_test_are_the_test_part(parts: Path, deeper: bool) -> None:
    """Also in the folder `data` of a copy from the hub."""
    if deeper:
        parts = parts.rename(parts.with_name("data")).parent
    images = load(f"parquet:{parts}")
    assert images.table["part"].tolist() == ["train"] * 4 + ["test"] * 2
    assert make_split(images).test.tolist() == [4, 5]


@pytest.mark.parametrize("name", ["val.parquet", "valid-0.parquet", "validation_0.parquet"])
def test_validation_files_are_the_test_part_where_there_is_no_other(parts: Path, name: str) -> None:
    (parts / "test-0.parquet").rename(parts / name)
    assert load(f"parquet:{parts}").table["part"].tolist() == ["train"] * 4 + ["test"] * 2


def test_validation_files_beside_test_files_are_left_which_is_told(
    parts: Path, encoded: list[bytes], hub_file: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    hub_file(parts / "valid-0.parquet", encoded, names=NAMES, label=[0] * 6, tag=list("uvwxyz"))
    assert load(f"parquet:{parts}", reading=Reading(key="tag")).keys.tolist() == list("abcdef")
    assert "the images of valid-0.parquet are not used" in capsys.readouterr().err


def test_keys_may_come_from_a_column(parts: Path) -> None:
    assert load(f"parquet:{parts}", reading=Reading(key="tag")).keys.tolist() == list("abcdef")


def test_further_columns_are_kept(parts: Path) -> None:
    assert load(f"parquet:{parts}").table["tag"].tolist() == list("abcdef")


def test_further_columns_may_have_any_name_and_lists_are_left(
    tmp_path: Path, encoded: list[bytes], hub_file: Write
) -> None:
    columns: dict[str, Any] = {c: ["p", "q"] for c in ("y", "keys", "file", "part", "a/b")}
    columns["boxes"] = [[1, 2, 3], [4]]
    path = hub_file(tmp_path / "train.parquet", encoded[:2], label=[1, 0], **columns)
    images = load(f"parquet:{path}")
    assert images.y.tolist() == [1, 0]
    assert images.keys.tolist() == ["0", "1"]
    assert images.table["part"].tolist() == ["train", "train"]
    kept = {name for name, cells in images.table.items() if cells.tolist() == ["p", "q"]}
    assert kept == {*columns} - {"part", "boxes"}
    assert "boxes" not in images.table


def test_a_column_subclass_can_be_forgotten_by(
    tmp_path: Path, encoded: list[bytes], hub_file: Write
) -> None:
    kinds = ["car", "rocket", "car", "cat", "cat", "rocket"]
    path = hub_file(tmp_path / "own.parquet", encoded, label=[0, 0, 0, 1, 1, 0], subclass=kinds)
    images = load(f"parquet:{path}")
    assert select("subclass:rocket", images, np.arange(6), 0).tolist() == [1, 5]
    assert select("subclass:0,cat", images, np.arange(6), 0).tolist() == [0, 2, 3, 4]


def test_a_single_file_loses_a_test_part(
    tmp_path: Path, encoded: list[bytes], hub_file: Write
) -> None:
    path = hub_file(tmp_path / "mine.parquet", encoded, label=[0, 1, 2] * 2)
    images = load(f"parquet:{path}")
    assert images.classes == ["0", "1", "2"]
    assert len(make_split(images).test) == 1


def test_images_may_be_plain_bytes(
    tmp_path: Path, encoded: list[bytes], colour: np.ndarray
) -> None:
    pq.write_table(pa.table({"label": [0] * 6, "photo": encoded}), tmp_path / "plain.parquet")
    images = load(f"parquet:{tmp_path / 'plain.parquet'}")
    np.testing.assert_array_equal(images.x.numpy(), colour)


def test_subclasses_by_number_keep_the_order_of_their_names(
    tmp_path: Path, encoded: list[bytes], hub_file: Write
) -> None:
    names = NAMES | {"subclass": ["tiger", "puma", "wolf"]}
    columns = {"label": [0, 0, 1, 1, 0, 0], "subclass": [0, 1, 2, 2, 1, 0]}
    images = load(f"parquet:{hub_file(tmp_path / 'own.parquet', encoded, names=names, **columns)}")
    for value in ("tiger", "0"):
        assert select(f"subclass:{value}", images, np.arange(6), 0).tolist() == [0, 5]
    for value in ("puma", "1"):
        assert select(f"subclass:{value}", images, np.arange(6), 0).tolist() == [1, 4]


def test_missing_keys_are_told(parts: Path, encoded: list[bytes], hub_file: Write) -> None:
    labels, tags = [0, 1], ["e", None]
    hub_file(parts / "test-0.parquet", encoded[4:], names=NAMES, label=labels, tag=tags)
    error = fails(parts, "tag")
    assert error.what == "1 of 6 keys are missing: row test/1."
    assert error.where == "--key tag"


def test_the_hash_tells_contents_apart_and_not_places(
    tmp_path: Path, parts: Path, encoded: list[bytes], hub_file: Write
) -> None:
    labels = [0, 1, 1, 0, 1, 1]
    copy = load(f"parquet:{hub_file(tmp_path / 'copy.parquet', encoded, label=labels)}")
    other = load(f"parquet:{hub_file(tmp_path / 'other.parquet', encoded, label=labels[::-1])}")
    assert load(f"parquet:{parts}").hash == copy.hash
    assert copy.hash != other.hash


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([0, None], "1 of 2 labels are missing: row 1."),
        ([0.5, 1.0], "'label' holds double"),
        ([True, False], "'label' holds bool"),
        ([[0, 1], [1, 0]], "class numbers instead of one-hot rows"),
        ([-1, 0], r"Labels go from -1 to 0, but there are 1 classes: 1 of 2 lie outside \(0\)"),
        ([0, 10**9], "Labels go up to 1,000,000,000: these look like other numbers"),
    ],
)
def test_labels_that_are_no_class_numbers_are_refused(
    tmp_path: Path, encoded: list[bytes], hub_file: Write, labels: list[Any], said: str
) -> None:
    path = hub_file(tmp_path / "bad.parquet", encoded[:2], label=labels)
    with pytest.raises(UserError, match=said):
        load(f"parquet:{path}")


def test_more_labels_than_class_names_are_refused(
    tmp_path: Path, encoded: list[bytes], hub_file: Write
) -> None:
    path = hub_file(tmp_path / "bad.parquet", encoded[:2], names=NAMES, label=[0, 2])
    assert "Labels go from 0 to 2, but there are 2 classes: 1 of 2 lie" in fails(path).what


def test_damaged_and_missing_images_and_labels_are_told_together(
    tmp_path: Path, encoded: list[bytes], hub_file: Write
) -> None:
    images = [encoded[0], b"broken", None, b"", encoded[1]]
    path = hub_file(tmp_path / "bad.parquet", images, label=[0, 1, 0, 1, None])
    error = fails(path)
    assert isinstance(error, UserErrors)
    assert [problem.what for problem in error.problems] == [
        "1 of 5 labels are missing: row 4.",
        "2 of 5 images are empty: row 2, row 3.",
        "1 of 5 images cannot be read: row 1.",
    ]


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("tags", "Unknown column 'tags'. Did you mean 'tag'?"),
        ("tag", "1 of the 3 keys are not unique: a."),
        ("image", "which are no keys"),
    ],
)
def test_a_key_column_that_gives_no_keys_is_refused(
    tmp_path: Path, encoded: list[bytes], hub_file: Write, key: str, said: str
) -> None:
    path = hub_file(tmp_path / "bad.parquet", encoded[:3], label=[0, 1, 0], tag=["a", "b", "a"])
    assert said in fails(path, key).what


def test_a_label_column_of_another_name_is_told_with_the_nearest(
    tmp_path: Path, encoded: list[bytes], hub_file: Write
) -> None:
    path = hub_file(tmp_path / "bad.parquet", encoded[:2], kinds=[0, 1])
    assert "No column is called label, labels, class, target or the like." in fails(path).what
    assert "--label COLUMN. Columns: image, kinds." in fails(path).fix
    with pytest.raises(UserError) as caught:
        load(f"parquet:{path}", reading=Reading(label="kind"))
    assert "Unknown column 'kind'. Did you mean 'kinds'?" in caught.value.what
    assert "Name the column of the labels: --label COLUMN." in caught.value.fix
    assert load(f"parquet:{path}", reading=Reading(label="kinds")).y.tolist() == [0, 1]


def test_names_as_labels_are_classes(tmp_path: Path, encoded: list[bytes], hub_file: Write) -> None:
    path = hub_file(tmp_path / "own.parquet", encoded[:3], target=["dog", "cat", "dog"])
    images = load(f"parquet:{path}")
    assert images.classes == ["cat", "dog"]
    assert images.y.tolist() == [1, 0, 1]
    assert "target" not in images.table


def test_files_of_different_layouts_are_refused(
    parts: Path, encoded: list[bytes], hub_file: Write
) -> None:
    hub_file(parts / "train-1.parquet", encoded[2:4], "img", names=NAMES, lable=[0, 1])
    error = fails(parts)
    assert "1 of 3 files have no column 'image': train-1.parquet" in str(error)
    assert "1 of 3 files have no column 'label': train-1.parquet" in str(error)


def test_files_that_name_classes_differently_are_refused(
    parts: Path, encoded: list[bytes], hub_file: Write
) -> None:
    swapped = {"label": ["dog", "cat"]}
    hub_file(parts / "train-1.parquet", encoded[2:4], names=swapped, label=[0, 1], tag=["c", "d"])
    said = "train-0.parquet and train-1.parquet name the classes of column 'label' differently"
    assert said in fails(parts).what


def test_further_columns_may_differ_from_file_to_file(
    parts: Path, encoded: list[bytes], hub_file: Write
) -> None:
    others = {"tag": [7, 8], "x": [1, 2]}
    hub_file(parts / "train-1.parquet", encoded[2:4], names=NAMES, label=[0, 1], **others)
    table = load(f"parquet:{parts}").table
    assert table["tag"].tolist() == ["a", "b", "7", "8", "e", "f"]
    assert table["x"].tolist() == ["", "", "1", "2", "", ""]


def test_times_and_missing_cells_of_further_columns_are_texts(
    tmp_path: Path, encoded: list[bytes], hub_file: Write
) -> None:
    """Nanoseconds are none of Python's own times."""
    took = pa.array([1, None], pa.duration("ns"))
    path = tmp_path / "one.parquet"
    hub_file(path, encoded[:2], names=NAMES, label=[0, 1], took=took, who=["a", None])
    table = load(f"parquet:{path}").table
    assert table["took"].tolist() == ["1", ""]
    assert table["who"].tolist() == ["a", ""]


def test_one_class_alone_is_refused(tmp_path: Path, encoded: list[bytes], hub_file: Write) -> None:
    hub_file(tmp_path / "one.parquet", encoded * 3, names=NAMES, label=[1] * (3 * len(encoded)))
    with pytest.raises(UserError, match="All training images are of one class, dog"):
        DataConfig(data=f"parquet:{tmp_path}/one.parquet").load()


def test_without_a_column_of_images_the_columns_are_told(tmp_path: Path) -> None:
    pq.write_table(pa.table({"label": [0], "text": ["a"]}), tmp_path / "text.parquet")
    said = "No column holds encoded images or paths (columns: label, text)"
    assert said in fails(tmp_path / "text.parquet").what


def test_without_rows_is_refused(tmp_path: Path) -> None:
    table = pa.table({"label": pa.array([], pa.int64()), "image": pa.array([], pa.binary())})
    pq.write_table(table, tmp_path / "empty.parquet")
    assert "have no rows" in fails(tmp_path / "empty.parquet").what


def test_files_that_are_no_parquet_are_named(parts: Path) -> None:
    (parts / "train-0.parquet").write_text("label,image\n")
    (parts / "test-0.parquet").write_bytes(b"")
    error = fails(parts)
    assert "2 of 3 files are no readable parquet files: train-0.parquet" in error.what
    assert "test-0.parquet" in error.what
    assert error.code == 2


def test_metadata_that_are_no_json_give_no_names(tmp_path: Path, encoded: list[bytes]) -> None:
    table = pa.table({"image": encoded, "label": [0] * 6})
    damaged = table.replace_schema_metadata({"huggingface": "{"})
    pq.write_table(damaged, tmp_path / "own.parquet")
    assert load(f"parquet:{tmp_path / 'own.parquet'}").classes == ["0"]
