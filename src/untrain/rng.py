"""Every random draw of the project: a fresh CPU generator named by seed, purpose and counters.

Nothing here depends on rank, device or the order of other draws, so a run can be resumed,
sharded or stripped of a loss term without moving any other draw.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


def derive(seed: int, purpose: str, *counters: int | str) -> int:
    """A 63-bit seed for one purpose; equal arguments give equal seeds on every machine."""
    text = "/".join([str(seed), purpose, *map(str, counters)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def rng(seed: int, purpose: str, *counters: int | str) -> torch.Generator:
    """A fresh CPU generator for one draw, such as `rng(0, "shuffle", "retain", epoch)`."""
    import torch  # results are read without it

    return torch.Generator().manual_seed(derive(seed, purpose, *counters))


def numpy_rng(seed: int, purpose: str, *counters: int | str) -> np.random.Generator:
    """The same for draws that are made with NumPy (splits, metrics)."""
    return np.random.default_rng(derive(seed, purpose, *counters))
