"""Two rows paired by seed: the difference of every measure and of the gap, with 95 % intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from untrain.bench.numbers import intervals
from untrain.bench.numbers.statistics import Pair, Row, Table


@dataclass(frozen=True)
class Difference:
    """One measure of two rows. first, second: (pairs,), a value per pair of seeds."""

    name: str
    first: np.ndarray
    second: np.ndarray

    @property
    def mean(self) -> float:
        """first less second."""
        return intervals.mean(self.first - self.second)

    @property
    def half(self) -> float:
        """Half the 95 % Student interval; NaN for fewer than three pairs."""
        return intervals.half(self.first - self.second)

    @property
    def tells(self) -> bool:
        """Whether the interval leaves 0 out."""
        return bool(abs(self.mean) > self.half)


@dataclass(frozen=True)
class Comparison:
    """pairs: seeds that both rows have. differences: of each measure and cost that both have, and
    of `gap`, the paired gaps, where both have a Retrain."""

    first: str
    second: str
    pairs: tuple[Pair, ...]
    differences: tuple[Difference, ...]

    def of(self, name: str) -> Difference | None:
        return next((one for one in self.differences if one.name == name), None)


def compared(first: Row, second: Row) -> Comparison:
    """first less second over the pairs that they share; no differences where they share none."""
    pairs = tuple(pair for pair in first.pairs if pair in second.pairs)
    if not pairs:
        return Comparison(first.label, second.label, (), ())
    measures = [name for name in _measured(first) if name in _measured(second)]
    found = [
        Difference(name, first.values(name, pairs), second.values(name, pairs)) for name in measures
    ]
    if first.gap and second.gap:
        mine, theirs = first.gap.pairs, second.gap.pairs
        both = [pair for pair in pairs if pair in mine and pair in theirs]
        one, other = (np.array([gaps[pair] for pair in both]) for gaps in (mine, theirs))
        found += [Difference("gap", one, other)] if both else []
    return Comparison(first.label, second.label, pairs, tuple(found))


def again(one: Table, other: Table) -> list[Comparison]:
    """Each row of a block less the row of the same name in another store."""
    pairs = [(row, other.row(row.label)) for row in one.rows]
    return [compared(row, beside) for row, beside in pairs if beside is not None]


def _measured(row: Row) -> list[str]:
    """Names of what all runs of a row have, measures before costs."""
    measures = [n for n in row.runs[0].values if all(n in run.values for run in row.runs)]
    costs = [n for n in ("flops", "seconds") if all(n in run.cost for run in row.runs)]
    return [*measures, *costs]
