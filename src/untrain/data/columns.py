"""Columns of parquet files: the one with the images, the labels and their names, and others."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from untrain.data.decode import DAMAGED, shown
from untrain.errors import Problems, UserError, unknown

if TYPE_CHECKING:
    import pyarrow as pa

Tables = dict[Path, "pa.Table"]
IMAGES = ("image", "img", "images", "imgs", "pixel_values", "pixels", "picture", "photo")
"""What the column of the images may be called where several could be it, the first that is."""


def refuse_columns(
    tables: Tables, image: str, label: str, others: Sequence[str], name: str
) -> None:
    """Raise UserError with all columns that some files lack, and with the nearest name."""
    problems = Problems()
    for column in filter(None, dict.fromkeys((image, label, *others))):
        lack = [path.name for path, table in tables.items() if column not in table.column_names]
        there = list(dict.fromkeys(c for table in tables.values() for c in table.column_names))
        if len(lack) == len(tables):
            fix = f"Columns: {', '.join(there)}."
            if column == label:
                fix = f"Labels stand in a column '{label}'. {fix}"
            problems.add(unknown("column", column, there, fix))
        elif lack:
            what = f"{len(lack)} of {len(tables)} files have no column '{column}': {shown(lack)}."
            problems.add(UserError(what, name, "Export all files in one layout."))
    problems.raise_all()


def image_column(tables: Tables, name: str) -> str:
    """The column with the images: of several, one called so, or the only one that opens.

    Raises UserError if there is none, or several of them.
    """
    schema = next(iter(tables.values())).schema
    found = [str(column.name) for column in schema if _holds_images(column.type)]
    called = {column.lower(): column for column in reversed(found)}
    known = [called[word] for word in IMAGES if word in called]
    if len(found) == 1 or known:
        return (known or found)[0]
    opened = [column for column in found if _opens(tables, column)]
    if len(opened) == 1:
        return opened[0]
    if found:
        raise UserError(
            f"{len(found)} columns may hold the images: {', '.join(found)}.",
            where=name,
            fix=f"Call the right one '{IMAGES[0]}', or leave the others out of the files.",
        )
    raise UserError(
        f"No column holds encoded images (columns: {', '.join(schema.names)}).",
        where=name,
        fix="Export the images as bytes, or as structs of bytes and path.",
    )


def _opens(tables: Tables, column: str) -> bool:
    """Whether the first cell that is filled begins like an image."""
    from PIL import Image

    for table in tables.values():
        cells = table.column(column) if column in table.column_names else ()
        for cell in cells:
            value = cell.as_py()
            data = value.get("bytes") if isinstance(value, dict) else value
            if data:
                try:
                    Image.open(io.BytesIO(data)).close()
                except DAMAGED:
                    return False
                return True
    return False


def _holds_images(kind: pa.DataType) -> bool:
    import pyarrow as pa

    struct = pa.types.is_struct(kind) and kind.get_field_index("bytes") >= 0
    return bool(struct or pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def images_of(tables: Tables, column: str) -> list[bytes]:
    """The encoded images: cells of bytes, or structs with a field `bytes`; b"" for none."""
    cells = (cell for table in tables.values() for cell in table.column(column).to_pylist())
    found = (cell.get("bytes") if isinstance(cell, dict) else cell for cell in cells)
    return [data if isinstance(data, bytes) else b"" for data in found]


def labels_of(tables: Tables, column: str, keys: Sequence[str], name: str) -> np.ndarray:
    """The labels, int64 (N,); raises UserError if some are missing or they are not integers."""
    import pyarrow as pa

    cells = [table.column(column) for table in tables.values()]
    kinds = dict.fromkeys(str(c.type) for c in cells if not pa.types.is_integer(c.type))
    null = np.concatenate([np.asarray(c.is_null()) for c in cells]).nonzero()[0]
    if kinds or len(null):
        rows = [f"row {keys[at]}" for at in null.tolist()]
        what = f"Column '{column}' holds {' and '.join(kinds)}, not class numbers." if kinds else ""
        if len(null):
            what = f"{what} {len(null)} of {len(keys)} labels are missing: {shown(rows)}.".strip()
        fix = "Labels are integers from 0 to the number of classes minus one."
        if any("list" in kind for kind in kinds):
            fix = f"Give class numbers instead of one-hot rows. {fix}"
        raise UserError(what, name, fix)
    return np.concatenate([np.asarray(c.to_numpy(), dtype=np.int64) for c in cells])


def class_names(tables: Tables, column: str, name: str) -> list[str]:
    """The names of a column's numbers from the `huggingface` metadata; [] if there are none.

    Raises UserError if two files give different names.
    """
    told = {path: _names(table.schema, column) for path, table in tables.items()}
    given = {path.name: names for path, names in told.items() if names}
    if not given:
        return []
    first, *others = given
    for other in others:
        if given[other] != given[first]:
            raise UserError(
                f"{first} and {other} name the classes of column '{column}' differently.",
                where=name,
                fix="Export all files with the same class names, in one order.",
            )
    return given[first]


def _names(schema: pa.Schema, column: str) -> list[str]:
    try:
        part: Any = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
    except ValueError:
        return []
    for step in ("info", "features", column, "names"):
        part = part.get(step) if isinstance(part, dict) else None
    return [str(name) for name in part] if isinstance(part, list) else []


def keys_of(tables: Tables, column: str, rows: Sequence[str]) -> np.ndarray:
    """The cells of the column with the keys, which rows name as well.

    Raises UserError if it holds no text or numbers, or if keys are missing.
    """
    kinds = {field.type for t in tables.values() for field in t.schema if field.name == column}
    if not all(map(_plain, kinds)):
        what = f"Column '{column}' holds {', '.join(map(str, kinds))}, which are no keys."
        raise UserError(what, f"--key {column}", "Name a column of text or numbers.")
    null = np.concatenate([np.asarray(t.column(column).is_null()) for t in tables.values()])
    if null.any():
        missing = shown([f"row {rows[at]}" for at in null.nonzero()[0].tolist()])
        what = f"{null.sum()} of {len(rows)} keys are missing: {missing}."
        raise UserError(what, f"--key {column}", "Give every image a key of its own.")
    return texts(tables, column)


def texts(tables: Tables, column: str) -> np.ndarray:
    """The cells of a column as strings (N,); "" where there is none."""
    rows: list[str] = []
    for table in tables.values():
        there = column in table.column_names
        cells = _values(table.column(column)) if there else [None] * len(table)
        rows += ("" if cell is None else str(cell) for cell in cells)
    return np.asarray(rows)


def _values(cells: pa.ChunkedArray) -> list[Any]:
    """The cells as Python's values; times in nanoseconds, which it has not, as their number."""
    try:
        return list(cells.to_pylist())
    except ValueError:
        return list(cells.cast("int64").to_pylist())


def plain_columns(tables: Tables, leave: Sequence[str]) -> dict[str, np.ndarray]:
    """All further columns that hold text or numbers, as strings."""
    schemas = [table.schema for table in tables.values()]
    found = dict.fromkeys(
        field.name for schema in schemas for field in schema if _plain(field.type)
    )
    return {column: texts(tables, column) for column in found if column not in leave}


def _plain(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return not (pa.types.is_nested(kind) or _holds_images(kind))
