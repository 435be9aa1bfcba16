"""What is known of the images of a folder beside their class: its metadata.csv or .jsonl."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from untrain.data.pixels.decode import shown
from untrain.data.sources.columns import PATHS, called
from untrain.data.sources.labels import LABELS
from untrain.data.sources.text import read_table
from untrain.data.sources.tree import spelled
from untrain.errors import Problems, UserError
from untrain.progress import say

FILES = ("metadata.csv", "metadata.tsv", "metadata.jsonl")
"""What the file is called."""
NAMES = ("file_name", "key", *PATHS)
"""What its column with the images may be called, the first that is there."""


@dataclass(frozen=True)
class Metadata:
    """Rows by the key of their image, its path below the folder of the images."""

    files: list[Path]
    columns: list[str]
    rows: dict[str, dict[str, str]]
    image: str
    """The column that names the images, in the last of the files."""

    @property
    def label(self) -> str:
        """The column with the labels by its name, "" if there is none."""
        return called(LABELS, self.columns)

    def column(self, name: str, keys: Sequence[str]) -> np.ndarray:
        """The cells of the images with these keys (N,); "" where there is none."""
        return np.asarray([self.rows.get(key, {}).get(name, "") for key in keys], dtype=str)

    def refuse_others(self, keys: Sequence[str]) -> None:
        """Raise UserError if no row is of one of these images."""
        if not self.rows or not self.rows.keys().isdisjoint(keys):
            return
        what = f"None of its {len(self.rows)} rows is of an image that is there: "
        what += f"{shown(list(self.rows))}."
        fix = f"Write where each image lies, such as {keys[0]}, into column '{self.image}'."
        raise UserError(what, ", ".join(map(str, self.files)), fix)

    def table(self, keys: Sequence[str]) -> dict[str, np.ndarray]:
        """All columns. Rows without an image and images without a row are told.

        Raises UserError if no row is of an image.
        """
        self.refuse_others(keys)
        there = set(keys)
        lost = [key for key in self.rows if key not in there]
        bare = [key for key in keys if key not in self.rows]
        where = ", ".join(map(str, self.files))
        if lost:
            say(f"{where}: {len(lost)} rows are of images that are not there: {shown(lost)}")
        if bare:
            say(f"{where}: {len(bare)} images have no row: {shown(bare)}")
        return {name: self.column(name, keys) for name in self.columns}


def metadata(root: Path, places: Iterable[Path]) -> Metadata | None:
    """What the files in these folders, all below `root`, say; None if there are none.

    Raises UserError if one cannot be read, names no images, or says two things of one image.
    """
    files = [place / name for place in dict.fromkeys(places) for name in FILES]
    files = [file for file in files if file.is_file()]
    problems = Problems()
    rows: dict[str, dict[str, str]] = {}
    columns: dict[str, None] = {}
    image = NAMES[0]
    for file in files:
        table = problems.attempt(read_table, file, str(file))
        if table is None:
            continue
        name = called(NAMES, list(table))
        if not name:
            what = f"No column of {file.name} names the images (columns: {', '.join(table)})."
            problems.add(UserError(what, str(file), f"Call it {NAMES[0]}."))
            continue
        image = name
        others = [column for column in table if column != name]
        columns |= dict.fromkeys(others)
        twice = []
        for at, cell in enumerate(table[name]):
            key = _key(root, file.parent, cell)
            row = {column: table[column][at] for column in others}
            if rows.setdefault(key, row) != row:
                twice.append(key)
        if twice:
            what = f"{len(twice)} images have two rows that differ: {shown(twice)}."
            problems.add(UserError(what, str(file), "Leave one row for each image."))
    problems.raise_all()
    return Metadata(files, list(columns), rows, image) if files else None


def _key(root: Path, folder: Path, cell: str) -> str:
    """The path below root of the file that a cell names, from its own folder or from root."""
    path = spelled(folder, cell)
    path = path if os.path.isfile(path) else spelled(root, cell)
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else cell
