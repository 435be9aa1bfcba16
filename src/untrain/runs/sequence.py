"""Requests one after the other: each starts from the model that the one before has left.

What earlier requests have forgotten stays out of retain; shares are of the first training set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import nn

from untrain.data.duplicates import twins
from untrain.data.sets.splits import Split
from untrain.engine.device import Device
from untrain.engine.loop import Observer
from untrain.errors import Problems, UserError
from untrain.methods.obstacles import obstacles as in_the_way
from untrain.models.ready import ready
from untrain.progress import Progress, say
from untrain.runs.execute import execute
from untrain.runs.load import is_run, load_model
from untrain.runs.place import check_place
from untrain.runs.plan import Plan
from untrain.runs.record import read
from untrain.runs.tracking.tracked import tracked
from untrain.runs.tracking.trackers import Tracking, check_installed, connect


def stages(
    first: Plan, splits: Sequence[Split], rules: Sequence[str], out: Path
) -> dict[Path, Plan]:
    """A plan per request by its folder: `out` for one, out/1, out/2, ... for several.

    first: the plan of the first request; each later one starts from the model before it.
    Raises UserError if `out` holds a single run where several are to lie.
    """
    if len(rules) == 1 and (out / "1").is_dir():
        raise UserError(
            f"{out} holds the runs of several requests.",
            where="--out",
            fix="Choose another folder, or name the same requests to go on.",
        )
    if len(rules) == 1:
        return {out: first}
    if (out / "run.json").exists():
        raise UserError(
            f"{out} holds the run of a single request.",
            where="--out",
            fix="Choose another folder, or go on from that run: --original RUN --forget RULE.",
        )
    plans = {out / "1": first}
    for number, (rule, split) in enumerate(list(zip(rules, splits, strict=True))[1:], 2):
        before = plans[out / str(number - 1)]
        plans[out / str(number)] = replace(
            before,
            split=split,
            forget=rule,
            earlier=before.rules,
            original=out / str(number - 1),
        )
    return plans


def obstacles(plan: Plan, out: Path) -> list[UserError]:
    """What stands in the way of a run: its folder, its method and terms, the model it starts from.

    Nothing stands in the way of one that is finished already. Of a later request the model does
    not exist yet: it is the first one's, changed.
    """
    problems = Problems()
    known = plan.original is None or is_run(plan.original)
    key = problems.attempt(plan.key) if known else None
    if problems.attempt(check_place, out, plan.config(), *filter(None, [key])):
        return []
    method, task = plan.method, problems.attempt(plan.task)
    if task is not None:
        problems.add(*in_the_way(method, plan.terms, task.at_hand()))
        problems.add(*(plan.select.check(plan) if plan.select else []))
    model = problems.attempt(start, plan) if known else None
    if model is not None and task is not None:
        problems.add(*method.check_model(model, task))
    return problems.found


def start(plan: Plan) -> nn.Module:
    """The model that a method is given, made ready for the images."""
    made = plan.model.spec(plan.images).make
    given = load_model(plan.original, plan.images) if plan.original else made(0)
    return ready(given, plan.images)


def carry_out(
    plans: Mapping[Path, Plan] | None,
    device: Device | None,
    problems: Problems | None = None,
    tracking: Tracking | None = None,
) -> None:
    """Make the runs in their order; those that are finished are skipped.

    problems: those found until now; what is None is wrong and is among them.
    tracking: where the runs are logged besides their folders; None logs them nowhere else.
    Raises UserError with all of them, and with what stands in the way of any of the runs, before
    the first one trains.
    """
    problems = problems or Problems()
    for folder, plan in (plans or {}).items():
        problems.add(*obstacles(plan, folder))
    problems.attempt(Device.kind, device)
    problems.attempt(check_installed, tracking)
    problems.raise_all()
    plans, device = problems.settled(plans), problems.settled(device)
    trackers = connect(tracking) if tracking else []
    for plan in plans.values():
        for sentence in twins(plan.images, plan.split).sentences():
            say(sentence)
    for number, (folder, plan) in enumerate(plans.items(), 1):
        label = f"{plan.label} {number}/{len(plans)}" if len(plans) > 1 else plan.label
        with (
            tracked(trackers, plan, folder) as seen,
            Progress(label, plan.method.length) as progress,
        ):
            made = execute(plan, folder, device, both(progress.observe, seen))
        progress.tell(folder, made)
        for note in read(folder).get("notes", []):
            say(f"{label}: {note}")


def both(first: Observer, second: Observer) -> Observer:
    """One observer for two."""

    def observe(done: float, row: dict[str, Any] | None) -> None:
        first(done, row)
        second(done, row)

    return observe
