"""Places without their machine, pseudonyms in short, and when runs ended."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any


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
    """A path as its reader would type it; of one from the root, what is below the working folder,
    or else its name alone, as its place is of one machine."""
    if not path.is_absolute():
        return str(path)
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else path.name


def ended(runs: Iterable[Mapping[str, Any]]) -> str:
    """When the last of these runs ended."""
    times = [run.get("time") for run in runs]
    return max((str(time.get("ended", "")) for time in times if isinstance(time, dict)), default="")
