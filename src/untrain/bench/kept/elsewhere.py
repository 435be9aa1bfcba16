"""Runs that were made by hand, `untrain train` and `untrain unlearn`, and count in a study too."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from untrain.errors import UserError
from untrain.files import atomic
from untrain.runs.place import check_weights
from untrain.runs.record import read

FILES = ("split.npz", "evidence.npz", "model.safetensors", "run.json")
"""What is taken of a run, its record last: it says that the run is whole."""


def found(folder: Path) -> dict[str, Path]:
    """Finished runs anywhere below a folder, by the key of their run.json."""
    runs: dict[str, Path] = {}
    for path in sorted(folder.rglob("run.json")):
        with suppress(UserError):
            runs.setdefault(read(path.parent)["key"], path.parent)
    return runs


def take(source: Path, folder: Path) -> bool:
    """Copy a run into its folder of the store; False where it is not whole."""
    try:
        check_weights(source, read(source))
    except UserError:
        return False
    for name in FILES:
        if (source / name).exists():
            with atomic(folder / name) as draft:
                shutil.copyfile(source / name, draft)
    return True
