"""One block in two sets of results: rows of one name, and whether they differ beyond the noise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from untrain.bench.numbers.comparison import Comparison, Difference, compared
from untrain.bench.numbers.intervals import ENOUGH
from untrain.bench.numbers.statistics import Row, Table
from untrain.report.data import Report, shown

State = Literal["same", "agrees", "differs", "few", "unshared"]
"""same: equal values for every seed. few: too few seeds in common for an interval. unshared: no
seed in common."""
SMALL = 0.005
"""Points under which a difference is none, however small its interval."""
COSTS = ("flops", "seconds")


class Names(NamedTuple):
    """What the two sets are called."""

    first: str
    second: str


def names_of(one: Report, other: Report, called: tuple[str, str] = ("", "")) -> Names:
    """Their titles, or else what they are called, or where they were found; of one that is beside
    itself, its name with which it is."""
    for mine, theirs in ((one.title, other.title), called, (one.source, other.source)):
        if mine and theirs and mine != theirs:
            return Names(mine, theirs)
    name = called[0] or one.title or one.source
    return Names(f"{name} (first)", f"{name} (second)")


@dataclass(frozen=True)
class Pair:
    """A row in both. found: the second less the first. over: measures that decide."""

    first: Row
    second: Row
    over: tuple[str, ...]

    @property
    def label(self) -> str:
        return shown(self.first.label)

    @cached_property
    def found(self) -> Comparison:
        return compared(self.second, self.first)

    @property
    def decides(self) -> list[Difference]:
        """The gap, and the measures that it is taken over."""
        return [one for one in self.found.differences if one.name in ("gap", *self.over)]

    @cached_property
    def state(self) -> State:
        if not self.found.pairs or not self.decides:
            return "unshared"
        if all((abs(one.first - one.second) < SMALL).all() for one in self.decides):
            return "same"
        if len(self.found.pairs) < ENOUGH:
            return "few"
        return "differs" if self.beyond else "agrees"

    @property
    def beyond(self) -> list[Difference]:
        """Measures whose interval leaves 0 out, at 95 % for all of them together."""
        return [one for one in self.decides if beyond(one, len(self.decides))]


def beyond(one: Difference, measures: int) -> bool:
    """Whether a difference is more than noise, as one of so many that were looked at (Bonferroni).

    False for fewer than three pairs.
    """
    from scipy.stats import t

    free = len(one.first) - 1
    if free < ENOUGH - 1 or not math.isfinite(one.half):
        return False
    wider = t.ppf(1 - 0.025 / measures, free) / t.ppf(0.975, free)
    return bool(abs(one.mean) > max(wider * one.half, SMALL))


@dataclass(frozen=True)
class Both:
    """One block in two sets."""

    first: Table
    second: Table
    names: Names

    @cached_property
    def pairs(self) -> list[Pair]:
        """Rows that both have, in the first one's order."""
        over = tuple(name for name in self.first.over if name in self.second.over)
        found = [(row, self.second.row(row.label)) for row in self.first.rows]
        return [Pair(row, other, over) for row, other in found if other is not None]

    def of(self, state: State) -> list[Pair]:
        return [pair for pair in self.pairs if pair.state == state]
