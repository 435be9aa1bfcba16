"""Sources: digits, parquet files in the hub's layout, image folders, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from untrain.data.sources import load
from untrain.data.splits import make_split
from untrain.errors import UserError

COLOUR = np.random.default_rng(0).integers(0, 256, (6, 5, 4, 3), dtype=np.uint8)
"""Six colour images of height 5 and width 4."""


@pytest.fixture
def encoded(png: Callable[..., bytes]) -> list[bytes]:
    return [png(image) for image in COLOUR]


def write(
    path: Path, encoded: Sequence[bytes], labels: Any, names: Sequence[str] = (), **columns: Any
) -> Path:
    """A file in the layout of the hub: structs of bytes and path, class names as metadata."""
    cells = [{"bytes": data, "path": f"{i}.png"} for i, data in enumerate(encoded)]
    table = pa.table({"image": cells, "label": labels, **columns})
    if names:
        features = {"label": {"names": list(names), "_type": "ClassLabel"}}
        about = {"info": {"features": features}}
        table = table.replace_schema_metadata({"huggingface": json.dumps(about)})
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)
    return path


@pytest.fixture
def hub(tmp_path: Path, encoded: list[bytes]) -> Path:
    """Two training files and a test file of two images each."""
    root, names = tmp_path / "hub", ["cat", "dog"]
    write(root / "train-0.parquet", encoded[:2], [0, 1], names, tag=["a", "b"])
    write(root / "train-1.parquet", encoded[2:4], [1, 0], names, tag=["c", "d"])
    write(root / "test-0.parquet", encoded[4:], [1, 1], names, tag=["e", "f"])
    return root


def tree(root: Path, encoded: Sequence[bytes], *names: str) -> Path:
    """Image files at these paths below the root."""
    for name, data in zip(names, encoded, strict=False):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def fails(name: str, root: str = "", key: str = "") -> UserError:
    with pytest.raises(UserError) as caught:
        load(name, root, key)
    return caught.value


def test_digits_are_small_and_gray_with_ten_classes() -> None:
    images = load("digits")
    assert images.x.shape == (1797, 8, 8, 1)
    assert images.classes == list("0123456789")
    assert (int(images.x.min()), int(images.x.max())) == (0, 255)
    assert images.augment == "crop"


def test_parquet_gives_pixels_labels_and_class_names(hub: Path) -> None:
    images = load(f"parquet:{hub}")
    by_key = dict(zip(images.keys.tolist(), images.x.numpy(), strict=True))
    for key, pixels in zip(["0", "1", "2", "3", "test/0", "test/1"], COLOUR, strict=True):
        np.testing.assert_array_equal(by_key[key], pixels)
    assert images.y.tolist() == [0, 1, 1, 0, 1, 1]
    assert images.classes == ["cat", "dog"]
    assert images.name == "parquet:hub"


def test_parquet_files_named_test_are_the_test_part(hub: Path) -> None:
    images = load(f"parquet:{hub}")
    assert images.table["part"].tolist() == ["train"] * 4 + ["test"] * 2
    assert make_split(images).test.tolist() == [4, 5]


def test_parquet_keys_may_come_from_a_column(hub: Path) -> None:
    images = load(f"parquet:{hub}", key="tag")
    assert images.keys.tolist() == list("abcdef")


def test_parquet_keeps_further_columns(hub: Path) -> None:
    assert load(f"parquet:{hub}").table["tag"].tolist() == list("abcdef")


def test_further_columns_may_have_any_name(tmp_path: Path, encoded: list[bytes]) -> None:
    columns = {name: ["p", "q"] for name in ("y", "keys", "file", "part", "a/b")}
    path = write(tmp_path / "train.parquet", encoded[:2], [1, 0], **columns)
    images = load(f"parquet:{path}")
    assert images.y.tolist() == [1, 0]
    assert images.keys.tolist() == ["0", "1"]
    assert images.table["part"].tolist() == ["train", "train"]
    assert {name for name, cells in images.table.items() if cells.tolist() == ["p", "q"]} == {
        *columns
    } - {"part"}


def test_a_single_parquet_file_loses_a_test_part(tmp_path: Path, encoded: list[bytes]) -> None:
    images = load(f"parquet:{write(tmp_path / 'mine.parquet', encoded, [0, 1, 2] * 2)}")
    assert images.classes == ["0", "1", "2"]
    assert len(make_split(images).test) == 1


def test_a_parquet_column_may_hold_plain_bytes(tmp_path: Path, encoded: list[bytes]) -> None:
    pq.write_table(pa.table({"label": [0] * 6, "photo": encoded}), tmp_path / "plain.parquet")
    images = load(f"parquet:{tmp_path / 'plain.parquet'}")
    np.testing.assert_array_equal(images.x.numpy(), COLOUR)


@pytest.mark.parametrize("root", ["", "tiny-imagenet-32"], ids=["parent", "itself"])
def test_a_named_set_is_found_below_the_data_root(
    tmp_path: Path, encoded: list[bytes], root: str
) -> None:
    folder = tmp_path / "tiny-imagenet-32"
    write(folder / "train-0.parquet", encoded[:4], [0, 1, 0, 1])
    write(folder / "valid-0.parquet", encoded[4:], [0, 1])
    images = load("tiny-imagenet-32", str(tmp_path / root))
    assert images.table["part"].tolist() == ["train"] * 4 + ["test"] * 2


def test_the_hash_tells_contents_apart_and_not_places(
    tmp_path: Path, hub: Path, encoded: list[bytes]
) -> None:
    labels = [0, 1, 1, 0, 1, 1]
    copy = load(f"parquet:{write(tmp_path / 'copy.parquet', encoded, labels)}")
    other = load(f"parquet:{write(tmp_path / 'other.parquet', encoded, labels[::-1])}")
    assert load(f"parquet:{hub}").hash == copy.hash
    assert copy.hash != other.hash


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (["cat", "dog"], "'label' holds string"),
        ([0, None], r"\(1 null\)"),
        ([0.5, 1.0], "'label' holds double"),
        ([-1, 0], "Labels go from -1 to 0"),
    ],
)
def test_labels_that_are_no_class_numbers_are_refused(
    tmp_path: Path, encoded: list[bytes], labels: list[Any], said: str
) -> None:
    path = write(tmp_path / "bad.parquet", encoded[:2], labels)
    with pytest.raises(UserError, match=said):
        load(f"parquet:{path}")


def test_more_labels_than_class_names_are_refused(tmp_path: Path, encoded: list[bytes]) -> None:
    path = write(tmp_path / "bad.parquet", encoded[:2], [0, 2], ["cat", "dog"])
    assert "Labels go from 0 to 2, but there are 2 classes" in fails(f"parquet:{path}").what


def test_a_damaged_image_is_named_by_its_row(tmp_path: Path, encoded: list[bytes]) -> None:
    path = write(tmp_path / "bad.parquet", [encoded[0], b"broken"], [0, 1])
    assert "1 of 2 images cannot be read: row 1" in fails(f"parquet:{path}").what


def test_an_unknown_key_column_is_told_with_the_nearest(hub: Path) -> None:
    error = fails(f"parquet:{hub}", key="tags")
    assert "Unknown column 'tags'. Did you mean 'tag'?" in error.what


def test_keys_that_repeat_are_refused(tmp_path: Path, encoded: list[bytes]) -> None:
    path = write(tmp_path / "bad.parquet", encoded[:3], [0, 1, 0], tag=["a", "b", "a"])
    assert "1 of the 3 keys are not unique" in fails(f"parquet:{path}", key="tag").what


def test_parquet_without_images_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"label": [0], "text": ["a"]}), tmp_path / "text.parquet")
    assert "No column holds encoded images" in fails(f"parquet:{tmp_path / 'text.parquet'}").what


def test_parquet_without_rows_is_refused(tmp_path: Path) -> None:
    table = pa.table({"label": pa.array([], pa.int64()), "image": pa.array([], pa.binary())})
    pq.write_table(table, tmp_path / "empty.parquet")
    assert "have no rows" in fails(f"parquet:{tmp_path / 'empty.parquet'}").what


def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.parquet").write_text("label,image\n")
    error = fails(f"parquet:{tmp_path / 'bad.parquet'}")
    assert "Not a readable parquet file" in error.what
    assert error.code == 2


def test_a_folder_per_class_gives_keys_labels_and_pixels(
    tmp_path: Path, encoded: list[bytes]
) -> None:
    names = ("cat/b.png", "cat/a.png", "dog/c.PNG", "dog/more/d.png")
    images = load(f"folder:{tree(tmp_path, encoded, *names)}")
    assert images.keys.tolist() == ["cat/a.png", "cat/b.png", "dog/c.PNG", "dog/more/d.png"]
    assert images.classes == ["cat", "dog"]
    assert images.y.tolist() == [0, 0, 1, 1]
    np.testing.assert_array_equal(images.x.numpy(), COLOUR[[1, 0, 2, 3]])


def test_other_files_in_a_folder_are_passed_over(tmp_path: Path, encoded: list[bytes]) -> None:
    tree(tmp_path, encoded, "cat/a.png", "dog/b.png")
    (tmp_path / "cat" / "notes.txt").write_text("no image")
    assert len(load(f"folder:{tmp_path}")) == 2


def test_a_folder_with_train_and_test_keeps_its_parts(tmp_path: Path, encoded: list[bytes]) -> None:
    names = ("train/cat/a.png", "train/dog/b.png", "train/dog/c.png", "test/cat/d.png")
    images = load(f"folder:{tree(tmp_path, encoded, *names)}")
    assert images.classes == ["cat", "dog"]
    assert images.y.tolist() == [0, 1, 1, 0]
    assert images.table["part"].tolist() == ["train"] * 3 + ["test"]
    assert images.keys[3] == "test/cat/d.png"


def test_a_folder_without_test_has_no_parts(tmp_path: Path, encoded: list[bytes]) -> None:
    assert "part" not in load(f"folder:{tree(tmp_path, encoded, 'cat/a.png', 'dog/b.png')}").table


def test_a_class_folder_without_an_image_is_refused(tmp_path: Path, encoded: list[bytes]) -> None:
    tree(tmp_path, encoded, "cat/a.png")
    (tmp_path / "dog").mkdir()
    assert fails(f"folder:{tmp_path}").what == "Class folders without an image: dog."


def test_a_damaged_image_is_named_by_its_path(tmp_path: Path, encoded: list[bytes]) -> None:
    tree(tmp_path, [encoded[0], encoded[1][:60]], "cat/a.png", "dog/b.png")
    assert "1 of 2 images cannot be read: dog/b.png" in fails(f"folder:{tmp_path}").what


def test_images_of_mixed_sizes_are_refused(
    tmp_path: Path, encoded: list[bytes], png: Callable[..., bytes]
) -> None:
    tree(tmp_path, [encoded[0], png(COLOUR[0, :3])], "cat/a.png", "dog/b.png")
    assert "2 sizes (4x3, 4x5)" in fails(f"folder:{tmp_path}").what


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("folder:{}/none", "No folder"),
        ("folder:{}", "No images found"),
        ("parquet:{}/none.parquet", "No parquet file found"),
        ("parquet:{}", r"no \*\.parquet there"),
    ],
)
def test_what_is_not_there_is_a_missing_resource(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        load(name.format(tmp_path))
    assert caught.value.code == 3


def test_a_missing_data_root_is_a_missing_resource(tmp_path: Path) -> None:
    error = fails("cifar10", str(tmp_path / "none"))
    assert (error.where, error.code) == ("--data-root", 3)


def test_a_local_set_asks_for_the_data_root(tmp_path: Path) -> None:
    for root in ("", str(tmp_path)):
        error = fails("tiny-imagenet-32", root)
        assert "not on the hub" in error.what
        assert "valid-*.parquet" in error.fix
        assert error.code == 3


@pytest.mark.parametrize(
    ("name", "near"), [("cifar", "cifar10"), ("digit", "digits"), ("folder:", "folder:PATH")]
)
def test_an_unknown_name_is_told_with_the_nearest(name: str, near: str) -> None:
    error = fails(name)
    assert f"Unknown data set '{name}'. Did you mean '{near}'?" in error.what
    assert "parquet:PATH" in error.fix
