"""Are there images that the model has surely never seen? Without them no test means anything."""

from __future__ import annotations

import numpy as np

from untrain.metrics.trained_on import suspicion
from untrain.verdict.case import Case
from untrain.verdict.findings import Condition

GIVE = (
    "Give some that the model has never seen (untrain import --unseen, Task(unseen=...)), or hold "
    "some out before training (--holdout 0.1)."
)
"""What to do without unseen images."""


def unseen(case: Case) -> Condition:
    """Whether there are unseen images, and whether they look new to the model before."""
    title = "Unseen images"
    if not len(case.task.split.unseen):
        why = f"There are no unseen images to compare with, and test images cannot stand in. {GIVE}"
        return Condition(key="unseen", title=title, met=False, sentence=why)
    found = looks_trained(case, "unseen")
    if found:
        why = f"{found}. Nothing can be compared with them. {GIVE}"
        return Condition(key="unseen", title=title, met=False, sentence=why)
    count = len(case.unseen)
    sentence = f"{count:,} images that the model has never seen stand beside the forgotten ones."
    return Condition(key="unseen", title=title, met=True, sentence=sentence)


def choices(case: Case) -> list[Condition]:
    """A choice that has looked at val images which look trained on, told; else nothing."""
    if not len(case.chosen_on) and not case.choices_saw_all:
        return []
    found = looks_trained(case, "val")
    if not found:
        return []
    why = f"{found}. What has chosen this model looked at them, and may have chosen badly."
    return [Condition(key="choices", title="Choices", met=True, sentence=why)]


def looks_trained(case: Case, name: str) -> str:
    """Why a held-out set of the split looks trained on, "" if it does not, by the model before.

    Of a set that was cut off before training there is nothing to suspect: where test images are
    harder than all others, they only come from elsewhere.
    """
    if name in case.cut:
        return ""
    sets = (case.original or case.party).evidence.sets
    train = sets["train"]
    kept = train.take(~np.isin(train.keys, case.task.images.keys[case.task.split.forget]))
    found = suspicion(name, kept, sets[name], sets["test"])
    return found.sentence if found and found.sure else ""
