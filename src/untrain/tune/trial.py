"""One trial of a search: a run of its own, measured and healed when it is finished."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import nn

from untrain.engine.cost import Cost
from untrain.errors import GATE, UserError, raise_all
from untrain.models.ready import ready
from untrain.progress import Progress, live
from untrain.runs.execute import execute
from untrain.runs.load import load_model
from untrain.runs.plan import Plan
from untrain.runs.record import read
from untrain.tune.early import HEALS, rank, refusal, stand
from untrain.tune.halves import Halves, halves
from untrain.tune.objective import right, share
from untrain.tune.oracle import averaged, gap
from untrain.tune.probe import Probe
from untrain.tune.space import applied
from untrain.tune.trials import DRAFT, leader, valued
from untrain.verdict.healing import answers

if TYPE_CHECKING:
    from untrain.tune.search import Search


class Refused(UserError):
    """Values of a trial that do not go together; the search goes on."""


class Work:
    """Makes trials and measures them."""

    def __init__(self, search: Search) -> None:
        self.search, self.plan = search, search.plan
        self.task = self.plan.task()
        self.halves: Halves = halves(self.task)
        self.probe = Probe(self.task, self.halves, search.lr, search.batch, search.device)

    def trial(
        self, number: int, values: Mapping[str, Any], before: Sequence[Mapping[str, Any]]
    ) -> dict[str, Any]:
        """The row of a trial, whose run stays where it was made. Of those before, only one that
        would be better than all is probed."""
        row: dict[str, Any] = {"values": values, "why": "", "seconds": 0.0, "flops": 0.0}
        started = time.perf_counter()
        try:
            plan = self.planned(values)
            folder = self.made(plan, number, values)
        except UserError as error:
            if error.code != GATE and not isinstance(error, Refused):
                raise
            spent = time.perf_counter() - started
            return row | {"why": error.what.rstrip("."), "seconds": spent}
        run, cost = read(folder), Cost()
        model = self.model(folder)
        with cost.metered():
            row |= self.measured(model, self.start.get("val_accuracy", 0.0))
            best = leader(before)
            leads = best is None or rank(row) < rank(before[best])
            if leads and not row["why"] and self.goal is None:
                row["probe"] = self.probe(model)
                row["why"] = "" if row["probe"]["accepted"] else HEALS
        row["weights"] = run["checkpoints"]["child"]
        for name, spent in (("seconds", cost.seconds), ("flops", cost.flops)):
            row[name] = run["cost"][name] + spent
        return row

    def planned(self, values: Mapping[str, Any]) -> Plan:
        """The plan of a trial. Raises Refused for values that do not go together."""
        try:
            method, terms = applied(self.plan.method, self.plan.terms, values)
            raise_all(method.check(self.task))
        except UserError as error:
            raise Refused(error.what.splitlines()[0]) from error
        return replace(self.plan, method=method, terms=terms)

    def made(self, plan: Plan, number: int, values: Mapping[str, Any]) -> Path:
        """Folder of the finished run, which may have been begun before."""
        folder = self.search.out / f"{DRAFT}{plan.key()}"
        for other in self.search.out.glob(f"{DRAFT}*"):
            if other != folder:
                shutil.rmtree(other)
        title = f"trial {number + 1}/{self.search.trials}: {valued(values)}"
        with Progress(title, plan.method.length) as shown:
            execute(plan, folder, self.search.device, shown.observe if live() else None)
        return folder

    def model(self, folder: Path) -> nn.Module:
        """The model of a run, where it can be measured."""
        model = ready(load_model(folder, self.plan.images), self.plan.images, train=True)
        return model.to(self.search.device.fabric().device)

    def measured(self, model: nn.Module, before: float = 0.0) -> dict[str, Any]:
        """The objective of a model, and `why` it cannot be taken; the oracle takes any.

        before: val accuracy of the model that trials start from.
        """
        if self.goal is not None:
            return gap(averaged(model, self.task, self.halves), self.goal) | {"why": ""}
        seen = stand(model, self.task, self.halves)
        retain = share(right(answers(model, self.task, self.halves.retain)))
        return seen.values() | {
            "retain_accuracy": retain,
            "inside": seen.inside(self.search.margin),
            **refusal(seen, before, self.search.loss),
        }

    @cached_property
    def goal(self) -> dict[str, float] | None:
        """What the Retrain of the oracle gives."""
        folder = self.search.settings.retrain
        return averaged(self.model(folder), self.task, self.halves) if folder else None

    @cached_property
    def start(self) -> dict[str, Any]:
        """The row of the model that every trial starts from."""
        assert self.plan.original is not None, "a method that starts afresh is refused"
        return self.measured(self.model(self.plan.original))
