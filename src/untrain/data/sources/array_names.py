"""Which of several arrays are images, labels and columns, and of which part, by their names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from untrain.data.pairs import plain
from untrain.data.sources.parts import PARTS
from untrain.errors import UserError

IMAGES = ("x", "images", "image", "imgs", "img", "data", "pixels", "inputs", "arr_0")
"""What the array of the images may be called, the first that is there."""
LABELS = ("y", "labels", "label", "targets", "target", "class", "arr_1")
"""What the array of the labels may be called."""
CLASSES = ("classes", "class_names", "label_names")
"""What an array with the names of the classes may be called."""
SINGLE = str | bytes | int | float | bool | np.generic
"""What a list that is a column holds."""


@dataclass(frozen=True)
class Named:
    """Images and labels as they were given, further arrays (N,), and names of the classes."""

    x: Any
    y: Any
    columns: Mapping[str, np.ndarray] = field(default_factory=dict)
    classes: Sequence[str] = ()


def by_name(arrays: Mapping[str, Any], where: str, label: str = "") -> dict[str, Named]:
    """What belongs to each part, "" if the names say none: x and y, or x_train, y_train, x_test.

    label: the name of the labels, where it is another. Raises UserError for what is not there.
    """
    parts: dict[str, dict[str, Any]] = {}
    for name, array in arrays.items():
        part, word = _divided(name)
        parts.setdefault(part, {})[word] = array
    if not any(_first(IMAGES, words) for part, words in parts.items() if part):
        parts = {"": {name: arrays[name] for name in arrays}}
    else:
        parts = {part: words for part, words in parts.items() if _first(IMAGES, words)}
    classes = _classes(arrays)
    found = {}
    for part, words in parts.items():
        x, y = _first(IMAGES, words), _first((label.lower(),) if label else LABELS, words)
        if not x or not y:
            kind = "images" if not x else f"labels called '{label}'" if label else "labels"
            of = f" of the part {part}" if part else ""
            what = f"There are no {kind}{of} (arrays: {', '.join(arrays)})."
            fix = (
                "Call them x and y, or images and labels; x_train, y_train, x_test, y_test by part."
            )
            raise UserError(what, where, fix)
        count = len(plain(words[y]))
        names = classes if len(classes) != count else ()
        found[part] = Named(words[x], words[y], _columns(words, (x, y), count), names)
    return found


def _classes(arrays: Mapping[str, Any]) -> list[str]:
    """The names of the classes, if an array holds them."""
    given = [plain(array) for name, array in arrays.items() if name.lower() in CLASSES]
    texts = [array for array in given if array.ndim == 1 and array.dtype.kind in "USO"]
    return list(map(str, texts[0].tolist())) if texts else []


def _divided(name: str) -> tuple[str, str]:
    """The part and the rest of a name: ("train", "x") of x_train, ("", "user_id") of user_id."""
    words = re.split(r"[_\-./ ]+", name)
    part = next((PARTS[word.lower()] for word in words if word.lower() in PARTS), "")
    return part, "_".join(word for word in words if not part or word.lower() not in PARTS)


def _first(words: Sequence[str], names: Mapping[str, Any]) -> str:
    lower = {name.lower(): name for name in names}
    return next((lower[word] for word in words if word in lower), "")


def _columns(words: Mapping[str, Any], leave: Sequence[str], count: int) -> dict[str, np.ndarray]:
    """Further arrays with one value per image."""
    single = {n: a for n, a in words.items() if not isinstance(a, list) or _single(a)}
    rest = {name: plain(array) for name, array in single.items() if name not in leave}
    flat = {n: a[:, 0] if a.ndim == 2 and a.shape[1] == 1 else a for n, a in rest.items()}
    return {n: a for n, a in flat.items() if a.shape == (count,) and a.dtype.kind in "biufUSO"}


def _single(cells: list[Any]) -> bool:
    return all(isinstance(cell, SINGLE) for cell in cells)
