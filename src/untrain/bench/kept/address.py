"""The address of a run in a store: the hash of all that makes it what it is.

As the key of its run.json, but of its parent it takes the address and not the weights: addresses
are known before anything is trained. Device, precision and threads are recorded, and no part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from untrain.bench.job import Job
from untrain.bench.kept.sets import Facts
from untrain.config import DataConfig

Look = Callable[[DataConfig, Sequence[str]], Facts]
"""What data settings and rules come to: `Sets.look`, or `Sets.noted` without the data."""


class Addresses:
    """Addresses of jobs, each computed once."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self.known: dict[int, tuple[Job, str]] = {}

    def of(self, job: Job) -> str:
        """Raises UserError if its data or rules cannot be read."""
        if id(job) not in self.known:  # the job is kept, so that its id stays its own
            self.known[id(job)] = job, self._computed(job)
        return self.known[id(job)][1]

    def _computed(self, job: Job) -> str:
        from untrain.runs.plan import key_of, lacking

        facts = self.look(job.data, job.rules)
        return key_of(
            job,
            images=facts.images,
            split=facts.split,
            parent=self.of(job.parent) if job.parent else "",
            at_hand=lacking(job.available, job.forget_data),
            select=self._select(job),
        )

    def _select(self, job: Job) -> dict[str, Any]:
        if job.select == "none":
            return {}
        return {"by": job.select} | ({"retrain": self.of(job.retrain)} if job.retrain else {})
