"""Folders of image files, one folder per class."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import torch

from untrain.data.images import Images, content_hash
from untrain.data.pixels.cache import cached, fingerprint
from untrain.data.pixels.decode import VERSION, decode, shown
from untrain.data.reading import Reading
from untrain.data.sources.classes import Found, by_class, by_column, refuse_other_labels
from untrain.data.sources.labels import tell_names
from untrain.data.sources.metadata import FILES, Metadata, metadata
from untrain.data.sources.parts import with_part
from untrain.data.sources.repeats import refuse_repeats
from untrain.data.sources.shards import files_of
from untrain.data.sources.tree import folders_in, is_flat
from untrain.errors import MISSING, Problems, UserError, unknown


def folder(root: Path, reading: Reading | None = None) -> Images:
    """Images from `ROOT/class/*.png`, or `ROOT/train/class/...` and `ROOT/test/class/...`.

    Keys are the paths below ROOT, such as `truck/0001.png`. Folders in the folder of a class are
    its subclasses. Hidden files and files of another kind are passed over. A `metadata.csv` in
    ROOT, in the folder of a part or of a class gives further columns; images without class folders
    have their labels from it, and so have all of them where `reading.label` names a column.
    Raises UserError with all that is wrong.
    """
    if not root.is_dir():
        what = f"{root} is a file, not a folder." if root.exists() else f"No folder {root}."
        raise UserError(what, f"folder:{root}", "Check the path.", MISSING)
    try:
        return _folder(root, reading or Reading())
    except OSError as error:
        what = f"{error.filename} cannot be read: {error.strerror}."
        raise UserError(what, f"folder:{root}", "Check its permissions.", MISSING) from error


def _folder(root: Path, reading: Reading) -> Images:
    where = f"folder:{root}"
    notes = metadata(root, places_of_metadata(root))
    _refuse_columns(reading, notes, where)
    flat = notes is not None and (reading.label or (notes.label and is_flat(root)))
    found = by_column(root, notes, reading.label, where) if notes and flat else by_class(root)
    problems = Problems()
    keys = problems.attempt(partial(_keys, found, notes, reading.key, where))
    if notes and not flat:
        problems.attempt(refuse_other_labels, found, notes)
    table = found.table
    if notes:
        noted = problems.attempt(notes.table, found.keys)
        table = problems.attempt(_joined, table, noted, where) or table

    def read() -> Images:
        x, digests, told = decode(files_of(found.files, where), found.keys, where, reading.size)
        return Images(
            x=x,
            y=torch.from_numpy(found.labels),
            classes=found.classes,
            keys=problems.settled(keys),
            table=table,
            name=f"folder:{root.name}",
            hash=content_hash(digests, found.labels, reading.size),
            files=told,
        )

    problems.raise_all()
    about = {"key": reading.key, "label": reading.label, "size": reading.size, "decode": VERSION}
    files = [*found.files, *(notes.files if notes else [])]
    images = cached("folder", fingerprint(where, files, about), read)
    tell_names(images.classes, images.name)
    return images


def _keys(found: Found, notes: Metadata | None, column: str, where: str) -> np.ndarray:
    """The keys (N,): paths, or the cells of a column. Raises UserError if some lack or repeat."""
    if not column or notes is None:
        return np.asarray(found.keys)
    keys = notes.column(column, found.keys)
    lack = [key for key, given in zip(found.keys, keys.tolist(), strict=True) if not given]
    if lack:
        what = f"{len(lack)} of {len(keys)} keys are missing: {shown(lack)}."
        raise UserError(what, f"--key {column}", "Give every image a key of its own.")
    refuse_repeats(keys, found.labels, found.classes, where, column)
    return keys


def _joined(
    own: dict[str, np.ndarray], noted: dict[str, np.ndarray], where: str
) -> dict[str, np.ndarray]:
    """The columns of a folder and those of its metadata; parts that folders say are kept."""
    table = {**noted, **own}
    return table if "part" in own else with_part(table, None, where)


def places_of_metadata(root: Path) -> list[Path]:
    """Where a metadata.csv may lie."""
    below = folders_in(root)
    return [root, *below, *(path for top in below for path in folders_in(top))]


def _refuse_columns(reading: Reading, notes: Metadata | None, where: str) -> None:
    """Raise UserError if a column that is asked for is not there."""
    problems = Problems()
    for flag, column in (("--key", reading.key), ("--label", reading.label)):
        if column and notes is None:
            what = f"{flag} {column} names a column, and this folder has none: it has no "
            what += f"{FILES[0]}."
            fix = f"Leave it out, or write {FILES[0]} with the columns file_name and {column}."
            problems.add(UserError(what, where, fix))
        elif notes and column and column not in notes.columns:
            fix = f"Columns: {', '.join(notes.columns)}."
            missing = unknown("column", column, notes.columns, fix)
            problems.add(UserError(missing.what, f"{flag} {column}", fix))
    problems.raise_all()
