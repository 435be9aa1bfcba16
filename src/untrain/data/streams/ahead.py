"""Rows of a memory-mapped array, read in a thread before they are needed."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import torch
from torch import Tensor

Rows = Callable[[], Tensor]
"""Gives int64 rows (B,) of the array."""


class Ahead:
    """Reads batches of rows of `x` (N, ...) on the CPU, for a device.

    At most the batches that are wanted lie ready. The thread ends with this object; nothing is
    left of it when a run is broken off.
    """

    def __init__(self, x: Tensor, device: torch.device) -> None:
        self.x, self.device = x, device
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="untrain-read")
        self.waiting: dict[Hashable, Future[Tensor]] = {}

    def want(self, batches: Mapping[Hashable, Rows]) -> None:
        """Read these batches in this order; others that were wanted before are let go."""
        for key in [key for key in self.waiting if key not in batches]:
            self.waiting.pop(key).cancel()
        for key, rows in batches.items():
            if key not in self.waiting:
                self.waiting[key] = self.pool.submit(_read, self.x, rows, self.device.type)

    def get(self, key: Hashable, rows: Rows) -> Tensor:
        """A batch on the device; read now if nobody wanted it."""
        found = self.waiting.pop(key, None)
        read = _read(self.x, rows, self.device.type) if found is None else found.result()
        return read.to(self.device, non_blocking=True)


def _read(x: Tensor, rows: Rows, device: str) -> Tensor:
    at = rows()
    read = torch.empty((len(at), *x.shape[1:]), dtype=x.dtype, pin_memory=device == "cuda")
    return torch.index_select(x, 0, at, out=read)
