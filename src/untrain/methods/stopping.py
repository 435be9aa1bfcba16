"""When to stop forgetting: rules on held-out images, which are val and never test or unseen;
a cap on the loss of methods that ascend; and requests with nothing to forget.

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
            fix="Train the Original with a holdout (--holdout 0.1), give val images (untrain "
            "import --val, Task(val=...)), or use --stop none.",
        )
    ]


def known_classes(task: Task) -> list[int]:
    """Classes that the model is to know, or is to forget now; not those erased before."""
    labels, split = task.images.y.numpy(), task.whole
    known: list[int] = np.unique(labels[np.concatenate([split.retain, split.forget])]).tolist()
    return known


def stops(stop: Stop, run: Run, epoch: int, last: bool) -> bool:
    """Whether to stop before this epoch, the `last` one being one too many; says why."""
    rule = rule_of(stop, run.task)
    if rule == "none":
        return last
    gone = run.task.gone_classes().tolist() if rule == "class" else []
    forget, held = run.accuracy("forget"), run.accuracy("val", gone or known_classes(run.task))
    chance = 1 / len(run.task.images.classes)
    met = held <= chance if gone else forget <= held
    if met or last:
        what = "stopped" if met else "the stop rule was not met"
        of = f" of the forgotten class (chance is {100 * chance:.1f} %)" if gone else ""
        run.note(
            f"{what} after {epoch} {'epoch' if epoch == 1 else 'epochs'}: accuracy "
            f"{100 * forget:.1f} % on forgotten images, {100 * held:.1f} % on val{of}. "
            "The goal is Retrain's: see the audit."
        )
    return met or last


def nothing_to_forget(name: str, task: Task) -> list[UserError]:
    """The error for a request without a forgotten image."""
    if len(task.split.forget):
        return []
    what = f"'{name}' works on forgotten images, and there are none."
    return [UserError(what, "--forget", "Say what to forget.")]


def take_back(run: Run, cap: float, forget_loss: float, epoch: int) -> bool:
    """Whether the mean forget loss of a pass is beyond the cap; then the weights of before the
    pass, kept as "before", come back, as those after it may be of no use."""
    if forget_loss <= cap:
        return False
    run.restore("before")
    run.note(
        f"The forget loss of epoch {epoch + 1} is {forget_loss:.3g}, beyond --cap {cap:g}, so that "
        "pass was taken back and no further one ascends. Lower --lr, or raise --cap."
    )
    return True
