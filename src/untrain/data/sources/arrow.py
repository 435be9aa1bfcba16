"""Arrow files and streams, also those that `datasets.save_to_disk` writes."""

from __future__ import annotations

import json
from pathlib import Path

from untrain.data.images import Images
from untrain.data.reading import Reading
from untrain.data.sources.named import HubSet
from untrain.data.sources.parts import part_in, parts_of_files
from untrain.data.sources.shards import open_arrow
from untrain.data.sources.tables import tables
from untrain.errors import UserError
from untrain.files import TORN


def arrow(path: Path, reading: Reading) -> Images:
    """Images from Arrow files and streams, or a folder that `datasets.save_to_disk` wrote.

    The parts are those that files, or the folders that they lie in, are called after.
    """
    where = f"arrow:{path}"
    files = [path]
    if path.is_dir():
        files = sorted(path.glob("[!.]*.arrow")) or sorted(path.glob("*/[!.]*.arrow"))
        files = [file for file in files if not file.name.startswith("cache-")]
        if any(map(_has_selection, files)):
            what = "The data set was saved with a selection of its rows beside them."
            raise UserError(what, where, "Save dataset.flatten_indices() instead.")
    top = len(path.parts) if path.is_dir() else len(path.parent.parts)
    said = {file: part_in("/".join(file.parts[top:])) for file in files}
    parts = parts_of_files(said) if path.is_dir() else dict.fromkeys(files, "")
    return tables(f"arrow:{path.name}", parts, open_arrow, HubSet(label=""), reading)


def _has_selection(file: Path) -> bool:
    """Whether the rows that count are listed beside the file, as older versions do."""
    try:
        state = json.loads(file.with_name("state.json").read_text())
        return any(state[name] for name in state if name.startswith("_indices"))
    except TORN:
        return False
