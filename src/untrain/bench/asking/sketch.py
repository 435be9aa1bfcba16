"""Which rows cannot act on a request, told before any data are read.

Checks of methods ask little of the data: whether whole classes are forgotten, and whether there
are held-out images. A handful of blank images that a request is played on answers that for rules
that name classes or shares; the other rules are looked at in the data.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from untrain.bench.asking.study import Entry
from untrain.config import DataConfig
from untrain.errors import Problems, UserError

if TYPE_CHECKING:
    from untrain.task import Task

EACH = 4
"""Blank images of a class: trained on but the last, which is held out."""


def unfit(
    rows: Sequence[Entry], requests: Sequence[Sequence[str]], data: Sequence[DataConfig]
) -> list[UserError]:
    """What stands in the way of any row on any request, as far as it can be known without data."""
    from untrain.methods.obstacles import obstacles

    problems = Problems()
    rules = dict.fromkeys(rule for request in requests for rule in request)
    held = {bool(config.holdout or config.val) for config in data} or {True}
    for rule in (rule for rule in rules if rule.partition(":")[0] in ("random", "class")):
        for val in sorted(held):
            for row in rows:
                task = blank(rule, val, row.forget_data)
                for problem in obstacles(row.method, row.terms, task):
                    where = f"{row.where}, with forget = {rule}"
                    problems.add(UserError(problem.what, where, problem.fix, problem.code))
    return problems.found


def blank(rule: str, val: bool, forget_data: bool = True) -> Task:
    """A request of this kind on blank images: whole classes, or an image of a class."""
    import numpy as np
    import torch

    from untrain.data.images import Images
    from untrain.data.sets.splits import NONE, Split
    from untrain.task import Task

    kind, _, named = rule.partition(":")
    gone = named.split(",") if kind == "class" else []
    classes = [*(gone or ["all classes"]), "another", "one more"]
    y = torch.arange(len(classes)).repeat(EACH)
    x = torch.zeros(len(y), 8, 8, 3, dtype=torch.uint8)
    images = Images(x=x, y=y, classes=classes, keys=np.arange(len(y)).astype(str))
    train, rest = np.split(np.arange(len(y)), [len(y) - len(classes)])
    forget = train[train % len(classes) < len(gone)] if gone else train[:1]
    split = Split(
        retain=np.setdiff1d(train, forget),
        forget=forget,
        val=rest if val else NONE,
        unseen=NONE,
        test=NONE if val else rest,
    )

    def network(seed: int) -> torch.nn.Module:
        return torch.nn.Identity()

    return Task.of(images, split, make_model=network, forget_data=forget_data)
