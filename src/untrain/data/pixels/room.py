"""Where decoded pixels lie: in memory if they are few, else in a file of the cache folder."""

from __future__ import annotations

import itertools
import math
import os
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from untrain.errors import MISSING, UserError
from untrain.files import DRAFT, check_space

FEW = 1 << 28
"""Bytes of pixels that are kept in memory; more go to a file, of which the system keeps in memory
what it has room for."""
_numbers = itertools.count()
_files: dict[int, tuple[Path, tuple[int, ...]]] = {}
"""The files that pixels lie in, by their address, and their shape."""


def cache_folder() -> Path:
    """`$UNTRAIN_CACHE`, else `untrain` in the user's cache folder."""
    base = os.environ.get("UNTRAIN_CACHE")
    if base:
        return Path(base)
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "untrain"


def room(shape: tuple[int, ...], kind: Any = np.uint8) -> np.ndarray:
    """An array of this shape and kind, to be filled. A file is removed with it, unless `moved`.

    Raises UserError if the disk has no room for it.
    """
    kind = np.dtype(kind)
    needed = math.prod(shape) * kind.itemsize
    if needed <= FEW:
        return np.empty(shape, kind)
    folder = cache_folder()
    path = folder / f"{DRAFT}{os.getpid()}-{next(_numbers)}-pixels.npy"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        check_space(folder, needed)
        pixels = np.lib.format.open_memmap(path, "w+", kind, shape)
        if hasattr(os, "posix_fallocate"):  # a full disk would kill the process later
            with path.open("rb+") as file:
                os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise UserError(
            f"Could not make room for {needed / 1e9:,.1f} GB of pixels: {error.strerror or error}.",
            where=str(folder),
            fix="Free some space, or set UNTRAIN_CACHE to a folder on another disk.",
            code=MISSING,
        ) from error
    address = pixels.ctypes.data
    _files[address] = (path, shape)
    weakref.finalize(pixels, _remove, address, path)
    return pixels


def joined(parts: Sequence[Tensor], on_disk: bool) -> Tensor:
    """One array of several, which large ones share a file for if they may be on disk."""
    if not on_disk:
        return torch.cat(list(parts))
    if len(parts) == 1:
        return parts[0]
    shape = (sum(map(len, parts)), *parts[0].shape[1:])
    whole = torch.from_numpy(room(shape, parts[0].numpy().dtype))
    start = 0
    for part in parts:
        whole[start : start + len(part)] = part
        start += len(part)
    return whole


def moved(x: Tensor, path: Path) -> bool:
    """Rename the file that pixels lie in to `path`; False if they lie in memory."""
    draft, shape = _files.get(x.data_ptr(), (Path(), ()))
    if tuple(x.shape) != shape or not x.is_contiguous() or not draft.is_file():
        return False
    with draft.open("rb") as written:
        os.fchmod(written.fileno(), 0o644)
        os.fsync(written.fileno())
    draft.replace(path)
    return True


def _remove(address: int, path: Path) -> None:
    del _files[address]
    path.unlink(missing_ok=True)
