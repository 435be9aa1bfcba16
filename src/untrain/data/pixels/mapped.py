"""Arrays of a file in memory, read where they are touched, and copies that share the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.weak import WeakTensorKeyDictionary

_FILES = WeakTensorKeyDictionary()
"""The file of each array that `mapped` has given and that is still in use."""


def mapped(path: Path) -> Tensor:
    """The array of an npy file, copy-on-write: shared between processes, and writable as torch
    asks. What is written stays in memory; the file never changes."""
    x = torch.from_numpy(np.load(path, mmap_mode="c"))
    _FILES[x] = path
    return x


def private(x: Tensor) -> Tensor:
    """An equal array to write into. Of a mapped file only what is written takes memory."""
    known = x in _FILES and _FILES[x].is_file()
    return mapped(_FILES[x]) if known else x.clone()
