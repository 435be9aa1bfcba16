"""Which of several arrays are images, labels and columns, and of which part, by their names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from untrain.data.pairs import labels_in, plain
from untrain.data.pixels.decode import shown
from untrain.data.sources.parts import PARTS
from untrain.errors import UserError
from untrain.progress import say

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

    A column whose name says no part is one of the training images if it is as long as they are.
    Arrays that are not used are told. label: the name of the labels, where it is another.
    Raises UserError for what is not there.
    """
    parts, loose = _by_part(arrays, where)
    classes, used = _classes(arrays, where), set()
    found = {}
    for part, names in parts.items():
        words = {word: arrays[name] for word, name in names.items()}
        x, y = _first(IMAGES, words), _first((label.lower(),) if label else LABELS, words)
        if not x or not y:
            kind = "images" if not x else f"labels called '{label}'" if label else "labels"
            of = f" of the part {part}" if part else ""
            what = f"There are no {kind}{of} (arrays: {', '.join(arrays)})."
            fix = (
                "Call them x and y, or images and labels; x_train, y_train, x_test, y_test by part."
            )
            raise UserError(what, where, fix)
        count = len(labels_in(words[y], f"the part {part}" if part else "the data", where))
        columns = _columns(words, (x, y), count)
        used |= {names[word] for word in (x, y, *columns)}
        if part == "train":
            own = _columns({name: arrays[name] for name in loose}, (*columns, *CLASSES), count)
            columns, used = columns | own, used | set(own)
        known = classes if len(classes) != count else ()
        found[part] = Named(words[x], words[y], columns, known)
    left = [name for name in arrays if name not in used and not names_classes(name)]
    if left:
        say(f"{where}: not used, as they fit the images of no part: {shown(left)}")
    return found


def _by_part(arrays: Mapping[str, Any], where: str) -> tuple[dict[str, dict[str, str]], list[str]]:
    """For each part that has images, its arrays' names without it and as they are; and the names
    that say no part, where parts are said. Raises UserError for two names of one thing."""
    parts: dict[str, dict[str, str]] = {}
    for name in arrays:
        part, word = _divided(name)
        other = parts.setdefault(part, {}).setdefault(word, name)
        if other != name:
            what = f"{other} and {name} are both '{word}' of the part {part}."
            raise UserError(what, where, "Leave one of them, or join them.")
    if not any(_first(IMAGES, words) for part, words in parts.items() if part):
        return {"": {name: name for name in arrays}}, []
    loose = [] if _first(IMAGES, parts.get("", {})) else list(parts.get("", {}).values())
    return {part: words for part, words in parts.items() if _first(IMAGES, words)}, loose


def names_classes(name: str) -> bool:
    """Whether an array of this name may hold the names of the classes."""
    return _divided(name)[1].lower() in CLASSES


def _classes(arrays: Mapping[str, Any], where: str) -> list[str]:
    """The names of the classes, if an array holds them. Raises UserError if parts name others."""
    given = {name: plain(array) for name, array in arrays.items() if names_classes(name)}
    texts = {n: a for n, a in given.items() if a.ndim == 1 and a.dtype.kind in "USO"}
    if not texts:
        return []
    first = next(iter(texts))
    for name, array in texts.items():
        if _divided(name)[1] == _divided(first)[1] and not np.array_equal(array, texts[first]):
            what = f"{first} and {name} name the classes differently."
            raise UserError(what, where, "Give all parts the same names, in one order.")
    return list(map(str, texts[first].tolist()))


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
