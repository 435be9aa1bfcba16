"""What to forget: one grammar for the command line, TOML and Python.

    random:0.1    a tenth of the training images      random:500     500 of them
    class:truck   a whole class, by name              class:9,3      classes by number
    subclass:rocket                                   a part of a class (cifar20: a fine label)
    where:user=17 images by a column of the data      where:camera=b,split=2019   by two
    planted       what --plant has planted            planted:0.5    one half of it
    ids:FILE      images by key                       indices:FILE   images by position
                  (text with one entry per line, csv, npy)

`ids` are keys and `indices` positions in the data set; both must lie in the training set. A list of
ids whose heading is a column names all images with these cells. Of what `where:` names, all that
was trained on is selected. A later request selects from what earlier ones have left; its shares
are of the whole training set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from untrain.data.images import Images
from untrain.data.plants import planted_rows
from untrain.data.sets.lists import KEYS, POSITIONS, by_keys, by_positions, read_list
from untrain.data.sets.vanishing import tell_vanishing
from untrain.data.sets.where import having, matching, trained
from untrain.errors import UserError, raise_all, unknown
from untrain.rng import numpy_rng

GRAMMAR = (
    "random:0.1, random:500, class:NAME, class:9,3, subclass:NAME, where:COLUMN=VALUE, planted, "
    "ids:FILE or indices:FILE"
)


def select(
    rule: str,
    images: Images,
    train: np.ndarray,
    seed: int,
    earlier: Sequence[np.ndarray] = (),
    sets: Mapping[str, np.ndarray] | None = None,
) -> np.ndarray:
    """Positions that a rule selects from the training positions, sorted.

    What a rule names beside them, and classes that vanish, are told.

    images: the data set. train: positions that the model is trained on, before any forgetting.
    seed: the split seed; random rules depend on it, on the training keys and, after the first
        request, on the request's number and on what is left.
    earlier: positions that earlier requests have erased, one array a request.
    sets: positions by the names of the split, to say where images are that were not trained on.
    Raises UserError if the rule is malformed, selects nothing, selects everything that is left,
    or names images that are erased already.
    """
    erased = np.concatenate([np.zeros(0, dtype=np.int64), *earlier])
    kind, _, value = rule.partition(":")
    where = f"--forget {rule}"
    if kind == "random":
        chosen = _random(rule, train, seed, earlier)
    elif kind in ("class", "subclass"):
        chosen = _group(rule, images, train, erased)
    elif kind == "planted":
        chosen = planted_rows(rule, images, train, seed, erased)
    elif rule.startswith("where:"):
        chosen = trained(matching(value, images, where), train, erased, sets or {}, rule)
    elif kind == "ids" and value:
        listed = read_list(Path(value), where, KEYS, images)
        if listed.column:
            rows = having(listed.column, listed.entries, images, where)
            chosen = trained(rows, train, erased, sets or {}, rule)
        else:
            rows = by_keys(listed.entries, images, train, rule, erased, anywhere=True)
            chosen = trained(rows, train, erased, sets or {}, rule) if len(rows) else rows
    elif kind == "indices" and value:
        listed = read_list(Path(value), where, POSITIONS)
        chosen = by_positions(listed.entries, images, train, rule, erased)
    else:
        raise UserError(f"Forget rule '{rule}' is not understood.", "--forget", f"Use {GRAMMAR}.")
    left = len(train) - len(erased)
    if len(chosen) in (0, left):
        what = "none" if len(chosen) == 0 else "all"
        raise UserError(
            f"The forget rule selects {what} of the {left} training images"
            + (" that are left" if len(erased) else "")
            + f"{_reason(kind, value, images, len(train)) if len(chosen) == 0 else ''}.",
            where=where,
            fix="Select at least one image, and leave at least one to keep.",
        )
    if kind != "class":
        tell_vanishing(images, np.setdiff1d(train, erased), chosen)
    return np.sort(chosen)


def _reason(kind: str, value: str, images: Images, count: int) -> str:
    """Why a rule that is understood selects nothing; count: of training images."""
    if kind == "random":
        return f": a share of {value} rounds to 0 ({1 / count:.1g} is one image)"
    if kind in ("ids", "indices"):
        return f": {value} names no image"
    if not value.strip(", "):
        return f": no {kind} is named"
    names = _names(kind, images)
    rows = np.isin(_numbers_of(kind, images), numbers_named(value, names, kind))
    held = f": all {rows.sum()} images of '{value}' are held out, or in the test set"
    return held if rows.any() else f": there are no images of '{value}'"


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


def _group(rule: str, images: Images, train: np.ndarray, erased: np.ndarray) -> np.ndarray:
    """What is left of the named classes or subclasses."""
    kind, _, value = rule.partition(":")
    named = numbers_named(value, _names(kind, images), kind)
    there = train[np.isin(_numbers_of(kind, images)[train], named)]
    chosen = np.setdiff1d(there, erased)
    if len(there) and not len(chosen):
        raise UserError(
            f"Earlier requests have erased all {len(there)} training images of '{value}'.",
            where=f"--forget {rule}",
            fix="Leave this request out.",
        )
    return chosen


def _names(kind: str, images: Images) -> list[str]:
    """The classes or subclasses by number; "" for a number that no image has.

    Raises UserError if there are no subclasses.
    """
    if kind == "class":
        return images.classes
    if "subclass" not in images.table:
        raise UserError(
            f"{images.name} has no subclasses.",
            where="--forget subclass:...",
            fix="cifar20 has them, folders inside of class folders are such, and so is a column "
            "'subclass' of a parquet file. For whole classes use class:.",
        )
    cells = images.table["subclass"]
    if "subclass_number" not in images.table:
        return sorted({str(name) for name in cells} - {""})
    named = dict(zip(images.table["subclass_number"].tolist(), cells.tolist(), strict=True))
    return [named.get(number, "") for number in range(max(named) + 1)]


def _numbers_of(kind: str, images: Images) -> np.ndarray:
    """The number of each image's class or subclass, -1 for none: (N,)."""
    if kind == "class":
        return images.y.numpy()
    number = {name: at for at, name in enumerate(_names(kind, images)) if name}
    return np.asarray([number.get(name, -1) for name in images.table["subclass"].tolist()])


