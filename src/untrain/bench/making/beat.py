"""What a process is doing for a study, written where others can read it while it works."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from multiprocessing import parent_process
from pathlib import Path
from typing import TYPE_CHECKING, Any

from untrain.errors import UserError
from untrain.files import TORN, write_json

if TYPE_CHECKING:
    from untrain.engine.loop import Observer
    from untrain.runs.plan import Plan

EVERY = 1.0
"""Least seconds between two writes."""
STALE = 120.0
"""Seconds after which a process that has not written is taken to be gone."""


@dataclass(frozen=True)
class Beat:
    """A run under way. done, passes: of its passes. started: seconds since the epoch."""

    run: str
    label: str
    done: float
    passes: int
    started: float


class Heart:
    """Writes what this process is doing into STORE/workers, a file a process.

    led: whether it stops where the process that has started it is gone, with its run saved.
    """

    def __init__(self, store: Path, led: bool = False) -> None:
        name = f"{socket.gethostname()}-{os.getpid()}.json"
        self.path = store / "workers" / name
        self.parent = parent_process() if led else None
        self.next = 0.0

    def watching(self, plan: Plan, address: str) -> Observer:
        """An observer of a run."""
        if self.orphan:
            raise KeyboardInterrupt
        label, passes, started = plan.label, plan.method.length, time.time()

        def observe(done: float, row: dict[str, Any] | None) -> None:
            if self.orphan:
                self.parent = None
                os.kill(os.getpid(), signal.SIGTERM)  # which saves the run, then ends
            if time.monotonic() >= self.next:
                self.next = time.monotonic() + EVERY
                with suppress(UserError):  # a full disk stops the run, not the telling of it
                    write_json(self.path, asdict(Beat(address, label, done, passes, started)))

        return observe

    @property
    def orphan(self) -> bool:
        """Whether the process that has started this one is gone."""
        return self.parent is not None and not self.parent.is_alive()

    @contextmanager
    def beating(self) -> Iterator[Heart]:
        """Removes the file when the block ends."""
        try:
            yield self
        finally:
            with suppress(OSError):
                self.path.unlink(missing_ok=True)


def beats(store: Path) -> list[Beat]:
    """What the processes of a store are doing now."""
    found = []
    for path in sorted((store / "workers").glob("*.json")):
        with suppress(*TORN):
            if time.time() - path.stat().st_mtime < STALE and alive(path.stem):
                found.append(Beat(**json.loads(path.read_text())))
    return found


def alive(name: str) -> bool:
    """Whether the process of a file's name is there; of another machine's that is not known."""
    host, _, number = name.rpartition("-")
    if host != socket.gethostname() or not number.isdigit():
        return True
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it is somebody else's
        return True
    return True
