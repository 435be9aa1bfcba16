"""When to stop forgetting: rules on held-out images, which are val and never test or unseen.

sample: the accuracy on forgotten images is at most that on val.
class: the accuracy on val images of the forgotten classes is at most 1 / C, which is chance.
auto: class where every forgotten class is wholly forgotten, else sample.

Source: Lee et al. 2024, arXiv 2401.10458, whose code measures both on the test set.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from untrain.errors import UserError
from untrain.methods.contract import Run
from untrain.task import Task

Stop = Literal["auto", "sample", "class", "none"]


def rule_of(stop: Stop, task: Task) -> str:
    """sample, class or none."""
    if stop != "auto":
        return stop
    forgotten = np.unique(task.images.y.numpy()[task.split.forget])
    return "class" if len(task.gone_classes()) == len(forgotten) else "sample"


def check_stop(stop: Stop, task: Task) -> list[UserError]:
    """What stands in the way of the rule: no held-out images, or no class to look at."""
    rule, gone = rule_of(stop, task), task.gone_classes()
    if rule == "none":
        return []
    if rule == "class" and not len(gone):
        return [
            UserError(
                "No class is wholly forgotten, so there is no class to stop on.",
                where="--stop class",
                fix="Use --stop sample.",
            )
        ]
    held = task.images.y.numpy()[task.split.val]
    if len(held) and (rule == "sample" or np.isin(held, gone).any()):
        return []
    return [
        UserError(
            "There are no held-out images to stop on"
            + (", none of the forgotten classes." if len(held) else "."),
            where=f"--stop {stop}",
            fix="Train the Original with a holdout (--holdout 0.1), or use --stop none.",
        )
    ]


def stops(stop: Stop, run: Run, epoch: int, last: bool) -> bool:
    """Whether to stop before this epoch, the `last` one being one too many; says why."""
    rule = rule_of(stop, run.task)
    if rule == "none":
        return last
    gone = run.task.gone_classes().tolist() if rule == "class" else []
    forget, held = run.accuracy("forget"), run.accuracy("val", gone)
    chance = 1 / len(run.task.images.classes)
    met = held <= chance if gone else forget <= held
    if met or last:
        what = "stopped" if met else "the stop rule was not met"
        of = f" of the forgotten class (chance is {100 * chance:.1f} %)" if gone else ""
        run.note(
            f"{what} after {epoch} epochs: accuracy {100 * forget:.1f} % on forgotten images, "
            f"{100 * held:.1f} % on val{of}. The goal is Retrain's: see the audit."
        )
    return met or last
