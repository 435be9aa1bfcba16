"""Parquet files in the layout of the Hugging Face image sets."""

from __future__ import annotations

from pathlib import Path

from untrain.data.images import Images
from untrain.data.reading import Reading
from untrain.data.sources.named import HubSet
from untrain.data.sources.shards import open_parquet
from untrain.data.sources.tables import tables


def parquet(name: str, paths: list[Path], source: HubSet, reading: Reading) -> Images:
    """Images from parquet files: a column of encoded images, or of paths, and one of labels.

    Files whose name begins with the source's word for it are the test part, unless a column `part`
    or `split` says it. Keys are row numbers, counted over the files of a part ("17", and "test/17"
    in the test part), or come from the column `reading.key`. All other plain columns are kept;
    subclasses by name.
    Raises UserError with all that is wrong.
    """
    parts = {path: "test" if path.name.startswith(source.test) else "train" for path in paths}
    return tables(name, parts, open_parquet, source, reading)
