"""Decode once: images of a source as one uint8 array on disk, memory-mapped by every process."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from untrain.data.images import Images
from untrain.data.pixels.mapped import mapped
from untrain.data.pixels.room import cache_folder, moved
from untrain.errors import MISSING, UserError
from untrain.files import DRAFT, TORN, atomic, check_space, lock, write_arrays, write_json
from untrain.progress import say

LAYOUT = 2
"""Raised when the files below change their meaning."""


def fingerprint(name: str, files: list[Path], options: dict[str, Any]) -> str:
    """What a cache entry depends on: files by name, size and time, and how they are read."""
    stats = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    text = json.dumps([LAYOUT, name, stats, options], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def cached(name: str, key: str, decode: Callable[[], Images]) -> Images:
    """The decoded images under `key`, decoding and storing them the first time.

    An entry is written beside its place and renamed into it, so that a killed process never
    leaves half of one; a second process waits for the first. A damaged entry is made anew.
    """
    folder = cache_folder() / f"{name}-{key}"
    images = _read(folder)
    if images is not None:
        return images
    wait = "waiting for another process that is decoding images"
    with lock(cache_folder(), wait=wait, where="UNTRAIN_CACHE, where decoded images are kept"):
        images = _read(folder, tell=True)
        if images is None:
            shutil.rmtree(folder, ignore_errors=True)
            _write(decode(), folder)
            images = _read(folder)
    assert images is not None, "an entry that was just written can be read"
    return images


def _write(images: Images, folder: Path) -> None:
    draft = folder.with_name(DRAFT + folder.name)
    try:
        draft.mkdir()
        if not moved(images.x, draft / "x.npy"):
            check_space(draft, images.x.nbytes)
            with atomic(draft / "x.npy") as path:
                np.save(path, images.x.numpy())
        # a prefix, as a column of the user's may be called anything, "y" or "file" included
        table = {f"table/{column}": rows for column, rows in images.table.items()}
        rows = {"y": images.y.numpy(), "keys": images.keys, **table}
        write_arrays(draft / "rows.npz", rows)
        about: dict[str, Any] = {"classes": images.classes, "name": images.name}
        about |= {"hash": images.hash, "files": images.files}
        about |= {"mean": images.mean, "std": images.std, "augment": images.augment}
        write_json(draft / "about.json", about)
        draft.rename(folder)
    except OSError as error:
        raise UserError(
            f"Could not write the decoded images: {error.strerror or error}.",
            where=str(folder),
            fix="Free some space, or set UNTRAIN_CACHE to a folder that can be written.",
            code=MISSING,
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _read(folder: Path, tell: bool = False) -> Images | None:
    """The images of an entry; None if it is not there, or damaged, which may be told."""
    if not folder.exists():
        return None
    try:
        return _load(folder)
    except TORN as error:
        if tell:
            say(f"the cache entry {folder} is damaged ({type(error).__name__}); decoding again")
        return None


def _load(folder: Path) -> Images:
    about = json.loads((folder / "about.json").read_text())
    with (folder / "rows.npz").open("rb") as file, np.load(file) as rows:
        y, keys = rows["y"], rows["keys"]
        columns = [name for name in rows.files if name.startswith("table/")]
        table = {name.removeprefix("table/"): rows[name] for name in columns}
    return Images(
        x=mapped(folder / "x.npy"),
        y=torch.from_numpy(y),
        keys=keys,
        table=table,
        classes=about["classes"],
        mean=tuple(about["mean"]),
        std=tuple(about["std"]),
        augment=about["augment"],
        name=about["name"],
        hash=about["hash"],
        files=about.get("files", {}),
    )
