"""What a choice may see: half of the forgotten images, and val; never unseen, never test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from untrain.data.sets.halves import tune_half
from untrain.data.sets.splits import key_hash
from untrain.errors import UserError
from untrain.methods.stopping import rule_of
from untrain.rng import numpy_rng
from untrain.runs.plan import Plan
from untrain.task import Task

RETAIN = 2500
"""Retain images that a choice is shown where it looks at them; always the same ones."""
FEWEST = 2
"""Images of the tune half below which nothing can be measured."""


@dataclass(frozen=True)
class Halves:
    """Positions that a choice may measure.

    forget: the tune half of the forgotten images. val: all of it. retain: a sample.
    """

    forget: np.ndarray
    val: np.ndarray
    retain: np.ndarray
    whole_classes: bool
    """Whether all that is forgotten are whole classes."""
    chance: float
    """1 / C."""
    gone: np.ndarray
    """Classes of which no image is retained."""
    seen: str
    """SHA-256 of the keys of the tune half."""


def halves(task: Task) -> Halves:
    """What choices for this request may see."""
    images, split = task.images, task.split
    labels = images.y.numpy()
    keys = images.keys[split.forget]
    forget = split.forget[tune_half(keys, labels[split.forget])]
    left = task.at_hand().split.retain
    retain = np.sort(numpy_rng(0, "choice", "retain").permutation(left)[:RETAIN])
    return Halves(
        forget=forget,
        val=split.val,
        retain=retain,
        whole_classes=rule_of("auto", task) == "class",
        chance=1 / len(images.classes),
        gone=np.setdiff1d(labels[split.train], labels[split.retain]),
        seen=key_hash(images.keys[forget]),
    )


def obstacles(plan: Plan, flag: str) -> list[UserError]:
    """What stands in the way of any choice for this run; flag: what asked for one."""
    split, problems = plan.split, []
    if plan.method.starts == "fresh":
        what = f"'{plan.method.name}' starts from fresh weights, which know none of the images."
        problems.append(UserError(what, flag, "Leave it out: there is nothing to choose."))
    if not plan.forget_data:
        what = "A choice looks at one half of the forgotten images, and none are available."
        problems.append(UserError(what, flag, "Leave it out, and train a fixed number of epochs."))
    if not len(split.val):
        fix = (
            "Train the Original with a holdout (--holdout 0.1), give val images (untrain import "
            "--val), or choose nothing."
        )
        problems.append(UserError("There is no val set to choose on.", flag, fix))
    elif len(split.forget):
        labels = plan.images.y.numpy()
        half = split.forget[tune_half(plan.images.keys[split.forget], labels[split.forget])]
        known = int(np.isin(labels[half], labels[split.val]).sum())
        if known < FEWEST:
            what = (
                f"Of {len(split.forget)} forgotten images a choice may see {known} that have val "
                "images of their class: too few to measure anything."
            )
            problems.append(UserError(what, flag, "Choose nothing for so small a request."))
    return problems
