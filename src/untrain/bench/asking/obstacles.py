"""What stands in the way of a study's runs once its data are at hand, all of it at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from untrain.bench.job import Cell, Job
from untrain.bench.kept.plans import planned
from untrain.config import DataConfig
from untrain.errors import Problems, UserError

if TYPE_CHECKING:
    from untrain.data.images import Images
    from untrain.data.sets.splits import Split

    Load = Callable[[DataConfig], tuple[Images, Split]]


def obstacles(cells: Sequence[Cell], load: Load) -> list[UserError]:
    """Data that cannot be read, rules that select nothing, methods that cannot act on a request.

    cells: of a study, or a part of them. load: gives the images and the split with nothing
    forgotten yet; it is called once for each data settings.
    """
    problems = Problems()
    for data in dict.fromkeys(cell.job.data for cell in cells):
        loaded = problems.attempt(load, data)
        if loaded is None:
            continue
        here = [cell for cell in cells if cell.job.data == data]
        rules = dict.fromkeys(cell.job.rules for cell in here)
        for every in rules:
            split = problems.attempt(_split, loaded, every, data)
            if split is None:
                continue
            rows = {_alike(cell.job): cell for cell in here if cell.job.rules == every}
            found = [one for cell in rows.values() for one in _in_the_way(cell, loaded[0], split)]
            problems.add(*_once(found))
    return problems.found


def _once(problems: Sequence[UserError]) -> list[UserError]:
    """What is in the way of several rows alike, once, with the first of them."""
    alike: dict[str, list[UserError]] = {}
    for problem in problems:
        alike.setdefault(f"{problem.what} {problem.fix}", []).append(problem)
    told = []
    for first, *others in alike.values():
        more = f" and {len(others)} more" if others else ""
        told.append(UserError(first.what, f"{first.where}{more}", first.fix, first.code))
    return told


def _split(loaded: tuple[Images, Split], rules: Sequence[str], data: DataConfig) -> Split:
    from untrain.data.sets.splits import forget_each

    images, split = loaded
    return [split, *forget_each(split, rules, images, data.split_seed)][-1]


def _alike(job: Job) -> Job:
    """The job without what no check looks at: seeds, and the runs it starts from."""
    return replace(job, seed=0, parent=None, retrain=None)


def _in_the_way(cell: Cell, images: Images, split: Split) -> list[UserError]:
    from untrain.methods.obstacles import obstacles as in_the_way
    from untrain.runs.sequence import start

    job, problems = cell.job, Problems()
    plan = planned(job, images, split)
    task = problems.attempt(plan.task)
    model = problems.attempt(start, plan)
    if task is not None:
        problems.add(*in_the_way(job.method, job.terms, task.at_hand()))
        problems.add(*(job.method.check_model(model, task) if model is not None else []))
    for problem in problems.found:
        problem.where = "; ".join(filter(None, [f"{cell.block}, {cell.row}", problem.where]))
    return problems.found
