"""Where images come from: a set by its name, or files and functions of the user's own."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from untrain.data.images import Images
from untrain.data.reading import Reading
from untrain.data.sources.named import HUB, HubSet, digits
from untrain.errors import UserError, unknown
from untrain.progress import say

__all__ = ["HUB", "KINDS", "NAMES", "HubSet", "digits", "kind_of", "load", "own_files"]

KINDS = {
    "folder:PATH": "image files, one folder per class; more columns in its metadata.csv",
    "csv:FILE": "a csv or tsv of paths, labels and further columns",
    "parquet:PATH": "a parquet file, or a folder of them",
    "arrow:PATH": "Arrow files, or a folder that datasets.save_to_disk wrote",
    "numpy:FILE": "an npz of images and labels, or a folder of npy files",
    "torch:FILE": "tensors that torch.save wrote: (images, labels), or a dict of such names",
    "python:MODULE:FUNCTION": "a function of yours that returns (images, labels) or a Dataset",
}
"""Data of the user's own, and what each is."""
NAMES = ["digits", *HUB, *KINDS]
"""What `--data` takes."""
SUFFIXES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".npz": "numpy",
    ".npy": "numpy",
    ".pt": "torch",
    ".pth": "torch",
}
"""The kind of a file by the end of its name."""


def load(name: str, root: str = "", reading: Reading | None = None) -> Images:
    """Load a data set by name.

    name: one of NAMES. root: folder with local data, looked at first (`ROOT/NAME/*.parquet`).
    reading: which columns mean what, and the size that images are brought to.
    Raises UserError for an unknown name, missing files or damaged images.
    """
    from untrain.data.sources.hub import find
    from untrain.data.sources.parquet import parquet
    from untrain.data.sources.sizes import resized_images
    from untrain.data.sources.some_classes import first_classes

    reading = reading or Reading()
    kind, _, path = name.partition(":")
    if path and (read := _readers().get(kind)):
        return read(path, reading)
    if name == "digits":
        _refuse_columns(reading)
        return resized_images(digits(), reading.size) if reading.size else digits()
    if name not in HUB:
        begun = [known for known in NAMES if name and known.startswith(name)][:1]
        fix = f"--data takes one of: {', '.join(NAMES)}"
        raise unknown("data set", name, begun or NAMES, fix)
    source = HUB[name]
    if source.of:
        return first_classes(load(source.of, root, reading), source.classes, name)
    twins = [other for other in HUB if HUB[other].repo == source.repo != "" and other != name]
    return parquet(name, find([name, *twins], source, root), source, reading)


def _readers() -> dict[str, Callable[[str, Reading], Images]]:
    """What reads each kind of data."""
    from untrain.data.sources.array_files import numpy_files, torch_files
    from untrain.data.sources.arrow import arrow
    from untrain.data.sources.delimited import csv
    from untrain.data.sources.folder import folder
    from untrain.data.sources.parquet import parquet
    from untrain.data.sources.python import python

    def own_parquet(path: str, reading: Reading) -> Images:
        found, test = own_files(Path(path))
        return parquet(f"parquet:{Path(path).name}", found, HubSet(label="", test=test), reading)

    return {
        "folder": lambda path, reading: folder(Path(path), reading),
        "csv": lambda path, reading: csv(Path(path), reading),
        "parquet": own_parquet,
        "arrow": lambda path, reading: arrow(Path(path), reading),
        "numpy": lambda path, reading: numpy_files(Path(path), reading),
        "torch": lambda path, reading: torch_files(Path(path), reading),
        "python": python,
    }


def _refuse_columns(reading: Reading) -> None:
    """Refuse what digits do not have."""
    for flag, value in (("--key", reading.key), ("--label", reading.label)):
        if value:
            what = f"{flag} {value} names a column, and digits has none."
            raise UserError(what, flag, "Leave it out.")


def kind_of(path: Path) -> str:
    """The kind of data that a path most likely holds."""
    if not path.is_dir():
        return SUFFIXES.get(path.suffix.lower(), "parquet")
    inside = [each for each in path.iterdir() if not each.name.startswith(".")]
    kinds = {SUFFIXES.get(each.suffix.lower(), "") for each in inside if each.is_file()}
    if any((path / name).is_file() for name in ("dataset_dict.json", "state.json")):
        return "arrow"
    return next(
        (kind for kind in ("parquet", "arrow", "numpy", "torch") if kind in kinds), "folder"
    )


def own_files(path: Path) -> tuple[list[Path], str]:
    """The parquet files that a path names, and what the names of the test files begin with.

    Files one folder deeper are taken where there are no others. In a folder these are its `test`
    files, or `val` ones if there are none; with both, the
    validation files are left.
    """
    if not path.is_dir():
        return [path], "test"
    files = sorted(path.glob("[!.]*.parquet")) or sorted(path.glob("*/[!.]*.parquet"))
    held = [file for file in files if re.match(r"val(id|idation)?[-_.]", file.name)]
    if not held or len(held) == len(files):
        return files, "test"
    if not any(file.name.startswith("test") for file in files):
        return files, "val"
    say(f"{path}: the images of {', '.join(file.name for file in held)} are not used")
    return [file for file in files if file not in held], "test"
