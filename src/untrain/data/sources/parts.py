"""Who belongs where, as names of files and cells of a column say: train, test, val, unseen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from untrain.data.pixels.decode import shown
from untrain.errors import UserError
from untrain.progress import say

WORDS = {
    "train": ("train", "training"),
    "test": ("test", "testing"),
    "val": ("val", "valid", "validation", "dev"),
    "unseen": ("unseen",),
}
"""What each part may be called, in any case."""
PARTS = {word: part for part, words in WORDS.items() for word in words}
PLACES = ("", "train", "test", "val", "unseen")
"""Their order; "" where nothing says parts."""
COLUMNS = ("part", "split")
"""Columns that may say the part of each image."""


def part_in(name: str) -> str:
    """The part that a word of a name says, as in `train-0.arrow` or `x_test`; "" if none does."""
    words = re.split(r"[^a-z0-9]+", name.lower())
    return next((PARTS[word] for word in words if word in PARTS), "")


def val_as_test(parts: set[str]) -> dict[str, str]:
    """What parts of files are taken for: `val` is the test part where there is no other."""
    return {part: "test" if part == "val" and "test" not in parts else part for part in parts}


def parts_of_files(said: dict[Path, str]) -> dict[Path, str]:
    """The part of each file by what its name says; "" for all where none says any.

    Files that say none are left where another says train, which is told; else they are trained on.
    """
    meant = val_as_test(set(said.values()))
    if not any(said.values()):
        return said
    left = [file for file, part in said.items() if not part] if "train" in meant else []
    if left:
        say(f"not used, as other files are called train: {shown([file.name for file in left])}")
    return {file: meant[part] or "train" for file, part in said.items() if file not in left}


def part_column(columns: Mapping[str, np.ndarray], where: str) -> np.ndarray | None:
    """The part of each image from a column `part` or `split`; None if no column says it.

    A column is one of parts if all its values are words of WORDS.
    Raises UserError if some of them are, and others are not.
    """
    for name in (name for word in COLUMNS for name in columns if name.lower() == word):
        values = np.unique(columns[name].astype(str))
        known = [value for value in values.tolist() if value.strip().lower() in PARTS]
        odd = [value or "(empty)" for value in values.tolist() if value not in known]
        if known and odd:
            what = (
                f"Column '{name}' says {shown(known)} of some images, but {shown(odd)} of others."
            )
            fix = "Parts are train, test, val and unseen. If it says something else, rename it."
            raise UserError(what, where, fix)
        if known:
            cells = columns[name].astype(str).tolist()
            return np.asarray([PARTS[cell.strip().lower()] for cell in cells])
    return None


def with_part(
    columns: dict[str, np.ndarray], files: np.ndarray | None, where: str
) -> dict[str, np.ndarray]:
    """The columns, of which `part` says the part: from a column, else from the files' names."""
    said = part_column(columns, where)
    part = files if said is None else said
    others = {name: cells for name, cells in columns.items() if name != "part"}
    return others if part is None else {"part": part, **others}
