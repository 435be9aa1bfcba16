"""Csv and tsv files whose rows are paths of images, labels and whatever else is known."""

from __future__ import annotations

from pathlib import Path

from untrain.data.images import Images
from untrain.data.reading import Reading
from untrain.data.sources.named import HubSet
from untrain.data.sources.parts import part_in, parts_of_files
from untrain.data.sources.shards import Shard
from untrain.data.sources.tables import tables
from untrain.data.sources.text import read_table
from untrain.errors import UserError


def csv(path: Path, reading: Reading) -> Images:
    """Images whose paths and labels are the rows of a csv or tsv; or of several in a folder, which
    are called train and test.

    Paths are absolute, or begin at the folder of the csv. They are the keys, unless
    `reading.key` names a column. All other columns are kept.
    """
    files = csv_files(path)
    alone = dict.fromkeys(files, "")
    parts = parts_of_files({f: part_in(f.stem) for f in files}) if len(files) > 1 else alone
    return tables(f"csv:{path.name}", parts, open_csv, HubSet(label=""), reading)


def csv_files(path: Path) -> list[Path]:
    """The file that a path names, or those in a folder."""
    if not path.is_dir():
        return [path]
    return sorted(f for f in path.glob("[!.]*") if f.suffix.lower() in (".csv", ".tsv"))


def open_csv(path: Path, part: str) -> Shard:
    """Rows of text. Raises UserError if it is no csv, or its first line names no columns."""
    import pyarrow as pa

    columns = read_table(path, str(path))
    unnamed = [name for name in columns if len(name) < 1000 and (path.parent / name).is_file()]
    if unnamed:
        what = f"The first line of {path.name} is an image, {unnamed[0]}, and names no columns."
        raise UserError(what, str(path), "Write the names above it, such as: path,label")
    cells = {name: [cell or None for cell in rows] for name, rows in columns.items()}
    table = pa.table({name: pa.array(rows, pa.string()) for name, rows in cells.items()})

    def paths(column: str) -> list[str | None]:
        return list(table.column(column).to_pylist())

    return Shard(path, part, table.schema, table, lambda _: (), paths)
