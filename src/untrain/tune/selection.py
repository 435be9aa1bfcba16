"""How a run's checkpoint is chosen, as it is asked for, recorded and carried out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from untrain.data.sets.splits import key_hash, load_split
from untrain.engine.device import Device
from untrain.engine.watch import Watch
from untrain.errors import Problems, UserError
from untrain.methods.contract import Trained
from untrain.models.ready import ready
from untrain.runs.load import described, load_model
from untrain.runs.plan import Plan
from untrain.runs.record import read
from untrain.tune.chooser import Chooser
from untrain.tune.early import Early
from untrain.tune.halves import halves, obstacles
from untrain.tune.oracle import Oracle
from untrain.tune.probe import Probe


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """One of the checkpoints of a run, chosen by `early` or `oracle`.

    margin: of the AUC around 1/2 (early). loss: points of val accuracy that may be lost (early).
    retrain: folder of the Retrain (oracle). lr, batch: of the Original's training, which the probe
    heals with.
    """

    by: str
    margin: float = 0.05
    loss: float = 5.0
    retrain: Path | None = None
    lr: float = 0.01
    batch: int = 64

    def config(self) -> dict[str, Any]:
        if self.by == "early":
            return {"select": self.by, "margin": self.margin, "max_utility_loss": self.loss}
        return {"select": self.by, "retrain": str(self.retrain)}

    def key(self) -> dict[str, Any]:
        if self.by == "early":
            return {"by": self.by, "margin": self.margin, "loss": self.loss}
        assert self.retrain is not None, "checked before"
        return {"by": self.by, "retrain": read(self.retrain)["checkpoints"]["child"]}

    def check(self, plan: Plan) -> list[UserError]:
        problems = obstacles(plan, f"--select {self.by}")
        if not isinstance(plan.method, Trained):
            what = f"'{plan.method.name}' acts in one shot: it has no checkpoints to choose from."
            fix = "Leave it out, or search its settings: untrain tune."
            problems.append(UserError(what, f"--select {self.by}", fix))
        return problems + (retrain_misfits(self.retrain, plan) if self.retrain else [])

    def watch(self, plan: Plan, device: Device) -> Watch:
        task, length = plan.task(), plan.method.length
        seen = halves(task)
        if self.retrain is None:
            probe = Probe(task, seen, self.lr, self.batch, device)
            return Early(task, seen, length, probe, self.margin, self.loss)
        model = ready(load_model(self.retrain, plan.images), plan.images)
        return Oracle(task, seen, length, model.to(device.fabric().device))

    def choice(self, plan: Plan, watch: Watch | None) -> dict[str, Any]:
        assert isinstance(watch, Chooser), "its own watch"
        return watch.choice()


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One of the trials of a search, each a run of its own: `tune`, or `oracle` with a Retrain."""

    by: str
    retrain: Path | None = None

    def config(self) -> dict[str, Any]:
        return {"select": self.by} | ({"retrain": str(self.retrain)} if self.retrain else {})

    def key(self) -> dict[str, Any]:
        return {"by": self.by, "of": "trials"}

    def check(self, plan: Plan) -> list[UserError]:
        problems = obstacles(plan, "untrain tune")
        return problems + (retrain_misfits(self.retrain, plan) if self.retrain else [])

    def watch(self, plan: Plan, device: Device) -> None:
        return None

    def choice(self, plan: Plan, watch: Watch | None) -> dict[str, Any]:
        """What is known before the trials are compared."""
        return {
            "by": self.by,
            "seen": halves(plan.task()).seen,
            "looked": "half",
            "candidates": 1,
            "checkpoint": plan.method.length,
            "converged": False,
            "cost": {},
            "trace": [],
        }


def healing_rate(run: Mapping[str, Any]) -> tuple[float, int]:
    """The learning rate and batch that the probe heals with, as the audit does: those of the run to
    start from; the usual ones for imported weights, whose training is not known."""
    method = run["config"]["method"]
    return float(method.get("lr", 0.05)), int(method.get("batch", 64))


def retrain_misfits(folder: Path, plan: Plan) -> list[UserError]:
    """Why this run is not the Retrain of a request."""
    problems = Problems()
    run = problems.attempt(described, folder)
    if run is None:
        return problems.found
    if run["label"] != "retrain":
        what = f"{folder.name} is a run of '{run['label']}', not of Retrain."
        fix = "Train one: untrain train --forget RULE ..."
        return [UserError(what, "--retrain", fix)]
    if run["images"]["hash"] != plan.images.hash:
        what = f"{folder.name} is a Retrain on other images."
        return [UserError(what, "--retrain", "Name the one of this data set.")]
    split = problems.attempt(load_split, folder / "split.npz", plan.images)
    if split is not None:
        keys = plan.images.keys
        ours = (plan.split.retain, plan.split.forgotten)
        theirs = (split.retain, split.forgotten)
        if [key_hash(keys[at]) for at in ours] != [key_hash(keys[at]) for at in theirs]:
            what = f"{folder.name} is the Retrain of another request, or of another training set."
            fix = "Train one with the same --forget, --split-seed and --holdout."
            problems.add(UserError(what, "--retrain", fix))
    problems.attempt(load_model, folder, plan.images)
    return problems.found
