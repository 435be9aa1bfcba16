"""Labels of rows: their column, the numbers and names in it, and what is wrong with them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from untrain.data.checks import numbered
from untrain.data.pixels.decode import shown
from untrain.data.sources.columns import Shards, called, names_in, texts
from untrain.data.sources.shards import is_text
from untrain.errors import UserError
from untrain.progress import say

if TYPE_CHECKING:
    import pyarrow as pa

LABELS = (
    "label", "labels", "class", "target", "targets", "y", "category", "class_name", "fine_label",
    "species", "diagnosis",
)  # fmt: skip
"""What the column of the labels may be called, the first that is there."""


NUMBER = re.compile(r"[+-]?[0-9]{1,20}(\.[0-9]{0,20})?")
MISSING_CELLS = ("nan", "na", "n/a", "<na>", "#n/a", "null", "none", "nat")
"""What programs write where a cell has no value, in any case."""


def label_column(shards: Shards, name: str) -> str:
    """The column with the labels, by its name. Raises UserError if there is none."""
    there = names_in(shards)
    found = called(LABELS, there)
    if not found:
        fix = f"Name the column of the labels: --label COLUMN. Columns: {', '.join(there)}."
        what = f"No column is called {', '.join(LABELS[:4])} or the like."
        raise UserError(what, name, fix)
    return found


def labels_of(
    shards: Shards, column: str, rows: Sequence[str], name: str
) -> tuple[np.ndarray, list[str]]:
    """The labels, int64 (N,), and the names of the classes; numbers may be named by metadata.

    rows: what each row is called.
    Raises UserError if some labels are missing, or are neither integers nor text.
    """
    import pyarrow as pa

    there = {field.type for shard in shards for field in shard.schema if field.name == column}
    odd = [str(kind) for kind in there if not (pa.types.is_integer(kind) or is_text(kind))]
    mixed = len({is_text(kind) for kind in there}) > 1
    what = f"Column '{column}' holds {' and '.join(odd)}, no labels." if odd else ""
    if mixed and not odd:
        kinds = " and ".join(sorted(map(str, there)))
        what = f"Column '{column}' holds {kinds}: numbers in some files, names in others."
    null = np.empty(0, np.int64)
    if not odd:
        cells = [shard.column(column) for shard in shards]
        null = np.flatnonzero(texts(shards, column) == "")
    if len(null):
        lacking = shown([f"{rows[at]}" for at in null.tolist()])
        what = f"{what} {len(null)} of {len(rows)} labels are missing: {lacking}.".strip()
    if what:
        fix = "Labels are names, or integers from 0 to the number of classes minus one."
        if any("list" in kind for kind in odd):
            fix = f"Give class numbers instead of one-hot rows. {fix}"
        raise UserError(what, name, fix)
    if any(map(is_text, there)):
        return numbers_of(texts(shards, column))
    numbers = np.concatenate([np.asarray(c.to_numpy(), dtype=np.int64) for c in cells])
    return numbers, class_names(shards, column, name) or numbered(numbers, name)


def numbers_of(names: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Labels int64 (N,) from names (N,), and the names in their order: sorted, whole numbers by
    their size."""
    found, labels = np.unique(names, return_inverse=True)
    classes = [str(one) for one in found.tolist()]
    if all(one.isdecimal() and len(one) < 10 for one in classes):
        order = sorted(range(len(classes)), key=lambda at: (int(classes[at]), classes[at]))
        place = np.empty(len(classes), np.int64)
        place[order] = np.arange(len(classes))
        labels, classes = place[labels], [classes[at] for at in order]
    return labels.astype(np.int64), classes


def one_name(classes: Sequence[str]) -> list[list[str]]:
    """Classes that differ in upper and lower case only, or are one number: 1, 1.0, and 01."""
    held: dict[str, list[str]] = {}
    for name in classes:
        plain = name.strip().casefold()
        number = NUMBER.fullmatch(plain)
        held.setdefault(str(Decimal(plain).normalize()) if number else plain, []).append(name)
    return [names for names in held.values() if len(names) > 1]


def no_names(classes: Sequence[str]) -> list[str]:
    """Classes that are called as programs write a cell without a value."""
    return [name for name in classes if name.strip().lower() in MISSING_CELLS]


def tell_names(classes: Sequence[str], where: str) -> None:
    """Say which classes are perhaps one, and which perhaps stand for labels that are missing."""
    same, none = one_name(classes), no_names(classes)
    if same:
        say(f"{where}: classes that are perhaps one: {shown([' = '.join(one) for one in same])}")
    if none:
        say(f"{where}: classes that perhaps stand for missing labels: {shown(none)}")


def class_names(shards: Shards, column: str, name: str) -> list[str]:
    """The names of a column's numbers from the `huggingface` metadata; [] if there are none.

    Raises UserError if two files give different names.
    """
    told = {shard.path: _names(shard.schema, column) for shard in shards}
    given = {path.name: names for path, names in told.items() if names}
    if not given:
        return []
    first, *others = given
    for other in others:
        if given[other] != given[first]:
            raise UserError(
                f"{first} and {other} name the classes of column '{column}' differently.",
                where=name,
                fix="Export all files with the same class names, in one order.",
            )
    return given[first]


def _names(schema: pa.Schema, column: str) -> list[str]:
    try:
        part: Any = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
    except ValueError:
        return []
    for step in ("info", "features", column, "names"):
        part = part.get(step) if isinstance(part, dict) else None
    return [str(name) for name in part] if isinstance(part, list) else []
