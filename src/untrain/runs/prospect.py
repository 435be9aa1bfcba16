"""What a request would cost and what an audit of it could see, before anything is done."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from untrain.config import build
from untrain.data.images import Images
from untrain.data.sets.splits import Split
from untrain.engine.device import Device, describe
from untrain.engine.rehearsal import Forecast, rehearse
from untrain.methods.retrain import Retrain
from untrain.metrics.foresight import Foresight, foresee
from untrain.models.ready import ready
from untrain.progress import silence
from untrain.runs.load import load_model
from untrain.runs.plan import Plan

SMALL = 50
"""Forgotten images under which no audit can clear a model, whatever was done."""
CHEAP = 60.0
"""Seconds of a Retrain that nobody needs to avoid."""
MUCH = 0.5
"""Share of Retrain's cost from which on a method saves little."""


@dataclass(frozen=True)
class ClassRow:
    """A class that loses images."""

    name: str
    forgotten: int
    of: int

    @property
    def share(self) -> float:
        return self.forgotten / self.of


@dataclass(frozen=True)
class Prospect:
    """A request before it is carried out.

    classes: those concerned, most images first. columns: of a where rule, how many values of each
    column are concerned and how many there are. retrain, method: forecasts. recipe: where
    Retrain's recipe is from. machine: what it would run on. before: seconds that the Original took,
    None where that is not known; same: whether it was on this machine. part: whether only a part
    of the retained images is available, so that none can train again on all of them.
    """

    label: str
    rule: str
    split: Split
    classes: tuple[ClassRow, ...]
    columns: dict[str, tuple[int, int]]
    retrain: Forecast
    method: Forecast
    recipe: Retrain
    known: bool
    machine: dict[str, Any]
    before: float | None
    same: bool
    sight: Foresight
    part: bool = False

    @property
    def vanishing(self) -> list[str]:
        """Classes of which no image is left."""
        return [row.name for row in self.classes if row.forgotten == row.of]

    @property
    def share(self) -> float:
        """The method's seconds as a share of Retrain's."""
        return self.method.seconds / max(self.retrain.seconds, 1e-9)

    def advice(self) -> str:
        """One sentence: whether to train again, or to unlearn."""
        count, exact = len(self.split.forget), "train again without them (untrain train --forget)"
        if self.label == "retrain":
            return "This is the exact answer."
        if self.part:
            return f"Retrain needs all retained images: unlearn with {self.label}, then audit it."
        if self.retrain.seconds <= CHEAP:
            return f"Retrain is cheap here, and exact: {exact}."
        if count < SMALL:
            some = "one image" if count == 1 else f"{count} images"
            return f"No audit can clear a model of {some}; if that must be shown, {exact}."
        if self.share >= MUCH:
            return f"{self.label} saves little: {exact}."
        if not self.sight.unseen:
            return f"Nothing could be shown of an unlearned model without unseen images: {exact}."
        return f"Unlearn with {self.label} ({100 * self.share:.2g} % of Retrain), then audit it."


def prospect(
    plan: Plan, run: dict[str, Any], device: Device, margin: float = 0.05, alpha: float = 0.01
) -> Prospect:
    """Look at a request, with a few timed steps of Retrain and of the method.

    plan: of the request; its `original` is a run's folder, and run its record. margin: of the
    audit's AUC; alpha: of its test that can fail a model by it. Writes nothing. Raises UserError
    for whatever the method's checks find.
    """
    assert plan.original is not None, "there is a model to start from"
    model = load_model(plan.original, plan.images)
    ready(model, plan.images)
    recipe, known = recipe_of(run, plan.original)
    whole = replace(plan, method=recipe, terms=(), available=1.0, forget_data=True)
    with silence():
        method = rehearse(plan.method, plan.task(), model, terms=plan.terms, device=device)
        retrain = rehearse(recipe, whole.task(), model, device=device)
    machine = describe(device.fabric())
    old = run.get("environment", {})
    return Prospect(
        label=plan.label,
        rule=plan.forget,
        split=plan.split,
        classes=class_rows(plan.images, plan.split),
        columns=columns_of(plan.forget, plan.images, plan.split),
        retrain=retrain,
        method=method,
        recipe=recipe,
        known=known,
        machine=machine,
        before=run["cost"]["seconds"] if run["label"] == "original" else None,
        same=all(
            old.get(name) == machine[name]
            for name in ("device", "processor", "threads", "precision")
        ),
        sight=foresee(plan.images, plan.split, margin, alpha),
        part=plan.available < 1,
    )


def recipe_of(run: dict[str, Any], folder: Path) -> tuple[Retrain, bool]:
    """The recipe that the Original was trained with, and whether it is known."""
    values = dict(run["config"]["method"])
    if values.pop("name") != "retrain":
        return Retrain(), False
    made: Retrain = build(Retrain, values, f"{folder}/run.json")
    return made, True


def class_rows(images: Images, split: Split) -> tuple[ClassRow, ...]:
    """How many images each class loses, of those it has in the training set."""
    labels = images.y.numpy()
    count = len(images.classes)
    lost = np.bincount(labels[split.forget], minlength=count)
    had = np.bincount(labels[split.train], minlength=count)
    order = np.argsort(-lost, kind="stable")[: int((lost > 0).sum())]
    return tuple(ClassRow(images.classes[k], int(lost[k]), int(had[k])) for k in order)


def columns_of(rule: str, images: Images, split: Split) -> dict[str, tuple[int, int]]:
    """Of the columns that a where rule names: values among the forgotten, and among all."""
    kind, _, clauses = rule.partition(":")
    if kind != "where":
        return {}
    names = [clause.partition("=")[0].strip() for clause in clauses.split(",")]
    return {
        name: (
            len(np.unique(images.table[name][split.forget].astype(str))),
            len(np.unique(images.table[name][split.train].astype(str))),
        )
        for name in names
        if name in images.table
    }
