"""Readers of image files: parquet in the layout of the Hugging Face image sets, and folders."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from untrain.data.cache import cached, fingerprint
from untrain.data.decode import decode
from untrain.data.images import Images, content_hash
from untrain.errors import MISSING, UserError, unknown

if TYPE_CHECKING:
    import pyarrow as pa

    from untrain.data.sources import HubSet

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff", ".gif")


def parquet(name: str, paths: list[Path], source: HubSet, key: str = "") -> Images:
    """Images from parquet files: a column of encoded images and one of integer labels.

    Files whose name begins with `test` or the source's own word are the test part. Keys are row
    numbers, counted over the files of a part ("17", and "test/17" in the test part), or come
    from the column `key`.
    """
    missing = [str(path) for path in paths if not path.is_file()]
    if missing or not paths:
        shown = ", ".join(missing[:3]) or "no *.parquet there"
        raise UserError(f"No parquet file found: {shown}.", name, "Check the path.", MISSING)
    about = {"key": key, "image": source.image, "label": source.label, "test": source.test}
    entry = fingerprint(name, paths, about)
    short = name.partition(":")[0]
    return cached(short, entry, lambda: _read_parquet(name, paths, source, key))


def _read_parquet(name: str, paths: list[Path], source: HubSet, key: str) -> Images:
    import pyarrow as pa
    import pyarrow.parquet as pq

    is_test = [path.name.startswith((source.test, "test")) for path in paths]
    paths = [path for _, path in sorted(zip(is_test, paths, strict=True))]
    try:
        tables = [pq.read_table(path) for path in paths]
    except (pa.ArrowInvalid, OSError) as error:
        raise UserError(
            f"Not a readable parquet file: {error}", name, "Export it again."
        ) from error
    parts, keys = [], []
    for part in ("train", "test"):
        rows = sum(
            len(t)
            for t, test in zip(tables, sorted(is_test), strict=True)
            if test == (part == "test")
        )
        parts += [part] * rows
        keys += [f"{'test/' if part == 'test' else ''}{row}" for row in range(rows)]
    table = pa.concat_tables(tables, promote_options="permissive")
    image = source.image or _image_column(table, name)
    for column in filter(None, (image, source.label, key)):
        if column not in table.column_names:
            raise unknown("column", column, table.column_names, f"Columns: {table.column_names}")
    labels = _labels(table, source.label, name)
    encoded = [_bytes(cell) for cell in table.column(image).to_pylist()]
    names = [f"row {key}" for key in keys]
    others = [c for c in table.column_names if c not in (image, source.label, "part")]
    return Images(
        x=decode(encoded, names, name),
        y=torch.from_numpy(labels.copy()),
        classes=_class_names(table.schema, source.label, labels),
        keys=np.asarray(table.column(key).to_pylist() if key else keys).astype(str),
        table={"part": np.asarray(parts)}
        | {c: np.asarray(table.column(c).to_pylist()).astype(str) for c in others},
        augment=source.augment,
        name=name,
        hash=content_hash(encoded, labels),
    )


def _labels(table: pa.Table, column: str, name: str) -> np.ndarray:
    """The labels, int64 (N,); raises UserError if there are none or they are not integers."""
    import pyarrow as pa

    cells = table.column(column)
    if len(cells) == 0:
        raise UserError("The parquet files have no rows.", name, "Export them again.")
    if not pa.types.is_integer(cells.type) or cells.null_count:
        raise UserError(
            f"Column '{column}' holds {cells.type} ({cells.null_count} null), not class numbers.",
            where=name,
            fix="Labels are integers from 0 to the number of classes minus one.",
        )
    return np.asarray(cells.to_numpy(), dtype=np.int64)


def _bytes(cell: Any) -> bytes:
    """The encoded image in a cell: bytes, or a struct with a field `bytes`."""
    data = cell.get("bytes") if isinstance(cell, dict) else cell
    return data if isinstance(data, bytes) else b""


def _image_column(table: pa.Table, name: str) -> str:
    """The first column that holds bytes or a struct with bytes."""
    import pyarrow as pa

    for column in table.schema:
        if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
            return str(column.name)
        if pa.types.is_struct(column.type) and column.type.get_field_index("bytes") >= 0:
            return str(column.name)
    raise UserError(
        f"No column holds encoded images (columns: {', '.join(table.column_names)}).",
        where=name,
        fix="Export the images as bytes, or as structs of bytes and path.",
    )


def _class_names(schema: pa.Schema, label: str, labels: np.ndarray) -> list[str]:
    """Class names from the schema's `huggingface` metadata, else the numbers."""
    text = (schema.metadata or {}).get(b"huggingface", b"{}")
    features = json.loads(text).get("info", {}).get("features", {})
    names = features.get(label, {}).get("names")
    return [str(n) for n in names] if names else [str(k) for k in range(int(labels.max()) + 1)]


def folder(root: Path) -> Images:
    """Images from `ROOT/class/*.png`, or `ROOT/train/class/...` and `ROOT/test/class/...`.

    Keys are the paths below ROOT, such as `truck/0001.png`.
    """
    if not root.is_dir():
        raise UserError(f"No folder {root}.", f"folder:{root}", "Check the path.", MISSING)
    parts = [part for part in ("train", "test") if (root / part).is_dir()]
    parted = parts == ["train", "test"]
    tops = [root / part for part in parts] if parted else [root]
    classes = sorted({p.name for top in tops for p in top.iterdir() if p.is_dir()})
    files = [
        path
        for top in tops
        for name in classes
        for path in sorted((top / name).rglob("*"))
        if path.suffix.lower() in SUFFIXES
    ]
    if not files:
        raise UserError(
            f"No images found; expected one folder per class with {', '.join(SUFFIXES[:4])} files.",
            where=f"folder:{root}",
            fix="Arrange the images as ROOT/class/image.png.",
            code=MISSING,
        )
    keys = [path.relative_to(root).as_posix() for path in files]
    label_of = {name: label for label, name in enumerate(classes)}
    labels = np.asarray([label_of[key.split("/")[1 if parted else 0]] for key in keys])
    empty = [name for label, name in enumerate(classes) if label not in labels]
    if empty:
        raise UserError(
            f"Class folders without an image: {', '.join(empty[:5])}.",
            where=f"folder:{root}",
            fix="Remove these folders or put images into them.",
        )

    def read() -> Images:
        encoded = [path.read_bytes() for path in files]
        part = {"part": np.asarray([key.split("/")[0] for key in keys])} if parted else {}
        return Images(
            x=decode(encoded, keys, f"folder:{root}"),
            y=torch.from_numpy(labels),
            classes=classes,
            keys=np.asarray(keys),
            table=part,
            name=f"folder:{root.name}",
            hash=content_hash(encoded, labels),
        )

    return cached("folder", fingerprint(f"folder:{root}", files, {}), read)
