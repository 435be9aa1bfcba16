"""What a report is made of: result files as they were read, plain values alone."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from untrain import registry
from untrain.bench.job import Block, Result
from untrain.bench.numbers.statistics import Row, Table
from untrain.bench.numbers.ties import UNRANKED


@dataclass(frozen=True, kw_only=True)
class Report:
    """One set of results: all runs of a study, or a few folders.

    title: what it is of. about: why it was made, in a sentence or more; may be "".
    source: where the files were found, without places of one machine. command: makes this page
    again. make: makes the runs. ended: when the last run ended, ISO 8601; "" if unknown.
    tables: a block each, rows with their runs; what has not run is among `lacks` of its table.
    joint: what was measured of several models together, by block: see `untrain.joint`.
    thumbnails: pictures of images by key, PNG; empty unless they were asked for.
    places: the folder of each run by its address, as the reader would type it.
    warnings: what a reader must know before any number.
    measurable: whether more can be measured here: a run has its outputs or its weights.
    """

    title: str
    about: str = ""
    source: str = ""
    command: str = ""
    make: str = ""
    ended: str = ""
    tables: tuple[Table, ...] = ()
    joint: Mapping[Block, Mapping[str, Any]] = field(default_factory=dict)
    thumbnails: Mapping[str, bytes] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    measurable: bool = True

    @property
    def runs(self) -> list[Result]:
        return [run for table in self.tables for row in table.rows for run in row.runs]


def methods(table: Table) -> list[Row]:
    """The rows that unlearn: all but Original and Retrain."""
    return [row for row in table.rows if row.label not in UNRANKED]


def nearest_first(rows: Sequence[Row]) -> list[Row]:
    """The rows with that of the smallest gap first, where any is known; the others as they stand.

    What is shown of one method at a time begins with the first.
    """
    ranked = [row for row in rows if row.label not in UNRANKED]
    known = [row for row in ranked if row.gap and math.isfinite(row.gap.average)]
    best = min(known, key=lambda row: row.gap.average if row.gap else math.inf, default=None)
    return sorted(rows, key=lambda row: row is not best)


def audited(row: Row, name: str) -> list[tuple[Result, Mapping[str, Any]]]:
    """The runs of a row that this audit was made of, with its values; by seeds.

    name: of an audit in measures/ (`accuracy`, `answers`, `destination`, `centroids`, `lemma`,
    `predictions`), or `verdict`, the page of `untrain audit RUN` (verdict.json).
    """
    return [(run, found) for run in row.runs if (found := run.audits.get(name))]


def shown(label: str) -> str:
    """A row's name as people read it: `neggrad-plus+contrastive (lam 0.3)` is `NegGrad+ +
    contrastive (lam 0.3)`. The name of a method stands first in its file, which is read as text."""
    if label == "original":
        return "Original"
    method, sign, rest = re.match(r"([a-z0-9-]*)(\+?)(.*)", label, re.DOTALL).groups()  # type: ignore[union-attr]
    return _proper(method) + (" + " if sign else "") + rest


@cache
def _proper(method: str) -> str:
    """What a method is called; the word itself if it is none of ours."""
    if method not in registry.methods.modules:
        return method
    file = Path(registry.__file__).with_name("methods") / f"{registry.methods.modules[method]}.py"
    return file.read_text(encoding="utf-8").removeprefix('"""').partition(":")[0]


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *first, last = names or [""]
    return f"{', '.join(first)} and {last}" if first else last
