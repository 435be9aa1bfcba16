"""Places without their machine, pseudonyms in short, and when runs ended."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

PLACE, STORE = "PATH", "STORE"
"""What stands in commands for a folder of the reader's own: one that holds results, a store."""


def shortened(rule: str) -> str:
    """The rule with eight signs of each pseudonym, of which it may have 64."""
    return re.sub(r"(sha256:[0-9a-f]{8})[0-9a-f]{56}", r"\1…", rule)


def addresses(paths: Sequence[Path], named: Sequence[Path]) -> dict[Path, str]:
    """What each folder is called, each differently: its path, as far as it is not of one machine.

    named: the places that the reader named, in or beside which the folders lie.
    """
    around = [up for place in named for up in (place.parent, place.parent.parent)]
    found: dict[Path, str] = {}
    for path in paths:
        told, inside = portable(path), [up for up in around if path.is_relative_to(up)]
        if told == path.name and inside:
            told = str(path.relative_to(inside[0]))
        again = sum(other == told or other.startswith(f"{told} (") for other in found.values())
        found[path] = f"{told} ({again + 1})" if again else told
    return found


def portable(path: Path) -> str:
    """A path as its reader would type it; of one from the root, or above the working folder, what
    is below that, or else its name alone, as its place is of one machine."""
    there = _whole(path)
    if outside(path):
        return there.name
    return str(there.relative_to(Path.cwd())) if there.is_absolute() else str(path)


def outside(path: Path) -> bool:
    """Whether it is of one machine: neither below the working folder nor told from there."""
    there = _whole(path)
    return there.is_absolute() and not there.is_relative_to(Path.cwd())


def _whole(path: Path) -> Path:
    return path.resolve() if ".." in path.parts else path


def typed(path: Path) -> str:
    """A path as it stands in a command that others copy: of one from the root that is outside of
    the working folder the place is left to the reader, as PATH."""
    told = portable(path)
    return f"{PLACE}/{told}" if outside(path) else told


def ended(runs: Iterable[Mapping[str, Any]]) -> str:
    """When the last of these runs ended."""
    times = [run.get("time") for run in runs]
    return max((str(time.get("ended", "")) for time in times if isinstance(time, dict)), default="")