def numbers_named(value: str, names: list[str], kind: str = "class") -> list[int]:
    """Numbers from a comma-separated list of names or numbers; names win over numbers, and where
    all names are numbers, such as the years of folders, nothing but names counts.

    kind: class or subclass. Raises UserError for all that are unknown, or name several.
    """
    words = [value] if value in names else [word.strip() for word in value.split(",")]
    called = [name for name in names if name]
    only_names = all(map(str.isdecimal, called)) and len(set(called)) == len(called)
    numbers, problems = [], []
    for word in filter(None, words):
        meant = [at for at, name in enumerate(names) if name == word]
        plural = f"{kind.capitalize()}{'es' if kind[-1] == 's' else 's'}"
        if len(meant) > 1:
            what = f"{len(meant)} {plural.lower()} are called '{word}'."
            fix = f"Use their numbers: {', '.join(map(str, meant))}."
            problems.append(UserError(what, f"--forget {kind}:{value}", fix))
        elif meant:
            numbers += meant
        elif word.isdecimal() and int(word) < len(names) and not only_names:
            numbers.append(int(word))
        else:
            fix = f"{plural} are 0-{len(names) - 1}"
            if not all(name == str(at) for at, name in enumerate(names)):
                fix = f"{plural} are called" if only_names else f"{fix}:"
                fix += f" {', '.join(filter(None, names[:12]))}"
                fix += ", ..." if len(names) > 12 else ""
            number = word.removeprefix("-").isdecimal()
            problems.append(unknown(kind, word, [] if number else names, fix))
    raise_all(problems)
    return numbers
