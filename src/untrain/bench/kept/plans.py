"""From a job of a study to the plan of its run in a store."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from untrain.bench.job import Job
from untrain.bench.kept.address import Addresses
from untrain.bench.kept.sets import Sets
from untrain.bench.kept.store import Store

if TYPE_CHECKING:
    from untrain.data.images import Images
    from untrain.data.sets.splits import Split
    from untrain.runs.plan import Plan
    from untrain.tune.selection import Checkpoint


@dataclass(frozen=True)
class Place:
    """Where a study's runs are: the store, their addresses in it, and their data."""

    store: Store
    addresses: Addresses
    sets: Sets

    @classmethod
    def at(cls, store: Store, look: bool = True) -> Place:
        """look: into the data themselves; else what the store has noted of them is taken."""
        sets = Sets(store.sets)
        return cls(store, Addresses(sets.look if look else sets.noted), sets)

    def folder(self, job: Job) -> Path:
        return self.store.folder(self.addresses.of(job))

    def plan(self, job: Job) -> Plan:
        """Everything that makes the run what it is. What it needs must be there."""
        images, _ = self.sets.load(job.data)
        return replace(
            planned(job, images, self.sets.split(job.data, job.rules)),
            original=self.folder(job.parent) if job.parent else None,
            select=self._selection(job),
        )

    def _selection(self, job: Job) -> Checkpoint | None:
        from untrain.runs.record import read
        from untrain.tune.selection import Checkpoint, healing_rate

        if job.select == "none":
            return None
        assert job.parent is not None, "a choice is made on the way from a model"
        lr, batch = healing_rate(read(self.folder(job.parent)))
        retrain = self.folder(job.retrain) if job.retrain else None
        return Checkpoint(by=job.select, retrain=retrain, lr=lr, batch=batch)


def planned(job: Job, images: Images, split: Split) -> Plan:
    """The plan of a run as far as it does not depend on other runs: of what it starts from, and
    of how a checkpoint is chosen, nothing."""
    from untrain.runs.plan import Plan

    return Plan(
        images=images,
        split=split,
        data=job.data,
        model=job.model,
        method=job.method,
        terms=job.terms,
        seed=job.seed,
        forget=job.rules[-1] if job.rules else "",
        earlier=job.rules[:-1],
        available=job.available,
        forget_data=job.forget_data,
    )
