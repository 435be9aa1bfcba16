"""What to forget: one grammar for the command line, TOML and Python.

    random:0.1    a tenth of the training images      random:500     500 of them
    class:truck   a whole class, by name              class:9,3      classes by number
    ids:FILE      images by key                       indices:FILE   images by position
                  (text with one entry per line, csv, npy)

`ids` are keys and `indices` positions in the data set; both must lie in the training set.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from untrain.data.images import Images
from untrain.errors import MISSING, UserError, raise_all, unknown
from untrain.rng import numpy_rng

GRAMMAR = "random:0.1, random:500, class:NAME, class:9,3, ids:FILE or indices:FILE"


def select(rule: str, images: Images, train: np.ndarray, seed: int) -> np.ndarray:
    """Positions that a rule selects from the training positions, sorted.

    images: the data set. train: positions that the model is trained on, before forgetting.
    seed: the split seed; random rules depend on it and on the training keys alone.
    Raises UserError if the rule is malformed, selects nothing, or selects everything.
    """
    kind, _, value = rule.partition(":")
    if kind == "random":
        chosen = _random(rule, value, train, seed)
    elif kind == "class":
        labels = images.y.numpy()[train]
        chosen = train[np.isin(labels, class_numbers(value, images.classes))]
    elif kind == "ids":
        chosen = by_keys(read_list(Path(value)), images, train, rule)
    elif kind == "indices":
        chosen = by_positions(read_list(Path(value)), images, train, rule)
    else:
        raise UserError(f"Forget rule '{rule}' is not understood.", "--forget", f"Use {GRAMMAR}.")
    chosen = np.sort(chosen)
    if len(chosen) == 0 or len(chosen) == len(train):
        what = "none" if len(chosen) == 0 else "all"
        raise UserError(
            f"The forget rule selects {what} of the {len(train)} training images.",
            where=f"--forget {rule}",
            fix="Select at least one image, and leave at least one to keep.",
        )
    return chosen


def _random(rule: str, value: str, train: np.ndarray, seed: int) -> np.ndarray:
    try:
        amount = float(value)
    except ValueError:
        amount = -1.0
    share = "." in value or "e" in value.lower()
    if not (0 < amount < 1 if share else amount >= 1 and amount.is_integer()):
        raise UserError(
            f"'{value}' is neither a share between 0 and 1 nor a whole number of images.",
            where=f"--forget {rule}",
            fix="Write random:0.1 for a tenth, or random:500 for 500 images.",
        )
    count = round(amount * len(train)) if share else int(amount)
    order = numpy_rng(seed, "forget", "random").permutation(len(train))
    return train[order[:count]]


def class_numbers(value: str, classes: list[str]) -> list[int]:
    """Class numbers from a comma-separated list of names or numbers; names win over numbers."""
    numbers, problems = [], []
    for word in filter(None, (word.strip() for word in value.split(","))):
        if word in classes:
            numbers.append(classes.index(word))
        elif word.isdecimal() and int(word) < len(classes):
            numbers.append(int(word))
        else:
            fix = f"Classes are 0-{len(classes) - 1}: {', '.join(classes[:12])}"
            fix += ", ..." if len(classes) > 12 else ""
            problems.append(unknown("class", word, classes, fix))
    raise_all(problems)
    return numbers


def by_keys(entries: list[str], images: Images, train: np.ndarray, where: str) -> np.ndarray:
    """Positions of training images by key; tells which keys repeat or match nothing."""
    keys = np.asarray(entries, dtype=str)
    found = images.positions(keys) if len(keys) else np.zeros(0, dtype=np.int64)
    return _checked(found, keys, train, where, "keys")


def by_positions(entries: list[str], images: Images, train: np.ndarray, where: str) -> np.ndarray:
    """Positions given as numbers; tells which repeat or lie outside."""
    try:
        found = np.asarray([int(entry) for entry in entries], dtype=np.int64)
    except (ValueError, OverflowError) as error:
        raise UserError(
            f"Indices must be whole numbers ({error}).",
            where=where,
            fix="Positions count from 0. For keys such as file names use ids: instead.",
        ) from error
    found = np.where((found >= 0) & (found < len(images)), found, -1)
    return _checked(found, np.asarray(entries, dtype=str), train, where, "indices")


def _checked(
    found: np.ndarray, entries: np.ndarray, train: np.ndarray, where: str, words: str
) -> np.ndarray:
    """Refuse entries that repeat, exist nowhere, or name an image the model was not trained on."""
    _, first, counts = np.unique(found, return_index=True, return_counts=True)
    repeat = (counts > 1) & (found[first] >= 0)
    outside = (found >= 0) & ~np.isin(found, train)
    problems = []
    for bad, what, fix in (
        (entries[first[repeat]], "repeat", "Name each image once."),
        (entries[found < 0], "match no image", "Check the list against the data set."),
        (
            entries[outside],
            "are not in the training set (held out, left out by --limit, or test)",
            "Only what was trained on can be forgotten.",
        ),
    ):
        if len(bad):
            shown = ", ".join(map(str, bad[:5])) + (", ..." if len(bad) > 5 else "")
            problems.append(UserError(f"{len(bad)} of the {words} {what}: {shown}.", where, fix))
    raise_all(problems)
    return found


def read_list(path: Path) -> list[str]:
    """Entries of a text file (one a line), the first column of a csv, or an npy array."""
    if not path.is_file():
        raise UserError(f"No file {path}.", "--forget", "Check the path.", MISSING)
    if path.suffix == ".npy":
        try:
            with path.open("rb") as file:
                array = np.lib.format.read_array(file, allow_pickle=False)
        except ValueError as error:
            raise UserError(
                f"{path} is not a plain array ({error}).", "--forget", "Save it with numpy.save."
            ) from error
        if array.ndim != 1 or array.dtype.kind not in "iuUS":
            raise UserError(
                f"{path} holds {array.dtype} of shape {array.shape}, not a list of keys.",
                "--forget",
                "Save a one-dimensional array of integers or strings.",
            )
        return [str(entry) for entry in array.astype(str)]
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not text.", "--forget", "Use txt, csv or npy.") from error
    if path.suffix == ".csv":
        entries = [row[0].strip() for row in csv.reader(lines) if row]
        header = entries[:1] and entries[0].lower() in ("id", "ids", "key", "keys", "index")
        return entries[1:] if header else entries
    return [line.strip() for line in lines if line.strip()]
