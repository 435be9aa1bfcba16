"""From the finished runs of a tuning study to the best values of each method.

A trial is one combination of a method's `search`, over all seeds of the study. Chosen is the one
of smallest average gap to Retrain, measured on val: test and unseen images are not looked at. A
failed trial counts as tried and cannot be chosen. Gaps that are equal to two digits are a tie:
the smaller learning rate is taken, then the combination that stands first in `search`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from untrain.bench.choosing.fairness import (
    combinations,
    is_reference,
    is_trial,
    missing,
    told,
    unequal,
    unmeasured,
    values_of,
)
from untrain.bench.job import Job, Result
from untrain.bench.numbers.intervals import mean
from untrain.bench.numbers.statistics import GAP, Lack, Row, gap
from untrain.errors import MISSING, Problems, UserError


@dataclass(frozen=True, kw_only=True)
class Trial:
    """values: of the searched fields. gap: to Retrain on val, in points; NaN where it failed.

    means: RA, UA, MIA, and TA on val, over seeds. floor: of the gap between two groups of Retrains;
    NaN for one Retrain. failed: why a run of it did; "" if none has.
    """

    values: Mapping[str, Any]
    job: Job
    means: Mapping[str, float]
    gap: float = math.nan
    floor: float = math.nan
    failed: str = ""

    def __str__(self) -> str:
        return told(self.values)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """trials: of one method, in the order of its `search`. best: the one that is chosen."""

    label: str
    trials: tuple[Trial, ...]
    best: Trial

    @property
    def failed(self) -> int:
        return sum(bool(trial.failed) for trial in self.trials)

    @property
    def at_end(self) -> list[str]:
        """Fields whose chosen number is the least or the most of three or more that were tried."""
        found = []
        for name, tried in self.best.job.method.search.items():
            numbers = [value for value in tried if isinstance(value, int | float)]
            if len(numbers) == len(tried) > 2:
                ends = min(numbers), max(numbers)
                found += [name] * (self.best.values[name] in ends)
        return found


def choose(
    results: Iterable[Result], lacks: Iterable[Lack] = (), study: str = "STUDY"
) -> list[Choice]:
    """A choice for each method that was searched, by label.

    lacks: cells without a finished run. study: its name, for what to do next.
    Raises UserError, all reasons together: runs that are missing, no measures on val, combinations
    that the study does not have, methods with different numbers of trials or seeds, no trial of a
    method that has not failed.
    """
    seen, others = [on_val(run) for run in results], list(lacks)
    retrains = [run for run in seen if is_reference(run.cell)]
    every: list[Result | Lack] = [*seen, *others]
    tried: dict[str, list[Result | Lack]] = {}
    for one in every:
        if is_trial(one.cell):
            tried.setdefault(one.cell.label, []).append(one)
    problems = Problems()
    problems.add(*missing(others, study))
    problems.add(*unmeasured(every, study))
    problems.add(*unequal(tried))
    problems.raise_all()
    made = [problems.attempt(chosen, label, tried[label], retrains) for label in sorted(tried)]
    problems.raise_all()
    return [choice for choice in made if choice is not None]


def chosen(label: str, tried: Sequence[Result | Lack], retrains: Sequence[Result]) -> Choice:
    """The choice of one method. Raises UserError if no trial gave a model."""
    trials = [
        trial(values, [one for one in tried if values_of(one.cell) == values], retrains)
        for values in combinations(tried[0].cell.job.method)
    ]
    whole = [one for one in trials if not one.failed]
    if not whole:
        what = f"All {len(trials)} trials of {label} have failed: {trials[0].failed}"
        raise UserError(what, "", "Search smaller learning rates.")

    def rank(one: Trial) -> tuple[float, float, int]:
        return round(one.gap, 2), one.values.get("lr", 0.0), trials.index(one)

    return Choice(label=label, trials=tuple(trials), best=min(whole, key=rank))


def trial(
    values: Mapping[str, Any], runs: Sequence[Result | Lack], retrains: Sequence[Result]
) -> Trial:
    """What came of one combination; the mean over blocks where the study has several."""
    job = runs[0].cell.job
    reasons = [run.reason for run in runs if isinstance(run, Lack)]
    if reasons:
        return Trial(values=values, job=job, means={}, failed=reasons[0])
    done = [run for run in runs if isinstance(run, Result)]
    row, apart = Row("", tuple(done)), []
    for block in dict.fromkeys(run.cell.block for run in done):
        mine = Row("", tuple(run for run in done if run.cell.block == block))
        theirs = Row("", tuple(run for run in retrains if run.cell.block == block))
        found = gap(mine, theirs)
        if found is None:
            what = f"There is no Retrain for {block}."
            raise UserError(what, "", "It must be of the same split seeds as the trials.", MISSING)
        apart.append(found)
    return Trial(
        values=values,
        job=job,
        means={name: mean(row.values(name)) for name in GAP},
        gap=sum(one.average for one in apart) / len(apart),
        floor=sum(one.floor for one in apart) / len(apart),
    )


def on_val(run: Result) -> Result:
    """The same run with what was measured on val as its values; none where there is no val."""
    seen = run.audits.get("accuracy", {}).get("choosing", {})
    numbers = {name: value for name, value in seen.items() if isinstance(value, int | float)}
    return replace(run, values=numbers)
