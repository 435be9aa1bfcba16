"""The forget rule `where:`, images by the cells of their columns, and lists of such cells.

    where:user=17              where:camera=b,split=2019     both
    where:user=17|18   either  where:place="Paris, France"   quotes keep signs and spaces

Cells are compared as text, and numbers as numbers: 17 is 17.0, and 007 is not 7.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from untrain.data.sets.pseudonyms import FOUND, PREFIX
from untrain.errors import Problems, UserError, unknown
from untrain.progress import say

if TYPE_CHECKING:
    from untrain.data.images import Images

NUMBER = re.compile(r"[+-]?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d{1,3})?")
"""Text that is a number: codes such as 007 are none."""
SPELLED = frozenset(".eE+")
"""Signs in numbers that are not whole, or not written plainly."""
MANY = 2000
"""Values of which the nearest one is looked for."""
QUOTES = "\"'"
HOW = "Write where:column=value, with a comma between conditions and | between values."


def columns_of(images: Images) -> dict[str, np.ndarray]:
    """What a condition may speak of: the columns, and the class, label and key of each image."""
    names = np.asarray(images.classes, dtype=str)[images.y.numpy()]
    own = {"class": names, "label": names, "key": images.keys}
    return {**own, **{name: cells.astype(str) for name, cells in images.table.items()}}


def matching(value: str, images: Images, where: str) -> np.ndarray:
    """Positions of the images, trained on or not, of which all conditions hold.

    Raises UserError for what is no condition, for columns and values that are not there.
    """
    problems = Problems()
    columns = columns_of(images)
    found = []
    for condition in filter(str.strip, pieces(value, ",", where)):
        rows = problems.attempt(_holds, condition.strip(), columns, where)
        found += [(condition.strip(), rows)] if rows is not None else []
    if not found and not problems.found:
        problems.add(UserError("No condition is given.", where, HOW))
    problems.raise_all()
    both = np.logical_and.reduce([rows for _, rows in found])
    if not both.any():
        each = ", ".join(f"{rows.sum()} {condition}" for condition, rows in found)
        what = f"No image meets all conditions (images that meet each: {each})."
        raise UserError(what, where, "For one of several values write column=value|value.")
    return np.flatnonzero(both)


def having(column: str, values: Sequence[str], images: Images, where: str) -> np.ndarray:
    """Positions of the images with one of these cells in a column, trained on or not.

    Raises UserError with the values that no image has.
    """
    return np.flatnonzero(_among(column, values, columns_of(images)[column], where))


def trained(
    rows: np.ndarray,
    train: np.ndarray,
    erased: np.ndarray,
    sets: Mapping[str, np.ndarray],
    rule: str,
) -> np.ndarray:
    """Those of the positions that are trained on and not erased yet; others are told.

    sets: positions by the names of a split, to say where the others are.
    Raises UserError if none is left.
    """
    named, where = rule.partition(":")[2], f"--forget {rule}"
    there = np.intersect1d(rows, train)
    chosen = np.setdiff1d(there, erased)
    outside = np.setdiff1d(rows, train)
    places = {"held out": ("val", "unseen"), "in the test set": ("test",)}
    held = {
        place: sum(len(np.intersect1d(outside, sets[name])) for name in names if name in sets)
        for place, names in places.items()
    }
    told = ", ".join(f"{count} {place}" for place, count in held.items() if count)
    told = f" ({told})" if told else ""
    if len(there) and not len(chosen):
        what = f"Earlier requests have erased all {len(there)} training images of '{named}'."
        raise UserError(what, where, "Leave this request out.")
    if not len(chosen):
        what = f"None of the {len(rows)} images of '{named}' was trained on{told}."
        raise UserError(what, where, "Only what was trained on can be forgotten; remove the files.")
    if len(outside):
        say(
            f"{rule}: {len(rows)} images match. {len(there)} were trained on; {len(outside)} never "
            f"were{told}: remove these from the data set as well"
        )
    return chosen


def _holds(condition: str, columns: Mapping[str, np.ndarray], where: str) -> np.ndarray:
    """Of which images a condition holds: bool (N,)."""
    name, *rest = pieces(condition, "=", where)
    name, value = bare(name), "=".join(rest).strip().removeprefix("=")
    if not rest:
        fix = f"{HOW} A value with a comma stands in quotes."
        raise UserError(f"'{condition}' is no condition.", where, fix)
    if name[-1:] in ("!", "<", ">"):
        what = f"'{condition}' compares with {name[-1]}=, and conditions know = alone."
        raise UserError(what, where, HOW)
    near = [column for column in columns if column.lower() == name.lower()]
    if name not in columns and len(near) != 1:
        missing = unknown("column", name, columns, f"Columns: {', '.join(columns)}.")
        raise UserError(missing.what, where, missing.fix)
    name = name if name in columns else near[0]
    values = [text.strip() for text in pieces(value, "|", where)]
    if not all(values):
        what = f"A value of '{name}' is missing: '{condition}'."
        raise UserError(what, where, f'For images without one write {name}="".')
    return _among(name, [bare(text) for text in values], columns[name], where)


def _among(column: str, values: Sequence[str], cells: np.ndarray, where: str) -> np.ndarray:
    """Which cells (N,) equal one of the values. Raises UserError for values that no cell has."""
    known = np.unique(cells).tolist()
    there, spelled = frozenset(known), _spelled(known)
    same = {value: _same(value, there, spelled) for value in values}
    lost = [value for value in same if not same[value]]
    if lost and lost[0].startswith(PREFIX):
        raise UserError(f"No image has {column} '{lost[0]}'.", where, FOUND)
    if lost:
        from untrain.data.pixels.decode import shown  # rules are read without torch

        near = _nearest(lost[0], known)
        what = f"No image has {column} '{lost[0]}'."
        if len(lost) > 1:
            what = f"{len(lost)} of {len(same)} values of '{column}' match no image: "
            what += f"{shown(lost)}."
        if near and isinstance(_worth(lost[0]), str):
            what += f" Did you mean '{near[0]}'?"
        listed = shown([cell or '""' for cell in [*near, *(c for c in known if c not in near)]])
        raise UserError(what, where, f"Column '{column}' has {len(known)} values: {listed}.")
    return np.isin(cells, sorted(set().union(*same.values())))


def _spelled(known: Sequence[str]) -> dict[str | Decimal, set[str]]:
    """The cells by their number that are not whole numbers in their plain form, as 17.0 is not."""
    cells: dict[str | Decimal, set[str]] = {}
    for cell in known:
        if not SPELLED.isdisjoint(cell):
            cells.setdefault(_worth(cell), set()).add(cell)
    return cells


def _same(value: str, known: frozenset[str], spelled: Mapping[str | Decimal, set[str]]) -> set[str]:
    """The cells that equal a value."""
    worth = _worth(value)
    plain = {value}
    if isinstance(worth, Decimal) and worth == int(worth):
        plain.add(str(int(worth)))
    return {cell for cell in plain if cell in known} | spelled.get(worth, set())


def _nearest(value: str, known: Sequence[str]) -> list[str]:
    """The cells that are nearest to a value: numbers by their size, text by its letters."""
    worth = _worth(value)
    if isinstance(worth, Decimal):
        numbers = {
            cell: abs(one - worth) for cell in known if not isinstance(one := _worth(cell), str)
        }
        return sorted(numbers, key=lambda cell: (numbers[cell], cell))[:5]
    like = known if len(known) < MANY else [c for c in known if value in c or c in value]
    lower = {cell.lower(): cell for cell in like[:MANY]}
    near = difflib.get_close_matches(value.lower(), lower, n=3, cutoff=0.5)
    return [lower[one] for one in near]


def _worth(cell: str) -> str | Decimal:
    """A number for text that is one, else the text."""
    return Decimal(cell) if NUMBER.fullmatch(cell) else cell


def bare(text: str) -> str:
    """Text without space and quotes around it."""
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] in QUOTES and text[-1] == text[0] else text


def pieces(text: str, sign: str, where: str) -> list[str]:
    """The pieces between signs that are not in quotes; a quote begins where a piece does.

    Raises UserError if a quote does not end.
    """
    found, quote = [""], ""
    for letter in text:
        begins = not found[-1].strip() or found[-1].rstrip()[-1:] in ("=", "|")
        if quote:
            quote = "" if letter == quote else quote
        elif letter in QUOTES and begins:
            quote = letter
        elif letter == sign:
            found.append("")
            continue
        found[-1] += letter
    if quote:
        raise UserError(f"A quotation mark is not closed: {text}", where, HOW)
    return found
