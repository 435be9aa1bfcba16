"""A table as it is shown, before it has a form: text, Markdown, LaTeX and others are made of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Grid:
    """head: names of the columns, the first one that of the rows. rows: cells as text, as many as
    the head has; "-" where there is no value. notes: sentences that stand below.

    Raises ValueError if a row is of another length.
    """

    title: str
    head: list[str]
    rows: list[list[str]]
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if any(len(row) != len(self.head) for row in self.rows):
            raise ValueError("a row of the grid has another length than its head")


def number(value: float | None, digits: int = 2, unit: str = "") -> str:
    """A number as a cell; "-" for none, and for what is not finite."""
    return "-" if value is None or not math.isfinite(value) else f"{value:.{digits}f}{unit}"


def over_seeds(values: Sequence[float] | np.ndarray, digits: int = 2) -> str:
    """The mean, and from three seeds on the standard deviation: 69.32±0.85. NaN is left out."""
    known = np.asarray(values, np.float64)
    known = known[np.isfinite(known)]
    if not len(known):
        return "-"
    spread = f"±{known.std(ddof=1):.{digits}f}" if len(known) >= 3 else ""
    return f"{known.mean():.{digits}f}{spread}"
