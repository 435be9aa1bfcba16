"""What to forget: one grammar for the command line, TOML and Python.

    random:0.1    a tenth of the training images      random:500     500 of them
    class:truck   a whole class, by name              class:9,3      classes by number
    ids:FILE      images by key                       indices:FILE   images by position
                  (text with one entry per line, csv, npy)

`ids` are keys and `indices` positions in the data set; both must lie in the training set. A later
request selects from what earlier ones have left; its shares are of the whole training set.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from untrain.data.images import Images
from untrain.errors import MISSING, UserError, raise_all, unknown
from untrain.rng import numpy_rng

GRAMMAR = "random:0.1, random:500, class:NAME, class:9,3, ids:FILE or indices:FILE"


def select(
    rule: str,
    images: Images,
    train: np.ndarray,
    seed: int,
    earlier: Sequence[np.ndarray] = (),
) -> np.ndarray:
    """Positions that a rule selects from the training positions, sorted.

    images: the data set. train: positions that the model is trained on, before any forgetting.
    seed: the split seed; random rules depend on it, on the training keys and, after the first
        request, on the request's number and on what is left.
    earlier: positions that earlier requests have erased, one array a request.
    Raises UserError if the rule is malformed, selects nothing, selects everything that is left,
    or names images that are erased already.
    """
    erased = np.concatenate([np.zeros(0, dtype=np.int64), *earlier])
    kind, _, value = rule.partition(":")
    if kind == "random":
        chosen = _random(rule, train, seed, earlier)
    elif kind == "class":
        chosen = _classes(rule, images, train, erased)
    elif kind == "ids":
        chosen = by_keys(read_list(Path(value)), images, train, rule, erased)
    elif kind == "indices":
        chosen = by_positions(read_list(Path(value)), images, train, rule, erased)
    else:
        raise UserError(f"Forget rule '{rule}' is not understood.", "--forget", f"Use {GRAMMAR}.")
    left = len(train) - len(erased)
    if len(chosen) in (0, left):
        what = "none" if len(chosen) == 0 else "all"
        raise UserError(
            f"The forget rule selects {what} of the {left} training images"
            + (" that are left." if len(erased) else "."),
            where=f"--forget {rule}",
            fix="Select at least one image, and leave at least one to keep.",
        )
    return np.sort(chosen)


def _random(rule: str, train: np.ndarray, seed: int, earlier: Sequence[np.ndarray]) -> np.ndarray:
    """A share of the whole training set, or a number, drawn from what is left of it."""
    value = rule.partition(":")[2]
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
    left = np.setdiff1d(train, np.concatenate(earlier)) if earlier else train
    if earlier and count > len(left):
        raise UserError(
            f"{count} images are to be forgotten, and earlier requests have left {len(left)}.",
            where=f"--forget {rule}",
            fix=f"Forget less: a share is of all {len(train)} training images.",
        )
    # equal rules of two requests draw apart; the first draws as a request on its own
    number = (len(earlier) + 1,) if earlier else ()
    order = numpy_rng(seed, "forget", "random", *number).permutation(len(left))
    return left[order[:count]]


def _classes(rule: str, images: Images, train: np.ndarray, erased: np.ndarray) -> np.ndarray:
    """What is left of the named classes."""
    value = rule.partition(":")[2]
    named = train[np.isin(images.y.numpy()[train], class_numbers(value, images.classes))]
    chosen = np.setdiff1d(named, erased)
    if len(named) and not len(chosen):
        raise UserError(
            f"Earlier requests have erased all {len(named)} training images of '{value}'.",
            where=f"--forget {rule}",
            fix="Leave this request out.",
        )
    return chosen


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


def by_keys(
    entries: list[str],
    images: Images,
    train: np.ndarray,
    where: str,
    erased: np.ndarray | None = None,
) -> np.ndarray:
    """Positions of training images by key; tells which repeat, match nothing or are erased."""
    keys = np.asarray(entries, dtype=str)
    found = images.positions(keys) if len(keys) else np.zeros(0, dtype=np.int64)
    problems = _problems(found, keys, train, erased, "keys")
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
    try:
        found = np.asarray([int(entry) for entry in entries], dtype=np.int64)
    except (ValueError, OverflowError) as error:
        raise UserError(
            f"Indices must be whole numbers ({error}).",
            where=where,
            fix="Positions count from 0. For keys such as file names use ids: instead.",
        ) from error
    found = np.where((found >= 0) & (found < len(images)), found, -1)
    problems = _problems(found, np.asarray(entries, dtype=str), train, erased, "indices")
    raise_all([UserError(what, where, fix) for what, fix in problems])
    return found


def _problems(
    found: np.ndarray, entries: np.ndarray, train: np.ndarray, erased: np.ndarray | None, words: str
) -> list[tuple[str, str]]:
    """What is wrong and what to do: entries that repeat, exist nowhere, were not trained on, or
    are erased already."""
    _, first, counts = np.unique(found, return_index=True, return_counts=True)
    repeat = (counts > 1) & (found[first] >= 0)
    outside = (found >= 0) & ~np.isin(found, train)
    gone = np.isin(found, [] if erased is None else erased)
    problems = []
    for bad, what, fix in (
        (entries[first[repeat]], "repeat", "Name each image once."),
        (entries[found < 0], "match no image", "Check the list against the data set."),
        (
            entries[outside],
            "are not in the training set (held out, left out by --limit, or test)",
            "Only what was trained on can be forgotten.",
        ),
        (entries[gone], "were erased by an earlier request", "Leave them out of this one."),
    ):
        if len(bad):
            shown = ", ".join(map(str, bad[:5])) + (", ..." if len(bad) > 5 else "")
            problems.append((f"{len(bad)} of the {words} {what}: {shown}.", fix))
    return problems


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
