"""A search for hyper-parameters: trials one after the other, of which the best run is kept.

Each trial is a run of its own, measured on tune halves when it is finished. One that would be the
best so far is healed for an epoch first. A search that is stopped goes on within the trial.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from untrain.engine.device import Device
from untrain.errors import UserError
from untrain.files import lock, write_json
from untrain.progress import duration, say
from untrain.runs.load import is_run
from untrain.runs.plan import Plan
from untrain.runs.record import read
from untrain.runs.sequence import obstacles as in_the_way
from untrain.tune.proposals import propose
from untrain.tune.selection import Settings
from untrain.tune.space import Range, numbers
from untrain.tune.trial import Work
from untrain.tune.trials import BEST, DRAFT, check_folder, drafts, leader, line, write

LOST, FAILED = 1.0, 10.0
"""What a refused trial, and one without a model, add to what the sampler is told."""


@dataclass(frozen=True, kw_only=True)
class Search:
    """What is searched. plan: the run with the values that the first trial takes.

    margin: of the AUC around 1/2, for saying whether the best has converged. loss: points of val
    accuracy that a trial may lose against the model it starts from. lr, batch: of the probe.
    """

    plan: Plan
    ranges: Sequence[Range]
    trials: int
    out: Path
    device: Device
    margin: float = 0.05
    loss: float = 5.0
    lr: float = 0.01
    batch: int = 64

    @property
    def settings(self) -> Settings:
        assert isinstance(self.plan.select, Settings), "a search has trials"
        return self.plan.select

    def key(self) -> str:
        """Equal keys mean equal searches, of however many trials."""
        retrain = self.settings.retrain
        content = [
            self.plan.key(),
            [asdict(one) for one in self.ranges],
            [self.margin, self.loss],
            read(retrain)["checkpoints"]["child"] if retrain else "",
        ]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]

    def obstacles(self) -> list[UserError]:
        """What stands in the way of every trial, the first one for all."""
        return in_the_way(self.plan, self.out / f"{DRAFT}{self.plan.key()}")

    def run(self) -> list[dict[str, Any]]:
        """Make the trials that are missing; returns all of them, behind a row of the start."""
        key = self.key()
        with lock(self.out):
            rows = check_folder(self.out, key)
            work = Work(self)
            write(self.out, key, rows, start=work.start)
            self.keep(rows)  # a killed process may have left it to do
            if len(rows) < self.trials:
                say(f"searching {', '.join(map(str, self.ranges))}")
            for number in range(len(rows), self.trials):
                before = [(row["values"], score(row)) for row in rows]
                usual = numbers(self.plan.method, self.plan.terms)
                values = propose(self.ranges, before, usual, self.plan.seed)
                rows.append(work.trial(number, values, rows))
                say(f"trial {number + 1}/{self.trials}: {line(rows[-1])}")
                write(self.out, key, rows, start=work.start)
                self.keep(rows)
            for left in drafts(self.out):
                shutil.rmtree(left)
        return [work.start, *rows]

    def keep(self, rows: Sequence[dict[str, Any]]) -> None:
        """Put the best run in its place, and write into its record what the search has cost."""
        best = leader(rows)
        if best is None:
            return
        for folder in filter(is_run, drafts(self.out)):
            if read(folder)["checkpoints"]["child"] == rows[best]["weights"]:
                shutil.rmtree(self.out / BEST, ignore_errors=True)
                folder.rename(self.out / BEST)
        self.tell(rows, best)

    def tell(self, rows: Sequence[dict[str, Any]], best: int) -> None:
        """Write what was chosen, what the search has seen and what it has cost."""
        path, run = self.out / BEST / "run.json", read(self.out / BEST)
        converged = not rows[best]["why"] and rows[best].get("inside", True)
        choice = run["choice"] | {
            "candidates": len(rows),
            "converged": bool(converged),
            "cost": cost_of(rows),
            "RTE_with_search": cost_of(rows)["seconds"],
            "trace": list(rows),
        }
        notes = [note for note in run["notes"] if not note.startswith("Chosen (")]
        notes.append(f"Chosen ({self.settings.by}): trial {best + 1} of {len(rows)}.")
        if rows[best]["why"]:
            notes[-1] += f" None was accepted; this one was refused: {rows[best]['why']}."
        elif not converged:
            notes[-1] += f" Not converged: its AUC is not within {self.margin:g} of 1/2 for sure."
        write_json(path, run | {"choice": choice, "notes": notes})


def cost_of(rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    """What the search has cost: training, measuring and probing of all trials."""
    return {
        "seconds": sum(row["seconds"] for row in rows),
        "flops": sum(row["flops"] for row in rows),
        "evaluations": sum("objective" in row for row in rows),
        "probes": sum(bool(row.get("probe")) for row in rows),
        "trials": len(rows),
    }


def score(row: dict[str, Any]) -> float:
    """What the sampler is told of a trial; smaller is better."""
    if "objective" not in row:
        return FAILED
    return float(row["objective"] + (LOST + row.get("lost", 0.0) if row["why"] else 0.0))


def summary(search: Search, rows: Sequence[dict[str, Any]]) -> list[str]:
    """What came of a search, in words."""
    best = leader(rows)
    if best is None:
        return ["No trial has given a model. Search smaller learning rates."]
    run, spent = read(search.out / BEST), cost_of(rows)
    flags = " ".join(
        f"--{name.replace('_', '-')} {value:g}" for name, value in rows[best]["values"].items()
    )
    return [
        f"Best: {search.out / BEST} ({run['label']}), {flags}",
        *run["notes"],
        f"The search took {duration(spent['seconds'])} and {spent['flops']:.3g} FLOPs "
        f"({spent['trials']} trials, {spent['probes']} probes); the best run alone "
        f"{duration(run['cost']['seconds'])} and {run['cost']['flops']:.3g}.",
    ]
