"""Arrays by name, pairs and Datasets of the user as one `Images`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from untrain.data.checks import numbered
from untrain.data.images import Images, content_hash
from untrain.data.pairs import gathered, is_pair, items_of, labels_in, pair, plain
from untrain.data.pixels.decode import shown
from untrain.data.reading import Reading
from untrain.data.sources.array_names import LABELS, Named, by_name
from untrain.data.sources.labels import numbers_of, tell_names
from untrain.data.sources.parts import PARTS, PLACES, val_as_test, with_part
from untrain.data.sources.repeats import refuse_repeats
from untrain.data.sources.sizes import resized, squares
from untrain.errors import Problems, UserError, unknown


def images_of(value: Any, where: str, name: str, reading: Reading) -> Images:
    """Images from (images, labels), a Dataset, arrays by name, or a dict of parts of these.

    Labels are integers or names. Keys are row numbers, with `test/` and the like before them
    outside of the training part, or the array `reading.key`.
    where, name: of the source, for errors and for outputs. Raises UserError with all that is wrong.
    """
    problems = Problems()
    parts = _parts(value, where, reading)
    read = {
        part: problems.attempt(_pair, named, part, where, reading) for part, named in parts.items()
    }
    problems.raise_all()
    pairs = {part: problems.settled(found) for part, found in read.items()}
    problems.attempt(_refuse_shapes, {part: x for part, (x, _) in pairs.items()}, where)
    labels, classes = problems.attempt(_labels, parts, pairs, where) or (None, [])
    counts = {part: len(x) for part, (x, _) in pairs.items()}
    columns = _columns(parts, counts)
    keys = problems.attempt(_keys, counts, columns, labels, classes, reading.key)
    files = np.repeat([part or "train" for part in pairs], list(counts.values()))
    said = files if len(pairs) > 1 else None
    table = problems.attempt(partial(with_part, columns, said, where))
    problems.raise_all()
    tell_names(classes, name)
    labels, every = problems.settled(labels), [x for x, _ in pairs.values()]
    x = torch.cat(every) if len(every) > 1 else every[0]
    return Images(
        x=resized(x, reading.size) if reading.size else x,
        y=torch.from_numpy(labels),
        classes=classes,
        keys=problems.settled(keys),
        table=problems.settled(table),
        name=name,
        hash=hash_of(x, labels, reading.size),
    )


def _keys(
    counts: Mapping[str, int],
    columns: Mapping[str, np.ndarray],
    labels: np.ndarray,
    classes: list[str],
    column: str,
) -> np.ndarray:
    """The keys (N,): numbers within a part, or the cells of a column that do not repeat."""
    if not column:
        before = {part: f"{part}/" if part in PLACES[2:] else "" for part in counts}
        return np.asarray(
            [f"{before[part]}{row}" for part in counts for row in range(counts[part])]
        )
    if column not in columns:
        fix = f"Arrays of one value per image: {', '.join(columns) or 'none'}."
        missing = unknown("column", column, list(columns), fix)
        raise UserError(missing.what, f"--key {column}", fix)
    refuse_repeats(columns[column], labels, classes, "", column)
    return columns[column]


def hash_of(x: Tensor, labels: np.ndarray, size: int = 0) -> str:
    """SHA-256 of pixels and labels."""
    digests = [hashlib.sha256(plain(image).tobytes()).digest() for image in x]
    return content_hash(digests, labels, size)


def _parts(value: Any, where: str, reading: Reading) -> dict[str, Named]:
    """What belongs to each part, in the order of PLACES; "" where nothing says parts."""
    if isinstance(value, Mapping):
        words = {str(name): PARTS.get(str(name).lower(), "") for name in value}
        if value and all(words.values()):
            _refuse_two(words, where)
            found = {words[str(name)]: _named(each, where, reading) for name, each in value.items()}
        else:
            found = by_name({str(n): array for n, array in value.items()}, where, reading.label)
    else:
        found = {"": _named(value, where, reading)}
    meant = val_as_test(set(found))
    return {meant[part]: found[part] for part in PLACES if part in found}


def _refuse_two(words: Mapping[str, str], where: str) -> None:
    """Raise UserError if two names mean one part."""
    for part in words.values():
        names = [name for name, other in words.items() if other == part]
        if len(names) > 1:
            what = f"{' and '.join(names)} are both the part {part}."
            raise UserError(what, where, "Leave one of them, or join them.")


def _named(value: Any, where: str, reading: Reading) -> Named:
    """Images and labels of one part."""
    if isinstance(value, Mapping):
        found = by_name({str(name): array for name, array in value.items()}, where, reading.label)
        if set(found) != {""}:
            what = f"A part has parts of its own: {', '.join(found)}."
            raise UserError(what, where, "Give x and y in each part.")
        return found[""]
    if (rows := _rows(value, where)) is not None:
        named = by_name(rows, where, reading.label)[""]
        return replace(named, classes=_names_in(value, reading.label) or named.classes)
    if reading.label:
        what = f"--label {reading.label} names an array, and there are none with names."
        raise UserError(what, "--label", "Leave it out.")
    classes = getattr(value, "classes", None)
    if not is_pair(value):
        value = gathered(value, "the data", where)
    names = [str(one) for one in classes] if isinstance(classes, list | tuple) else []
    return Named(value[0], value[1], classes=names)


def _rows(value: Any, where: str) -> dict[str, list[Any]] | None:
    """The items of a Dataset of dicts by name, those that all have; None if it is none."""
    if isinstance(value, tuple) or not (
        hasattr(value, "__len__") and hasattr(value, "__getitem__")
    ):
        return None
    if isinstance(value, np.ndarray | Tensor) or len(value) == 0 or is_pair(value):
        return None
    if not isinstance(items_of(value, "the data", where, 1)[0], Mapping):
        return None
    items = items_of(value, "the data", where)
    names = [str(n) for n in items[0] if all(isinstance(i, Mapping) and n in i for i in items)]
    return {name: [item[name] for item in items] for name in names}


def _names_in(value: Any, label: str) -> list[str]:
    """The names of the classes that a Dataset of the hub's library knows."""
    features = getattr(value, "features", None)
    known = features if isinstance(features, Mapping) else {}
    named = [known[word] for word in ([label] if label else LABELS) if word in known]
    return [str(name) for name in getattr(named[0], "names", None) or []] if named else []


