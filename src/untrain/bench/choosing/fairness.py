"""What makes a choice of hyper-parameters unfair or impossible: methods that were not tried alike,
runs that are missing, and seeds that are reported later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

from untrain.bench.job import Cell, Result
from untrain.bench.numbers.statistics import GAP, Lack
from untrain.errors import MISSING, UserError

if TYPE_CHECKING:
    from untrain.methods.contract import Method


def is_trial(cell: Cell) -> bool:
    return bool(cell.job.method.search and cell.job.rules) and cell.job.select == "none"


def is_reference(cell: Cell) -> bool:
    return cell.job.method.name == "retrain" and bool(cell.job.rules)


def values_of(cell: Cell) -> dict[str, Any]:
    """The searched fields of a trial."""
    return {name: getattr(cell.job.method, name) for name in cell.job.method.search}


def combinations(method: Method) -> list[dict[str, Any]]:
    """All that a method searches, the last field moving fastest."""
    names = list(method.search)
    return [dict(zip(names, values, strict=True)) for values in product(*method.search.values())]


def told(values: Mapping[str, Any]) -> str:
    """`lr 0.1, lam 0.3`."""
    return ", ".join(f"{name} {value}" for name, value in values.items())


def missing(lacks: Sequence[Lack], study: str) -> list[UserError]:
    """Runs that were not made, and Retrains that failed."""
    found = []
    fix = f"Make them: untrain bench run {study}"
    if waiting := [lack.cell for lack in lacks if not lack.reason]:
        rows = ", ".join(cell.row for cell in waiting[:3])
        more = ", ..." if len(waiting) > 3 else ""
        what = f"Runs that the study still lacks: {len(waiting)} ({rows}{more})."
        found.append(UserError(what, "", fix, MISSING))
    for lack in lacks:
        if lack.reason and is_reference(lack.cell):
            found.append(UserError(f"A Retrain has failed: {lack.reason}", "", fix, MISSING))
    return found


def unmeasured(every: Sequence[Result | Lack], study: str) -> list[UserError]:
    """Nothing was searched, there is no Retrain, or runs were not measured on val."""
    trials = [one for one in every if is_trial(one.cell)]
    retrains = [one for one in every if is_reference(one.cell)]
    found = []
    if not trials:
        fix = 'Give its methods their own search space: grid = "search".'
        found.append(UserError("The study searches no method.", "", fix))
    if not retrains:
        fix = f"Gaps are to Retrain of the same request: untrain bench run {study} --only retrain"
        found.append(UserError("The study has no Retrain.", "", fix, MISSING))
    runs = [one for one in [*trials, *retrains] if isinstance(one, Result)]
    lost = [run.cell.row for run in runs if not all(name in run.values for name in GAP)]
    if lost:
        what = f"No measures on val: {len(lost)} of {len(runs)} runs, among them {lost[0]}."
        found.append(UserError(what, "", "Hold images out before training: data.holdout = 0.1"))
    return found


def unequal(tried: Mapping[str, Sequence[Result | Lack]]) -> list[UserError]:
    """Methods that were not tried alike. tried: all runs of the trials of a method, by label."""
    found = [problem for label in tried for problem in uneven(label, tried[label])]
    counts = {label: len(combinations(runs[0].cell.job.method)) for label, runs in tried.items()}
    if len(set(counts.values())) > 1:
        listed = ", ".join(f"{label} {count}" for label, count in counts.items())
        what = f"Methods have different numbers of trials: {listed}."
        found.append(UserError(what, "", "Give each as many combinations."))
    if len({frozenset(made) for runs in tried.values() for made in seeds_of(runs).values()}) > 1:
        fix = "Let all of them have the same tuning seeds."
        found.append(UserError("Trials were made with different seeds.", "", fix))
    named: dict[str, list[str]] = {}
    for label, runs in tried.items():
        named.setdefault(runs[0].cell.job.method.name, []).append(label)
    for name, labels in named.items():
        if len(labels) > 1:
            what = f"{name} is tuned {len(labels)} times: {', '.join(labels)}."
            found.append(UserError(what, "", "A recipe holds each method once: make two studies."))
    return found


def uneven(label: str, runs: Sequence[Result | Lack]) -> list[UserError]:
    """Trials of one method that the study lacks, that it should not have, or that it has twice."""
    made, found = seeds_of(runs), []
    every = [told(values) for values in combinations(runs[0].cell.job.method)]
    left = [name for name in every if name not in made]
    fix = 'Let it search its own space and nothing more: grid = "search".'
    if left:
        had = f"{label} has {len(every) - len(left)} of its {len(every)} trials"
        found.append(UserError(f"{had}: {left[0]} is not in the study.", "", fix))
    for name in made:
        if name not in every:
            what = f"{label} was tried with {name}, which it does not search."
            found.append(UserError(what, "", fix))
        if len(set(made[name])) < len(made[name]):
            what = f"{label} was tried twice with {name}, as its other values differ."
            found.append(UserError(what, "", fix))
    return found


def seeds_of(runs: Sequence[Result | Lack]) -> dict[str, list[tuple[str, int, int, int]]]:
    """Block, split, training and unlearning seed of each run, by the values of its trial."""
    found: dict[str, list[tuple[str, int, int, int]]] = {}
    for cell in (one.cell for one in runs):
        at = (str(cell.block), cell.split_seed, cell.train_seed, cell.unlearn_seed)
        found.setdefault(told(values_of(cell)), []).append(at)
    return found


def overlaps(tuning: Iterable[Cell], reporting: Iterable[Cell], name: str) -> list[UserError]:
    """Seeds of a tuning study that a study which reports has too. name: of that study."""
    told, kept = list(tuning), list(reporting)
    found = []
    for what, drawn in (("Seeds", seeds), ("Split seeds", split_seeds)):
        both = sorted(drawn(told) & drawn(kept))
        if both:
            shared = f"{what} {', '.join(map(str, both))} of the tuning study are those of {name}."
            fix = "What is chosen on seeds that are reported fits them: tune on others."
            found.append(UserError(shared, "--for", fix))
    return found


def seeds(cells: Iterable[Cell]) -> set[int]:
    """Of training and of unlearning."""
    return {seed for cell in cells for seed in (cell.train_seed, cell.unlearn_seed)}


def split_seeds(cells: Iterable[Cell]) -> set[int]:
    return {cell.split_seed for cell in cells}
