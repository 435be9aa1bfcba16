"""Columns of tables: the one with the images, the labels and their names, the keys, and others."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from untrain.data.pixels.decode import shown
from untrain.data.pixels.photo import DAMAGED
from untrain.data.sources.shards import Shard, holds_images, is_plain, is_text
from untrain.errors import Problems, UserError, unknown

if TYPE_CHECKING:
    import pyarrow as pa

IMAGES = ("image", "img", "images", "imgs", "pixel_values", "pixels", "picture", "photo")
"""What the column of the images may be called where several could be it, the first that is."""
PATHS = (
    "file_name", "filename", "file", "path", "filepath", "file_path", "image_path", "img_path",
    "image_file", "files", "paths", *IMAGES,
)  # fmt: skip
"""The same for a column with the paths of image files."""
FEW = 20
"""Cells that are looked at to tell whether a column holds paths."""
Shards = Sequence[Shard]


def refuse_columns(shards: Shards, wanted: Sequence[str], label: str, name: str) -> None:
    """Raise UserError with all columns that some files lack, and with the nearest name."""
    problems = Problems()
    there = names_in(shards)
    for column in filter(None, dict.fromkeys(wanted)):
        lack = [shard.path.name for shard in shards if column not in shard.column_names]
        if len(lack) == len(shards):
            fix = f"Columns: {', '.join(there)}."
            if column == label:
                fix = f"Name the column of the labels: --label COLUMN. {fix}"
            missing = unknown("column", column, there, fix)
            problems.add(UserError(missing.what, name, fix))
        elif lack:
            what = f"{len(lack)} of {len(shards)} files have no column '{column}': {shown(lack)}."
            problems.add(UserError(what, name, "Export all files in one layout."))
    problems.raise_all()


def names_in(shards: Shards) -> list[str]:
    """All columns that any of the files has."""
    return list(dict.fromkeys(column for shard in shards for column in shard.column_names))


def called(words: Sequence[str], columns: Sequence[str]) -> str:
    """The column that is called as the first of the words that is there, in any case, or ""."""
    lower = {column.lower(): column for column in reversed(columns)}
    return next((lower[word] for word in words if word in lower), "")


def image_column(shards: Shards, name: str) -> str:
    """The column with the images: of several, one called so, or the only one that opens; without
    encoded images the one with the paths of files.

    Raises UserError if there is none, or several of them.
    """
    schema = shards[0].schema
    found = [str(column.name) for column in schema if holds_images(column.type)]
    known = called(IMAGES, found)
    if len(found) == 1 or known:
        return known or found[0]
    opened = [column for column in found if _opens(shards, column)]
    if len(opened) == 1:
        return opened[0]
    if found:
        raise UserError(
            f"{len(found)} columns may hold the images: {', '.join(found)}.",
            where=name,
            fix=f"Call the right one '{IMAGES[0]}', or leave the others out of the files.",
        )
    return path_column(shards, name)


def path_column(shards: Shards, name: str) -> str:
    """The column with the paths of image files: one called so, or the only one whose cells are.

    Raises UserError if there is none, or several of them.
    """
    schema = shards[0].schema
    plain = [str(column.name) for column in schema if is_text(column.type)]
    files = paths_in(shards)
    known = called(PATHS, files) or called(PATHS, plain)
    if known or len(files) == 1:
        return known or files[0]
    what = f"No column holds encoded images or paths (columns: {', '.join(schema.names)})."
    if files:
        what = f"{len(files)} columns may hold the paths of the images: {', '.join(files)}."
    fix = "Give images as bytes, as structs of bytes and path, or as paths in a column 'path'."
    raise UserError(what, name, fix)


def paths_in(shards: Shards) -> list[str]:
    """The columns whose cells are paths of files that are there."""
    plain = [str(column.name) for column in shards[0].schema if is_text(column.type)]
    return [column for column in plain if _are_files(shards[0], column)]


def _are_files(shard: Shard, column: str) -> bool:
    cells = [cell for cell in shard.column(column)[:FEW].to_pylist() if cell]
    folder = shard.path.parent
    return bool(cells) and all(len(cell) < 1000 and (folder / cell).is_file() for cell in cells)


def _opens(shards: Shards, column: str) -> bool:
    """Whether the first cell that is filled begins like an image."""
    from PIL import Image

    for shard in shards:
        for data in shard.images(column) if column in shard.column_names else ():
            if data:
                try:
                    Image.open(io.BytesIO(data)).close()
                except DAMAGED:
                    return False
                return True
    return False


def keys_of(shards: Shards, column: str, rows: Sequence[str]) -> np.ndarray:
    """The cells of the column with the keys; rows: what each row is called.

    Raises UserError if it holds no text or numbers, or if keys are missing.
    """
    kinds = {field.type for shard in shards for field in shard.schema if field.name == column}
    if not all(map(is_plain, kinds)):
        what = f"Column '{column}' holds {', '.join(map(str, kinds))}, which are no keys."
        raise UserError(what, f"--key {column}", "Name a column of text or numbers.")
    keys = texts(shards, column)
    if (keys == "").any():
        missing = [rows[at] for at in (keys == "").nonzero()[0].tolist()]
        what = f"{len(missing)} of {len(rows)} keys are missing: {shown(missing)}."
        raise UserError(what, f"--key {column}", "Give every image a key of its own.")
    return keys


def texts(shards: Shards, column: str) -> np.ndarray:
    """The cells of a column as strings (N,); "" where there is none."""
    rows: list[str] = []
    for shard in shards:
        there = column in shard.column_names
        cells = _values(shard.column(column)) if there else [None] * len(shard)
        rows += ("" if cell is None else str(cell) for cell in cells)
    return np.asarray(rows, dtype=str)


def _values(cells: pa.ChunkedArray) -> list[Any]:
    """The cells as Python's values; times in nanoseconds, which it has not, as their number."""
    try:
        return list(cells.to_pylist())
    except ValueError:
        return list(cells.cast("int64").to_pylist())


def plain_columns(shards: Shards, leave: Sequence[str]) -> dict[str, np.ndarray]:
    """All further columns that hold text or numbers, as strings."""
    found = dict.fromkeys(
        str(field.name) for shard in shards for field in shard.schema if is_plain(field.type)
    )
    return {column: texts(shards, column) for column in found if column not in leave}