def _pair(named: Named, part: str, where: str, reading: Reading) -> tuple[Tensor, Any]:
    """Images (N, H, W, C), and labels (N,) as integers or names."""
    x = squares(named.x, reading.size) if reading.size else named.x
    what = part or "the data"
    y = labels_in(named.y, what, where)
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.dtype.kind not in "USO" or y.ndim != 1:
        return pair((x, y), what, where=where)
    odd = [cell for cell in y.tolist() if not isinstance(cell, str | bytes)]
    if odd:
        what = f"{len(odd)} of {len(y)} labels of {what} are no names: {odd[0]!r}."
        raise UserError(what, where, "Give integers or names, not both.")
    names = np.asarray([c.decode() if isinstance(c, bytes) else c for c in y.tolist()], dtype=str)
    images, _ = pair((x, np.zeros(len(names), np.int64)), what, where=where)
    return images, names


def _refuse_shapes(x: Mapping[str, Tensor], where: str) -> bool:
    shapes = {part: (tuple(one.shape[1:]), str(one.dtype)) for part, one in x.items()}
    if len(set(shapes.values())) > 1:
        told = "; ".join(f"{part}: {shape} {kind}" for part, (shape, kind) in shapes.items())
        what = f"The parts have images of different shapes or types ({told})."
        raise UserError(what, where, "Give all parts in one size and type.")
    return True


def _labels(
    parts: Mapping[str, Named], pairs: Mapping[str, tuple[Tensor, Any]], where: str
) -> tuple[np.ndarray, list[str]]:
    """Labels int64 (N,) and class names over all parts."""
    cells = [plain(labels) for _, labels in pairs.values()]
    if len({each.dtype.kind in "US" for each in cells}) > 1:
        raise UserError(
            "Labels are names in one part, numbers in another.", where, "Give one kind."
        )
    labels = np.concatenate(cells)
    if labels.dtype.kind in "US":
        return numbers_of(labels)
    given = {part: list(map(str, named.classes)) for part, named in parts.items()}
    named = {part: names for part, names in given.items() if names}
    first = next(iter(named.values()), [])
    if all(names == first for names in named.values()):
        return labels, first or numbered(labels, where)
    numbers = dict(zip(pairs, cells, strict=True))
    problems = Problems()
    called = [problems.attempt(_called, numbers[one], given[one], one, where) for one in pairs]
    problems.raise_all()
    classes = list(dict.fromkeys(name for names in named.values() for name in names))
    number = {name: at for at, name in enumerate(classes)}
    names = np.concatenate([problems.settled(one) for one in called]).tolist()
    return np.asarray([number[name] for name in names], np.int64), classes


def _called(labels: np.ndarray, names: list[str], part: str, where: str) -> np.ndarray:
    """The names of labels (N,) of a part. Raises UserError if some have none."""
    odd = np.unique(labels[(labels < 0) | (labels >= len(names))])
    if len(odd):
        what = f"The parts name different classes, and labels of {part or 'the data'} have no "
        what += f"name: {shown([str(one) for one in odd.tolist()])}."
        raise UserError(what, where, "Give every part the names of its classes, in one order.")
    found: np.ndarray = np.asarray(names)[labels]
    return found


def _columns(parts: Mapping[str, Named], counts: Mapping[str, int]) -> dict[str, np.ndarray]:
    """All columns as text (N,); "" in a part that has none."""
    names = dict.fromkeys(name for named in parts.values() for name in named.columns)
    blank = {part: np.full(count, "") for part, count in counts.items()}
    return {
        name: np.concatenate([n.columns.get(name, blank[p]).astype(str) for p, n in parts.items()])
        for name in names
    }
