"""What is being made at this moment: beats of a store's processes, and locks of other runs."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from pathlib import Path

LOCKS = Path("/proc/locks")
"""Linux lists there which files are locked; looking there takes no lock itself."""
FRESH = 120.0
"""Elsewhere, seconds after which a resume file that was not written means a stopped run."""
LEAST = 0.02
"""Share of a run that must be seen passing before the time left is told."""


class Pace:
    """How fast runs go on, as it was seen from here: what a resumed run had before counts not."""

    def __init__(self) -> None:
        self.first: dict[str, tuple[float, float]] = {}

    def left(self, run: str, done: float, passes: int) -> float | None:
        """Seconds left; None until enough of it was seen."""
        now = time.monotonic()
        began, start = self.first.setdefault(run, (now, done))
        if done < start:  # it was made anew
            self.first[run] = (now, done)
            return None
        if not passes or done - start < LEAST * passes or done > passes:
            return None
        return round((now - began) / (done - start) * (passes - done))

    def keep(self, runs: set[str]) -> None:
        """Forget those that no longer run."""
        for gone in self.first.keys() - runs:
            del self.first[gone]


def at_work(folder: Path, locks: set[int] | None) -> bool:
    """Whether a process is at work in the folder of a run that no store leads.

    locks: inodes of locked files; None where the system does not tell.
    """
    with suppress(OSError):
        if locks is None:
            return time.time() - (folder / "resume.safetensors").stat().st_mtime < FRESH
        return (folder / ".lock").stat().st_ino in locks
    return False


def locked() -> set[int] | None:
    """Inodes of all files that are locked; None where the system does not tell."""
    try:
        text = LOCKS.read_text()
    except OSError:
        return None
    return {int(inode) for inode in re.findall(r"[0-9a-f]+:[0-9a-f]+:(\d+)", text)}
