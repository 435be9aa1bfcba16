"""One thing that is missing, broken, slow or good to know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Trouble:
    """What is the matter, and what to do about it."""

    what: str
    fix: str
    level: Literal["core", "part", "note"] = "part"
    """core: no run works before it is mended. part: something does not. note: good to know."""
