"""Keys that several images have, told before anything is decoded."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from untrain.data.pixels.decode import shown
from untrain.errors import UserError


def refuse_same_files(
    keys: Sequence[str],
    paths: Sequence[Path],
    labels: np.ndarray,
    classes: Sequence[str],
    name: str,
) -> None:
    """Raise UserError if keys name one file in several ways, such as a.png and ../here/a.png.

    Links in place of files count as files of their own. All (N,).
    """
    folders = {folder: os.path.realpath(folder) for folder in {path.parent for path in paths}}
    held: dict[str, list[int]] = {}
    for at, path in enumerate(paths):
        held.setdefault(os.path.join(folders[path.parent], path.name), []).append(at)
    twice = [rows for rows in held.values() if len(rows) > 1]
    if twice:
        told = [" = ".join(f"{keys[at]} ({classes[labels[at]]})" for at in rows) for rows in twice]
        what = f"{len(twice)} files are named in several ways: {shown(told)}."
        raise UserError(what, name, "Leave each image in once, with one label.")


def refuse_repeats(
    keys: np.ndarray, labels: np.ndarray, classes: Sequence[str], name: str, column: str = ""
) -> None:
    """Raise UserError if keys repeat: how many, and which of them have several labels.

    keys, labels: (N,) each. column: the one that --key names; "" where paths are the keys.
    """
    names, place, counts = np.unique(keys, return_inverse=True, return_counts=True)
    if len(names) == len(keys):
        return
    low, high = np.full(len(names), np.iinfo(np.int64).max), np.full(len(names), -1)
    np.minimum.at(low, place, labels)
    np.maximum.at(high, place, labels)
    again = names[counts > 1].astype(str).tolist()
    what = f"{len(keys) - len(names)} of the {len(keys)} keys are not unique: {shown(again)}."
    differ = np.flatnonzero(low < high)
    if len(differ):
        called = [classes or range(high[at] + 1) for at in differ]
        told = [
            f"{names[at]} ({c[low[at]]}, {c[high[at]]})"
            for at, c in zip(differ, called, strict=True)
        ]
        what += f" {len(differ)} of them have more than one label: {shown(told)}."
    if not column:
        raise UserError(what, name, "Leave each image in once, with one label.")
    fix = "Give every image a key of its own. To forget all images of one, leave --key out: "
    raise UserError(what, f"--key {column}", f"{fix}--forget where:{column}={again[0]}")
