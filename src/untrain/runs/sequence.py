"""Requests one after the other: each starts from the model that the one before has left.

What earlier requests have forgotten stays out of retain; shares are of the first training set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from untrain.config import DataConfig
from untrain.data.images import Images
from untrain.data.splits import Split, forget_each, load_split
from untrain.engine.device import Device
from untrain.errors import UserError, raise_all
from untrain.progress import Progress, say
from untrain.runs.execute import execute
from untrain.runs.load import data_of
from untrain.runs.plan import Plan
from untrain.runs.record import read


def rules_of(run: dict[str, Any]) -> tuple[str, ...]:
    """The forget rules that a run has behind it, in order."""
    if "requests" in run:
        return tuple(request["rule"] for request in run["requests"])
    return (run["config"]["forget"],) if run["config"]["forget"] else ()


def forgetting(
    original: Path, rules: Sequence[str], root: str = ""
) -> tuple[DataConfig, Images, list[Split]]:
    """The data of the run to start from, and the split of each request that follows it.

    The run may have forgotten something itself, or have left it out: that stays erased.
    """
    data, images = data_of(read(original), root)
    split = load_split(original / "split.npz", images)
    return data, images, forget_each(split, rules, images, data.split_seed)


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


def problems(plan: Plan) -> list[UserError]:
    """What its method and terms find to stand in the way of a run."""
    task, method = plan.task(), plan.method
    return [*method.check(task), *(p for term in plan.terms for p in term.check(method, task))]


def carry_out(plans: Mapping[Path, Plan], device: Device) -> None:
    """Make the runs in their order; those that are finished are skipped.

    Raises UserError with what stands in the way of any of them before the first one trains.
    """
    found = {str(problem): problem for plan in plans.values() for problem in problems(plan)}
    raise_all(list(found.values()))
    for number, (folder, plan) in enumerate(plans.items(), 1):
        label = f"{plan.label} {number}/{len(plans)}" if len(plans) > 1 else plan.label
        with Progress(label, plan.method.length) as progress:
            made = execute(plan, folder, device, progress.observe)
        progress.tell(folder, made)
        for note in read(folder).get("notes", []):
            say(f"{label}: {note}")
