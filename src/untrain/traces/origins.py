"""What of the erased images lies where they came from: files, rows of tables, arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from untrain.data.sources.columns import image_column
from untrain.data.sources.delimited import csv_files, open_csv
from untrain.data.sources.folder import places_of_metadata
from untrain.data.sources.metadata import metadata
from untrain.data.sources.tables import keys_of_paths
from untrain.data.sources.tree import images_below
from untrain.errors import UserError
from untrain.traces.erased import Erased

WHOLE = {
    "parquet": "the images, encoded",
    "arrow": "the images, as rows of Arrow files",
    "numpy": "the images, as arrays",
    "torch": "the images, as tensors",
}
"""What files hold of which no image can be removed alone."""


def holdings(kind: str, path: Path, erased: Erased) -> list[tuple[Path, str]]:
    """Files and folders that hold erased images or name them, and what they hold."""
    if not path.exists():
        return []
    if kind == "folder":
        return _in_folder(path, erased)
    if kind == "csv":
        return [found for file in csv_files(path) for found in _in_csv(file, erased)]
    return [(path, WHOLE.get(kind, "the images"))]


def _in_folder(root: Path, erased: Erased) -> list[tuple[Path, str]]:
    """The image files, and the rows of a metadata.csv, whether or not their image is there."""
    if not root.is_dir():
        return []
    column = str(erased.data.get("key", ""))
    try:
        notes = metadata(root, places_of_metadata(root))
    except UserError:
        notes = None
    rows = notes.rows if notes else {}
    files = [file.relative_to(root).as_posix() for file in images_below(root)]
    keys = [rows.get(file, {}).get(column, "") if column else file for file in files]
    count = _count(keys, erased)
    found = [(root, f"the files of {count} of them")] if count else []
    named = _count([row.get(column, "") if column else key for key, row in rows.items()], erased)
    listed = notes.files if notes and named else []
    return found + [(file, f"rows that name {named} of them") for file in listed]


def _in_csv(file: Path, erased: Erased) -> list[tuple[Path, str]]:
    """The rows, and the image files that they name."""
    column = str(erased.data.get("key", ""))
    try:
        shard = open_csv(file, "")
        images = image_column([shard], str(file))
        paths = keys_of_paths([shard], images)
        keys = shard.column(column).to_pylist() if column else paths
    except (UserError, KeyError):
        return [(file, "not known: it cannot be read")]
    gone = erased.among(np.asarray([key or "" for key in keys], dtype=str))
    there = [path for path, one in zip(paths, gone, strict=True) if one]
    there = [path for path in there if (file.parent / path).is_file()]
    found = [(file, f"rows that name {gone.sum()} of them")] if gone.any() else []
    return found + ([(file.parent, f"the files of {len(there)} of them")] if there else [])


def _count(keys: list[str], erased: Erased) -> int:
    return int(erased.among(np.asarray(keys, dtype=str)).sum()) if keys else 0
