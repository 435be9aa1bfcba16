"""Accuracy of each class less Retrain's, over seeds, from the counts of the audit `answers`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from untrain.bench.job import Result
from untrain.bench.numbers import intervals
from untrain.bench.numbers.statistics import Pair, Row, Table, pair_of
from untrain.report.data import audited, methods

Counts = Mapping[str, Sequence[int]]
"""Class number -> right, images."""
Z = 1.96
SETS = {"test": "test images", "retain": "retained images"}


@dataclass(frozen=True)
class Harm:
    """A class under a method: accuracy less Retrain's in points. half: of its 95 % interval, NaN
    where it is not known. images: of one model. gone: none of the class was retained."""

    number: int
    name: str
    difference: float
    half: float
    images: int
    gone: bool = False

    @property
    def tells(self) -> bool:
        """Whether the interval leaves 0 out."""
        return bool(abs(self.difference) > self.half)


@dataclass(frozen=True)
class Harms:
    """All classes of a method on one set, the largest loss first. binomial: intervals are of the
    images alone, as there are fewer than three seeds."""

    label: str
    images: str
    classes: tuple[Harm, ...]
    binomial: bool
    seeds: int


def harms(table: Table, images: str) -> list[Harms]:
    """Of each method that has answers on this set, if Retrain has."""
    if table.retrain is None:
        return []
    goal = _by_pair(table.retrain, images)
    return [one for row in methods(table) if (one := _harms(row, goal, images))] if goal else []


def _harms(row: Row, goal: Mapping[Pair, list[Counts]], images: str) -> Harms | None:
    mine = _by_pair(row, images)
    if not mine:
        return None
    pairs = [pair for pair in mine if pair in goal]
    beside = {pair: goal[pair] for pair in pairs}
    if not pairs:  # no Retrain of its own: all of them
        everything = [counts for one in goal.values() for counts in one]
        pairs, beside = list(mine), dict.fromkeys(mine, everything)
    names, gone = _classes(row)
    numbers = sorted({n for pair in pairs for counts in mine[pair] for n in counts}, key=int)
    found = []
    for number in numbers:
        one = _harm(number, [mine[pair] for pair in pairs], [beside[pair] for pair in pairs])
        if one is not None:
            place = int(number)
            name = names[place] if place < len(names) else number
            found.append(Harm(place, name, *one, gone=number in gone))
    found.sort(key=lambda harm: (harm.difference, harm.number))
    binomial = len(pairs) < intervals.ENOUGH
    return Harms(row.label, images, tuple(found), binomial, len(pairs)) if found else None


def _harm(
    number: str, mine: Sequence[Sequence[Counts]], theirs: Sequence[Sequence[Counts]]
) -> tuple[float, float, int] | None:
    """Difference, half its interval, and the images of one model."""
    apart = np.array(
        [_share(a, number) - _share(b, number) for a, b in zip(mine, theirs, strict=True)]
    )
    apart = apart[np.isfinite(apart)]
    if not len(apart):
        return None
    images = max(int(counts[number][1]) for one in mine for counts in one if number in counts)
    if len(apart) >= intervals.ENOUGH:
        return 100 * intervals.mean(apart), 100 * intervals.half(apart), images
    noise = math.hypot(_error(mine[0][0], number), _error(theirs[0][0], number))
    return 100 * intervals.mean(apart), 100 * Z * noise, images


def _share(models: Sequence[Counts], number: str) -> float:
    """The share of right answers, averaged over models."""
    known = [c[number][0] / c[number][1] for c in models if number in c and c[number][1]]
    return float(np.mean(known)) if known else math.nan


def _error(counts: Counts, number: str) -> float:
    """Standard error of a share, kept off 0 where all or none are right (Agresti, Coull 1998)."""
    right, images = counts.get(number, (0, 0))
    total = images + Z**2
    share = (right + Z**2 / 2) / total
    return math.sqrt(share * (1 - share) / total)


def _by_pair(row: Row, images: str) -> dict[Pair, list[Counts]]:
    """The counts of each run that has them; several unlearning seeds share a pair."""
    found: dict[Pair, list[Counts]] = {}
    for run, values in audited(row, "answers"):
        if counts := values.get("accuracy", {}).get(images):
            found.setdefault(pair_of(run), []).append(counts)
    return found


def _classes(row: Row) -> tuple[list[str], set[str]]:
    """Names of the classes, and numbers of those of which nothing was retained."""
    known: list[tuple[Result, Mapping[str, Any]]] = audited(row, "answers")
    values = known[0][1]
    counts = values.get("accuracy", {})
    kept = {n for n, (_, images) in counts.get("retain", {}).items() if images}
    forgotten = {n for n, (_, images) in counts.get("forget", {}).items() if images}
    return list(values.get("classes", ())), (forgotten - kept if kept else set())
