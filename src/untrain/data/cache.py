"""Decode once: images of a source as one uint8 array on disk, memory-mapped by every process."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from untrain.data.images import Images
from untrain.errors import MISSING, UserError
from untrain.files import write_arrays

LAYOUT = 2
"""Raised when the files below change their meaning."""


def cache_folder() -> Path:
    """`$UNTRAIN_CACHE`, else `untrain` in the user's cache folder."""
    base = os.environ.get("UNTRAIN_CACHE")
    if base:
        return Path(base)
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "untrain"


def fingerprint(name: str, files: list[Path], options: dict[str, Any]) -> str:
    """What a cache entry depends on: files by name, size and time, and how they are read."""
    stats = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    text = json.dumps([LAYOUT, name, stats, options], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def cached(name: str, key: str, decode: Callable[[], Images]) -> Images:
    """The decoded images under `key`, decoding and storing them the first time.

    An entry is written to a folder of its own and renamed into place, so that a killed or a
    second process never leaves or sees half of one.
    """
    folder = cache_folder() / f"{name}-{key}"
    if not folder.exists():
        images = decode()
        try:
            _write(images, folder)
        except OSError as error:
            raise UserError(
                f"Could not write the decoded images: {error.strerror or error}.",
                where=str(folder),
                fix="Free some space, or set UNTRAIN_CACHE to a folder that can be written.",
                code=MISSING,
            ) from error
    return _read(folder)


def _write(images: Images, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=folder.parent))
    try:
        np.save(draft / "x.npy", images.x.numpy())
        # a prefix, as a column of the user's may be called anything, "y" or "file" included
        table = {f"table/{column}": rows for column, rows in images.table.items()}
        rows = {"y": images.y.numpy(), "keys": images.keys, **table}
        write_arrays(draft / "rows.npz", rows)
        about: dict[str, Any] = {"classes": images.classes, "name": images.name}
        about |= {"hash": images.hash}
        about |= {"mean": images.mean, "std": images.std, "augment": images.augment}
        (draft / "about.json").write_text(json.dumps(about))
        try:
            draft.rename(folder)
        except OSError:
            if not folder.exists():  # else another process was first, with the same content
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _read(folder: Path) -> Images:
    about = json.loads((folder / "about.json").read_text())
    with np.load(folder / "rows.npz") as rows:
        y, keys = rows["y"], rows["keys"]
        columns = [name for name in rows.files if name.startswith("table/")]
        table = {name.removeprefix("table/"): rows[name] for name in columns}
    return Images(
        # copy-on-write: shared between processes, and writable as torch asks
        x=torch.from_numpy(np.load(folder / "x.npy", mmap_mode="c")),
        y=torch.from_numpy(y),
        keys=keys,
        table=table,
        classes=about["classes"],
        mean=tuple(about["mean"]),
        std=tuple(about["std"]),
        augment=about["augment"],
        name=about["name"],
        hash=about["hash"],
    )
