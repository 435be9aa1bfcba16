"""The folders that untrain reads and writes: there or not, writable, how much room."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from untrain.doctor.trouble import Trouble

LITTLE = 2 << 30
"""Bytes of free disk below which a download or a cache of images may not fit."""


def look(path: Path) -> dict[str, Any]:
    """A folder, there or still to be made: whether it can be written, and the free disk."""
    whole = path.absolute()
    there = next(place for place in (whole, *whole.parents) if place.exists())
    return {
        "path": str(whole),
        "exists": path.is_dir(),
        "writable": there.is_dir() and os.access(there, os.W_OK | os.X_OK),
        "disk_free": shutil.disk_usage(there).free,
    }


def image_cache() -> dict[str, Any]:
    """The folder of decoded images: its entries and their bytes. Imports torch and Pillow."""
    from untrain.data.pixels.room import cache_folder

    path = cache_folder()
    entries = [entry for entry in path.glob("[!.]*") if entry.is_dir()]
    sizes = [file.stat().st_size for entry in entries for file in entry.glob("*")]
    return look(path) | {"entries": len(entries), "bytes": sum(sizes)}


def hub() -> dict[str, Any]:
    """Where downloads go, whether they may happen, which data sets are there. Imports torch."""
    from huggingface_hub import constants

    from untrain.data.sources import HUB

    path = Path(constants.HF_HUB_CACHE)
    folders = {name: f"datasets--{one.repo.replace('/', '--')}" for name, one in HUB.items()}
    return look(path) | {
        "offline": bool(constants.HF_HUB_OFFLINE),
        "endpoint": constants.ENDPOINT,
        "data_sets": [
            name for name, folder in folders.items() if any((path / folder).rglob("*.parquet"))
        ],
    }


def digits() -> bool:
    """Whether scikit-learn brings the embedded digits."""
    spec = find_spec("sklearn")
    if spec is None or not spec.origin:
        return False
    return Path(spec.origin).with_name("datasets").joinpath("data", "digits.csv.gz").is_file()


def troubles(found: dict[str, Any]) -> list[Trouble]:
    """What stands in the way in the folders of a checkup, those that were looked at."""
    cache, here, hub = found["image_cache"], found["here"], found["hub"]
    told = []
    if cache and not cache["writable"]:
        what = f"The image cache {cache['path']} cannot be written: for all data but digits."
        told.append(Trouble(what, "Set UNTRAIN_CACHE to a folder that can.", "core"))
    if hub and not hub["writable"] and not hub["offline"]:
        what = f"The hub cache {hub['path']} cannot be written: for downloading data sets."
        told.append(Trouble(what, "Set HF_HOME to a folder that can, or use --data-root."))
    if not here["writable"]:
        what = "The current folder cannot be written: for runs with a relative --out."
        told.append(Trouble(what, "Give an --out elsewhere."))
    if not found["digits"]:
        what = "The embedded digits are not there: for untrain demo."
        told.append(Trouble(what, "Install scikit-learn anew.", "core"))
    for name, place in (("the image cache", cache), ("the current folder", here)):
        if place and place["disk_free"] < LITTLE:
            what = f"Only {place['disk_free'] / (1 << 30):.1f} GB of disk are free for {name}."
            told.append(Trouble(what, "Free some space, or choose another disk."))
    return told
