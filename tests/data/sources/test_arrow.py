"""Arrow files and saved data sets of the hub's library: rows, parts, paths, and damage."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from untrain.data.images import Images
from untrain.data.reading import Reading
from untrain.data.sources import load
from untrain.errors import UserError

Write = Callable[..., Path]


@pytest.fixture
def shard(tmp_path: Path) -> Write:
    """Writes rows as an Arrow stream, or a file, in batches of two."""

    def write(name: str, rows: dict[str, Any], stream: bool = True, names: Any = None) -> Path:
        table = pa.table(rows)
        if names:
            about = {"info": {"features": {"label": {"names": names}}}}
            table = table.replace_schema_metadata({"huggingface": json.dumps(about)})
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        new = pa.ipc.new_stream if stream else pa.ipc.new_file
        with pa.OSFile(str(path), "wb") as file, new(file, table.schema) as writer:
            writer.write_table(table, max_chunksize=2)
        return path

    return write


def read(path: Path, **reading: Any) -> Images:
    return load(f"arrow:{path}", reading=Reading(**reading))


def fails(path: Path) -> UserError:
    with pytest.raises(UserError) as caught:
        read(path)
    return caught.value


@pytest.mark.parametrize("stream", [True, False])
def test_a_stream_and_a_file_hold_the_same(
    shard: Write, encoded: list[bytes], colour: np.ndarray, stream: bool
) -> None:
    cells = [{"bytes": data, "path": None} for data in encoded]
    rows = {"img": cells, "label": [0, 1] * 3, "user": list("aabbcc")}
    images = read(shard("one.arrow", rows, stream, ["cat", "dog"]))
    np.testing.assert_array_equal(images.x.numpy(), colour)
    assert images.classes == ["cat", "dog"]
    assert images.keys.tolist() == list("012345")
    assert images.table["user"].tolist() == list("aabbcc")


@pytest.mark.parametrize("kind", ["arrow", "parquet"])
@pytest.mark.parametrize("text", [True, False])
def test_a_changed_image_is_seen_where_cells_are_paths(
    shard: Write, encoded: list[bytes], colour: np.ndarray, kind: str, text: bool
) -> None:
    """Also beside cells that hold theirs."""
    struct = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    cells = ["a.png", "b.png"] if text else [{"path": "a.png"}, {"bytes": encoded[1]}]
    rows = {"image": pa.array(cells, pa.string() if text else struct), "label": [0, 1]}
    path = shard("one.arrow", rows)
    if kind == "parquet":
        path = path.with_suffix(".parquet")
        pq.write_table(pa.table(rows), path)
    (path.parent / "b.png").write_bytes(encoded[1])
    for at in (0, 2):
        (path.parent / "a.png").write_bytes(encoded[at])
        x = load(f"{kind}:{path}").x.numpy()
        np.testing.assert_array_equal(x, colour[[at, 1]])


def test_folders_of_a_saved_data_set_are_parts(shard: Write, encoded: list[bytes]) -> None:
    shard("ds/train/data-00000-of-00001.arrow", {"image": encoded[:3], "label": list("xyx")})
    shard("ds/train/cache-1.arrow", {"image": encoded[:3], "label": list("zzz")})
    path = shard("ds/validation/data-00000-of-00001.arrow", {"image": encoded[3:4], "label": ["y"]})
    (path.parents[1] / "dataset_dict.json").write_text("{}")
    images = read(path.parents[1])
    assert images.keys.tolist() == ["0", "1", "2", "test/0"]
    assert images.table["part"].tolist() == ["train"] * 3 + ["test"]
    assert images.classes == ["x", "y"]


def test_validation_beside_test_is_val(shard: Write, encoded: list[bytes]) -> None:
    for at, part in enumerate(("train", "train_more", "test", "validation")):
        path = shard(f"ds/{part}-0.arrow", {"image": encoded[at : at + 1], "label": ["x"]})
    shard("ds/notes.arrow", {"image": encoded[:1], "label": ["y"]})
    images = read(path.parent)
    assert images.table["part"].tolist() == ["train", "train", "test", "val"]
    assert images.keys.tolist() == ["0", "1", "test/0", "val/0"]


def test_cells_may_be_paths(shard: Write, tree: Callable[..., Path], colour: np.ndarray) -> None:
    tree("pics/a.png", "pics/b.png")
    cells = [{"bytes": None, "path": f"pics/{name}.png"} for name in "ab"]
    structs = read(shard("one.arrow", {"image": cells, "label": list("xy")}))
    texts = read(shard("two.arrow", {"image": ["pics/a.png", "pics/b.png"], "label": list("xy")}))
    for images, keys in ((structs, ["0", "1"]), (texts, ["pics/a.png", "pics/b.png"])):
        np.testing.assert_array_equal(images.x.numpy(), colour[:2])
        assert images.keys.tolist() == keys


def test_what_cannot_be_read_is_told(shard: Write, encoded: list[bytes], tmp_path: Path) -> None:
    path = shard("ds/train-0.arrow", {"image": encoded, "label": [0] * 6})
    (path.parent / "test-0.arrow").write_bytes(b"no arrow")
    assert "1 of 2 files are no readable arrow files: test-0.arrow" in fails(path.parent).what
    (path.parent / "test-0.arrow").unlink()
    (path.parent / "state.json").write_text('{"_indices_files": [{"filename": "indices.arrow"}]}')
    assert "flatten_indices()" in fails(path.parent).fix
    (tmp_path / "empty").mkdir()
    assert "no *.arrow there" in fails(tmp_path / "empty").what
    assert fails(tmp_path / "none.arrow").code == 3


def test_images_are_read_while_they_are_decoded(tmp_path: Path, encoded: list[bytes]) -> None:
    """A parquet file that is damaged behind its first pages opens, and is told when it is read."""
    pixels = np.random.default_rng(0).integers(0, 256, 200_000, dtype=np.uint8).tobytes()
    path = tmp_path / "own.parquet"
    table = pa.table({"image": [*encoded[:2], pixels], "label": [0, 1, 0]})
    pq.write_table(table, path, row_group_size=1, compression="gzip")
    content = bytearray(path.read_bytes())
    content[100_000:120_000] = bytes(20_000)
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"own\.parquet cannot be read") as caught:
        load(f"parquet:{path}")
    assert caught.value.code == 2
