"""Rows of files as images: parquet and Arrow files, and csv files of paths and labels."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
import torch

from untrain.data.images import Images, content_hash
from untrain.data.pixels.cache import cached, fingerprint
from untrain.data.pixels.decode import VERSION, Decoded, decode, shown
from untrain.data.reading import Reading
from untrain.data.sources.columns import (
    image_column,
    keys_of,
    paths_in,
    plain_columns,
    refuse_columns,
    texts,
)
from untrain.data.sources.labels import class_names, label_column, labels_of, tell_names
from untrain.data.sources.named import HubSet
from untrain.data.sources.parts import PLACES, with_part
from untrain.data.sources.repeats import refuse_repeats, refuse_same_files
from untrain.data.sources.shards import Encoded, Shard, files_of, is_text
from untrain.data.sources.tree import spelled
from untrain.errors import MISSING, Problems, UserError
from untrain.progress import say

SUBCLASS = "subclass"
"""The column of `Images.table` with the names of subclasses, and of a file that has them."""
Open = Callable[[Path, str], Shard]


def tables(
    name: str, parts: dict[Path, str], open_: Open, source: HubSet, reading: Reading
) -> Images:
    kind = name.partition(":")[0]
    paths = list(parts)
    missing = [str(path) for path in paths if not path.is_file()]
    if missing or not paths:
        ending = kind if kind in ("arrow", "csv") else "parquet"
        what = f"No {ending} file found: {', '.join(missing[:3]) or f'no *.{ending} there'}."
        raise UserError(what, name, "Check the path.", MISSING)
    order = sorted(paths, key=lambda path: (PLACES.index(parts[path]), path))
    shards = _opened({path: parts[path] for path in order}, open_, name, kind)
    image = source.image or Problems().attempt(image_column, shards, name) or ""
    files = _files(shards, image)
    _tell(shards, image, source, reading, name)
    about = {"key": reading.key, "image": source.image, "label": reading.label or source.label}
    about |= {"parts": " ".join(parts[path] for path in paths), "sub": source.subclass}
    about |= {"size": str(reading.size), "decode": str(VERSION)}
    entry = fingerprint(name, [*paths, *files], about)
    images = cached(kind, entry, lambda: _read(name, shards, source, reading))
    tell_names(images.classes, name)
    return images


def _opened(parts: dict[Path, str], open_: Open, name: str, kind: str) -> list[Shard]:
    """The files; raises UserError that names all that cannot be read."""
    import pyarrow as pa

    problems, shards, damaged = Problems(), [], []
    for path, part in parts.items():
        try:
            shard = problems.attempt(open_, path, part)
        except (pa.ArrowException, OSError) as error:
            damaged.append(f"{path.name} ({str(error).splitlines()[0][:80]})")
        else:
            shards += [shard] if shard is not None else []
    if damaged:
        what = f"{len(damaged)} of {len(parts)} files are no readable {kind} files: "
        fix = "Export them again, or remove them."
        problems.add(UserError(f"{what}{', '.join(damaged[:5])}.", name, fix))
    problems.raise_all()
    if not sum(map(len, shards)):
        kind = f"{kind} files have" if len(parts) > 1 or kind == "parquet" else f"{kind} file has"
        raise UserError(f"The {kind} no rows.", name, "Export them again.")
    return shards


def _read(name: str, shards: list[Shard], source: HubSet, reading: Reading) -> Images:
    rows, parts = _rows(shards)
    image, label = _meant(name, shards, source, reading)
    by_path = is_text(shards[0].schema.field(image).type)
    paths = keys_of_paths(shards, image) if by_path else []
    told = paths or [f"row {row}" for row in rows]
    problems = Problems()
    labels, classes = problems.attempt(labels_of, shards, label, told, name) or (None, [])
    keys: np.ndarray | None = np.asarray(paths or rows)
    if reading.key:
        keys = problems.attempt(keys_of, shards, reading.key, told)
    problems.attempt(refuse_repeats, keys, labels, classes, name, reading.key)
    if by_path and not (reading.key or problems.found):
        places = [path for shard in shards for path in _paths(shard, image)]
        problems.attempt(refuse_same_files, paths, places, labels, classes, name)
    leave = (label, "" if by_path and reading.key else image)
    table = problems.attempt(_table, shards, parts, leave, source, name)
    decoded = problems.attempt(_decoded, shards, image, told, name, reading.size)
    problems.raise_all()
    x, digests, files = problems.settled(decoded)
    labels = problems.settled(labels)
    return Images(
        x=x,
        y=torch.from_numpy(labels),
        classes=classes,
        keys=problems.settled(keys),
        table=problems.settled(table),
        augment=source.augment,
        name=name,
        hash=content_hash(digests, labels, reading.size),
        files=files,
    )


def _meant(name: str, shards: list[Shard], source: HubSet, reading: Reading) -> tuple[str, str]:
    """The columns with images and labels. Raises UserError with all columns that are not there."""
    problems = Problems()
    image = source.image or problems.attempt(image_column, shards, name)
    label = reading.label or source.label or problems.attempt(label_column, shards, name)
    wanted = [column for column in (image, label, reading.key, source.subclass) if column]
    problems.attempt(refuse_columns, shards, wanted, label or "", name)
    problems.raise_all()
    return problems.settled(image), problems.settled(label)


def _table(
    shards: list[Shard], parts: list[str], leave: Sequence[str], source: HubSet, name: str
) -> dict[str, np.ndarray]:
    """The further columns, with the part of each image where files or a column say it."""
    subclass = source.subclass or SUBCLASS * all(SUBCLASS in s.column_names for s in shards)
    table = plain_columns(shards, (*leave, subclass))
    table = with_part(table, np.asarray(parts) if any(parts) else None, name)
    return table | _subclasses(shards, subclass, name) if subclass else table


def _rows(shards: Sequence[Shard]) -> tuple[list[str], list[str]]:
    """What each row is called, counted by part, and its part; "" where files say none."""
    rows, parts = [], []
    for part in PLACES:
        count = sum(len(shard) for shard in shards if shard.part == part)
        before = "" if part in ("", "train") else f"{part}/"
        rows += [f"{before}{row}" for row in range(count)]
        parts += [part] * count
    return rows, parts


def _paths(shard: Shard, column: str) -> list[Path]:
    return [spelled(shard.path.parent, cell or "") for cell in shard.column(column).to_pylist()]


def _files(shards: Sequence[Shard], column: str) -> list[Path]:
    """The image files that cells name, those that are there: what is read changes with them."""
    held = [shard for shard in shards if column in shard.column_names]
    named = [spelled(one.path.parent, cell) for one in held for cell in one.paths(column) if cell]
    return [path for path in named if os.path.isfile(path)]


def _tell(shards: Sequence[Shard], image: str, source: HubSet, reading: Reading, name: str) -> None:
    """Say which columns are taken for images and labels, where that is a guess."""
    label = reading.label or source.label or Problems().attempt(label_column, shards, name)
    if not (image and label) or source.image:
        return
    others = [column for column in paths_in(shards) if column != image]
    also = f" ({shown(others)}: paths as well, not used)" if others else ""
    say(f"{name}: images are those of column '{image}'{also}, labels those of '{label}'")


def keys_of_paths(shards: Sequence[Shard], column: str) -> list[str]:
    """Paths as they are written; absolute ones below the folder of their file from there."""
    keys = []
    for shard in shards:
        folder = shard.path.parent
        for cell in shard.column(column).to_pylist():
            path = Path(cell or "")
            inside = path.is_absolute() and path.is_relative_to(folder)
            keys.append((path.relative_to(folder) if inside else path).as_posix())
    return keys


def _decoded(
    shards: Sequence[Shard], image: str, told: Sequence[str], name: str, size: int
) -> Decoded:
    encoded = Encoded(len(told), lambda: chain.from_iterable(s.images(image) for s in shards))
    if is_text(shards[0].schema.field(image).type):
        paths = [path for shard in shards for path in _paths(shard, image)]
        lost = [key for key, path in zip(told, paths, strict=True) if not os.path.isfile(path)]
        if lost:
            what = f"{len(lost)} of {len(paths)} images are not there: {shown(lost)}."
            fix = f"Paths in column '{image}' begin at {shards[0].path.parent}, or with /."
            raise UserError(what, name, fix, MISSING)
        encoded = files_of(paths, name)
    return decode(encoded, told, name, size)


def _subclasses(shards: Sequence[Shard], column: str, name: str) -> dict[str, np.ndarray]:
    """The columns `subclass` and, where they have numbers and names, `subclass_number`."""
    cells, names = texts(shards, column), class_names(shards, column, name)
    if not names:
        return {SUBCLASS: cells}
    known = dict(zip(map(str, range(len(names))), names, strict=True))
    odd = sorted(set(cells) - set(known))
    if odd:
        raise UserError(
            f"Column '{column}' has {len(names)} names, but also holds {', '.join(odd[:5])}.",
            where=name,
            fix="Its numbers go from 0 to the number of names minus one.",
        )
    numbers = cells.astype(np.int64)
    return {SUBCLASS: np.asarray(names)[numbers], "subclass_number": numbers}
