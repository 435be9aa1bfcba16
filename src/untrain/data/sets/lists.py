"""Lists of images, by key or by position: read from files, and checked against a data set."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from untrain.data.images import Images
from untrain.data.pixels.decode import shown
from untrain.data.sets.pseudonyms import FOUND, PREFIX
from untrain.data.sets.spelling import found_as_spelled, hint
from untrain.errors import MISSING, UserError, raise_all
from untrain.files import read_text, readable

KEYS = ("key", "keys", "id", "ids", "file", "files", "filename", "filenames", "path", "paths")
"""What the first line of a list may call its keys; in a csv file, their column."""
POSITIONS = ("index", "indices", "position", "positions")
"""What it may call positions."""


class Listed(NamedTuple):
    """What a list holds: keys or positions, or cells of a column of the data set."""

    entries: list[str]
    column: str = ""


def by_keys(
    entries: list[str],
    images: Images,
    train: np.ndarray,
    where: str,
    erased: np.ndarray | None = None,
    *,
    anywhere: bool = False,
) -> np.ndarray:
    """Positions of images by key; raises UserError with those that repeat, match nothing or are
    erased and, unless they may lie anywhere, with those that are not in the training set."""
    keys = np.asarray(entries, dtype=str)
    found = found_as_spelled(keys, images)
    like = hint(keys[found < 0].tolist(), images, str(images.keys[train[0]]))
    there = np.union1d(train, found) if anywhere else train
    problems = _problems(found, keys, there, erased, "keys", like)
    raise_all([UserError(what, where, fix) for what, fix in problems])
    return found


def by_positions(
    entries: list[str],
    images: Images,
    train: np.ndarray,
    where: str,
    erased: np.ndarray | None = None,
) -> np.ndarray:
    """Positions given as numbers; tells which repeat, lie outside or are erased."""
    odd = [entry for entry in entries if not _whole(entry)]
    if odd:
        raise UserError(
            f"Indices must be whole numbers, which {len(odd)} of {len(entries)} are not: "
            f"{shown(odd)}.",
            where=where,
            fix="Positions count from 0. For keys such as file names use ids: instead.",
        )
    numbers = [int(entry) for entry in entries]
    found = np.asarray([n if 0 <= n < len(images) else -1 for n in numbers], dtype=np.int64)
    like = f"Training positions lie between {train.min()} and {train.max()}."
    problems = _problems(found, np.asarray(entries, dtype=str), train, erased, "indices", like)
    raise_all([UserError(what, where, fix) for what, fix in problems])
    return found


def _whole(entry: str) -> bool:
    digits = entry.strip().removeprefix("-").removeprefix("+")
    return digits.isascii() and digits.isdecimal() and len(digits) < 20


def _problems(
    found: np.ndarray,
    entries: np.ndarray,
    train: np.ndarray,
    erased: np.ndarray | None,
    words: str,
    hint: str,
) -> list[tuple[str, str]]:
    """What is wrong and what to do: entries that repeat, exist nowhere, were not trained on, or
    are erased already."""
    _, first, counts = np.unique(found, return_index=True, return_counts=True)
    repeat = (counts > 1) & (found[first] >= 0)
    outside = (found >= 0) & ~np.isin(found, train)
    gone = np.isin(found, [] if erased is None else erased)
    return [
        (f"{len(bad)} of the {words} {what}: {shown(bad.tolist())}.", fix)
        for bad, what, fix in (
            (entries[first[repeat]], "repeat", "Name each image once."),
            (
                entries[found < 0],
                "match no image",
                f"Check the list against the data set. {hint}",
            ),
            (
                entries[outside],
                "are not in the training set (held out, left out by --limit, or test)",
                f"Only what was trained on can be forgotten. {hint}",
            ),
            (entries[gone], "were erased by an earlier request", "Leave them out of this one."),
        )
        if len(bad)
    ]


def read_list(
    path: Path, where: str, wanted: Sequence[str] = KEYS, images: Images | None = None
) -> Listed:
    """Entries of a text file (one a line), a csv (one column of it) or an npy array.

    A first line such as `key` or `index` is a heading. Of several columns it names the one that
    is read: one of `wanted` (KEYS or POSITIONS), or else one of the other words. A heading that is
    a column of `images` says that its cells are listed, and no keys.
    Raises UserError if the file is not there, cannot be read, holds something else or does not
    say which column is meant.
    """
    path = path.expanduser()
    if os.path.isdir(path):
        raise UserError(f"{path} is a folder.", where, "Name a file.", MISSING)
    if not os.path.isfile(path):  # unlike Path's own, it bears names that no file can have
        fix = FOUND if path.name.startswith(PREFIX) else "Check the path."
        raise UserError(f"No file {str(path)[:200]}.", where[:200], fix, MISSING)
    if path.suffix.lower() == ".npy":
        with readable(path, where):
            return Listed(_array(path, where))
    text = read_text(path, where, "Use txt, csv or npy.")
    if path.suffix.lower() != ".csv":
        rows = [[line] for line in text.splitlines()]
        return _listed([row for row in rows if row[0].strip()], wanted, where, images)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:  # a quotation mark that is not closed would join lines
        what = f"{path} is not a readable csv file: {error}."
        raise UserError(
            what, where, "Export it again, or use one key per line in a txt."
        ) from error
    filled = [row for row in rows if any(cell.strip() for cell in row)]
    return _listed(filled, wanted, where, images)


def _listed(
    rows: list[list[str]], wanted: Sequence[str], where: str, images: Images | None
) -> Listed:
    """The cells of a column of the images that alone is named, else the entries."""
    heading = [cell.strip() for cell in rows[0]] if rows else []
    columns = [cell for cell in heading if images is not None and cell in images.table]
    if len(columns) == 1 and images is not None:
        at = heading.index(columns[0])
        cells = [row[at].strip() for row in rows[1:] if at < len(row) and row[at].strip()]
        known = any(cell.lower() in wanted for cell in heading if cell != columns[0])
        keys = columns[0].lower() in wanted and np.isin(cells, images.keys).any()
        if cells and not known and not keys:
            return Listed(cells, columns[0])
    return Listed(_entries(rows, wanted, where))


def _entries(rows: list[list[str]], wanted: Sequence[str], where: str) -> list[str]:
    """The cells of the column that the first row names, or of the only one that is filled."""
    heading = [cell.strip().lower() for cell in rows[0]] if rows else []
    named = [place for place, cell in enumerate(heading) if cell in (*KEYS, *POSITIONS)]
    meant = [place for place in named if heading[place] in wanted] or named
    filled = {place for row in rows for place, cell in enumerate(row) if cell.strip()}
    columns = meant or sorted(filled)
    if len(columns) > 1:
        words = ", ".join(heading[place] for place in meant)
        raise UserError(
            f"Several columns may be meant: {words}."
            if meant
            else f"The list has several columns ({len(filled)}) and no heading that is known.",
            where=where,
            fix="Leave one of them, or write one entry per line."
            if meant
            else f"Write one entry per line, or a heading that names the column: {wanted[0]}.",
        )
    body = rows[1:] if named else rows
    return [row[at].strip() if at < len(row) else "" for at in columns for row in body]


def _array(path: Path, where: str) -> list[str]:
    """The entries of an npy file; pickled ones are refused."""
    try:
        with path.open("rb") as file:
            array = np.lib.format.read_array(file, allow_pickle=False)
    except (ValueError, EOFError) as error:
        what = f"{path} is not a plain array ({error})."
        raise UserError(what, where, "Save it with numpy.save.") from error
    if array.ndim != 1 or array.dtype.kind not in "iuUS":
        raise UserError(
            f"{path} holds {array.dtype} of shape {array.shape}, not a list of keys.",
            where=where,
            fix="Save a one-dimensional array of integers or strings.",
        )
    if array.dtype.kind == "S":
        return [cell.decode(errors="replace") for cell in array.tolist()]
    return [str(entry) for entry in array.astype(str)]
