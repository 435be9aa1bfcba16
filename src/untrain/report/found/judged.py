"""Verdicts of `untrain audit` as sections take them: by row, over its seeds."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Literal

from untrain.bench.job import Result
from untrain.bench.numbers.statistics import Row
from untrain.report.data import Report, audited, listed, shown

WORST = ("FAIL-RESIDUAL", "FAIL-OVERFORGET", "INCONCLUSIVE", "NOT-TESTABLE", "PASS")
"""The word of a row is the first of these that any of its seeds has."""
STATES = ("fail", "open", "pass", "off")
"""The same for a test."""
MANY = 6
"""Rows beyond which they are counted in a sentence, not named one by one."""
Values = Mapping[str, Any]
NAN = math.nan


@dataclass(frozen=True)
class Judged:
    """A row with the verdicts of those of its runs that were audited, by seeds."""

    row: Row
    runs: tuple[tuple[Result, Values], ...]

    @property
    def label(self) -> str:
        return shown(self.row.label)

    @property
    def word(self) -> str:
        return worst([str(values.get("verdict", "")) for _, values in self.runs], WORST)

    @property
    def tone(self) -> Literal["good", "bad", "open"]:
        return "good" if self.word == "PASS" else "bad" if "FAIL" in self.word else "open"

    def of(self, key: str) -> list[Values]:
        """One test, by seeds; those that were not asked are left out."""
        found = [one for _, values in self.runs for one in listed_of(values, "findings")]
        return [one for one in found if one.get("key") == key and one.get("state") != "off"]


def judged(rows: Iterable[Row]) -> list[Judged]:
    """The rows that any run was audited of."""
    made = [Judged(row, tuple(audited(row, "verdict"))) for row in rows]
    return [one for one in made if one.runs]


def worst(found: Iterable[str], order: tuple[str, ...]) -> str:
    """The first of an order that is among the found; what the order does not know comes last."""
    return min(found, key=lambda one: order.index(one) if one in order else len(order))


def number_of(values: Values, *path: str) -> float:
    """A number some names deep; NaN where there is none."""
    found: Any = values
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    plain = isinstance(found, int | float) and not isinstance(found, bool)
    return float(found) if plain else NAN


def listed_of(values: Values, name: str) -> list[Values]:
    """The dicts of a list; [] where there is none."""
    found = values.get(name)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def mean_of(values: Iterable[float]) -> float:
    """The mean of what is finite; NaN for none."""
    known = [one for one in values if math.isfinite(one)]
    return sum(known) / len(known) if known else NAN


def seed_of(run: Result) -> str:
    """`seed 0`, and the split's where it is another than the first."""
    cell = run.cell
    split = f", split {cell.split_seed}" if cell.split_seed else ""
    return f"seed {cell.train_seed}{split}"


def audit_command(report: Report, rows: Iterable[Row], retrain: Row | None) -> str:
    """What judges the first run of each row; of many rows the first alone, as an example."""
    runs = [typed(report, row.runs[0]) for row in rows if row.runs]
    runs = runs[:1] if len(runs) > MANY else runs
    beside = [typed(report, run) for run in retrain.runs] if retrain else []
    words = ["untrain audit", *runs, *(["--retrain", *beside] if beside else [])]
    return " ".join([*words, *(["--verdict", "--benchmark"] if len(runs) > 1 else [])])


def some(rows: Sequence[Row], others: bool) -> str:
    """Rows by name where they are few; others: whether there are rows apart from them."""
    if len(rows) <= MANY:
        return listed([shown(row.label) for row in rows])
    return f"{len(rows)} {'other ' * others}models"


def typed(report: Report, run: Result) -> str:
    """The folder of a run as one would type it; where only small files are here, in a place that
    the reader knows."""
    if not report.measurable:
        return f"STORE/runs/{run.address}" if report.make else f"RUNS/{PurePath(run.address).name}"
    return shlex.quote(report.places.get(run.address, run.address))


def known(one: Judged, key: str) -> bool:
    """Whether any seed has a value of a test."""
    return any(math.isfinite(number_of(value, "value")) for value in one.of(key))


def state(one: Judged, key: str) -> str:
    """The worst state of a test over its seeds; "" where it was not asked."""
    states = [str(value.get("state")) for value in one.of(key)]
    return worst(states, STATES) if states else ""
