"""Parquet files in the layout of the Hugging Face image sets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from untrain.data.cache import cached, fingerprint
from untrain.data.checks import numbered
from untrain.data.columns import (
    class_names,
    image_column,
    images_of,
    keys_of,
    labels_of,
    plain_columns,
    refuse_columns,
    texts,
)
from untrain.data.decode import VERSION, decode
from untrain.data.images import Images, content_hash
from untrain.errors import MISSING, Problems, UserError

if TYPE_CHECKING:
    import pyarrow as pa

    from untrain.data.sources import HubSet

SUBCLASS = "subclass"
"""The column of `Images.table` with the names of subclasses, and of a file that has them."""


def parquet(name: str, paths: list[Path], source: HubSet, key: str = "") -> Images:
    """Images from parquet files: a column of encoded images and one of integer labels.

    Files whose name begins with the source's word for it are the test part. Keys are row numbers,
    counted over the files of a part ("17", and "test/17" in the test part), or come from the
    column `key`. All other plain columns are kept; subclasses by name.
    Raises UserError with all that is wrong.
    """
    missing = [str(path) for path in paths if not path.is_file()]
    if missing or not paths:
        shown = ", ".join(missing[:3]) or "no *.parquet there"
        raise UserError(f"No parquet file found: {shown}.", name, "Check the path.", MISSING)
    about = {"key": key, "image": source.image, "label": source.label, "test": source.test}
    entry = fingerprint(name, paths, about | {"sub": source.subclass, "decode": str(VERSION)})
    short = name.partition(":")[0]
    return cached(short, entry, lambda: _read(name, paths, source, key))


def _read(name: str, paths: list[Path], source: HubSet, key: str) -> Images:
    is_test = {path: path.name.startswith(source.test) for path in paths}
    tables = _tables(sorted(paths, key=lambda path: (is_test[path], path)), name)
    parts, keys = [], []
    for part, before in (("train", ""), ("test", "test/")):
        rows = sum(len(t) for path, t in tables.items() if is_test[path] == (part == "test"))
        parts += [part] * rows
        keys += [f"{before}{row}" for row in range(rows)]
    if not keys:
        raise UserError("The parquet files have no rows.", name, "Export them again.")
    image = source.image or image_column(tables, name)
    subclass = source.subclass
    if all(SUBCLASS in table.column_names for table in tables.values()):
        subclass = subclass or SUBCLASS
    refuse_columns(tables, image, source.label, (key, source.subclass), name)
    problems = Problems()
    labels = problems.attempt(labels_of, tables, source.label, keys, name)
    encoded = images_of(tables, image)
    x = problems.attempt(decode, encoded, [f"row {key}" for key in keys], name)
    x, labels = problems.settled(x), problems.settled(labels)
    table = {"part": np.asarray(parts)}
    table |= plain_columns(tables, leave=(image, source.label, subclass, "part"))
    if subclass:
        table |= _subclasses(tables, subclass, name)
    return Images(
        x=x,
        y=torch.from_numpy(labels),
        classes=class_names(tables, source.label, name) or numbered(labels, name),
        keys=keys_of(tables, key, keys) if key else np.asarray(keys),
        table=table,
        augment=source.augment,
        name=name,
        hash=content_hash(encoded, labels),
    )


def _tables(paths: list[Path], name: str) -> dict[Path, pa.Table]:
    """The files' tables; raises UserError that names all files that cannot be read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    tables, damaged = {}, []
    for path in paths:
        try:
            tables[path] = pq.read_table(path)
        except (pa.ArrowException, OSError) as error:
            damaged.append(f"{path.name} ({str(error).splitlines()[0][:80]})")
    if damaged:
        raise UserError(
            f"{len(damaged)} of {len(paths)} files are no readable parquet files: "
            f"{', '.join(damaged[:5])}.",
            where=name,
            fix="Export them again, or remove them.",
        )
    return tables


def _subclasses(tables: dict[Path, pa.Table], column: str, name: str) -> dict[str, np.ndarray]:
    """The columns `subclass` and, where they have numbers and names, `subclass_number`."""
    cells, names = texts(tables, column), class_names(tables, column, name)
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
