"""The work of a study: one loop that takes the next run that nobody else has, until none is left.

Several processes, and machines that share a folder, run the same loop on the same store; a run is
made by whoever holds its claim. What cannot be made is noted with its reason, and the work goes on.
"""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any

from untrain.bench.job import Cell, Job
from untrain.bench.kept.plans import Place
from untrain.bench.kept.store import State
from untrain.errors import DiskError, UserError, problems_of
from untrain.files import DRAFT, TORN, write_json

if TYPE_CHECKING:
    from untrain.engine.device import Device
    from untrain.engine.loop import Observer
    from untrain.runs.plan import Plan
    from untrain.runs.tracking.trackers import Tracker

PATIENCE = 0.5
"""Seconds between two looks at runs that others are making."""
CRASH = 1
"""Exit code of what nobody has foreseen."""
Watching = Callable[["Plan", str], "Observer | None"]
"""What observes a run that is about to start: of its plan and address."""


@dataclass
class Work:
    """What is to be made, and how.

    cells: in the order in which they are wanted; those that they need are among them. audits: what
    is measured of each run. seeds: of the audits' own draws. retries: how often a run is started
    anew after its process has died without getting on. elsewhere: finished runs that were made by
    hand, by the key of their run.json; those of the same key are taken over.
    """

    place: Place
    cells: Sequence[Cell]
    device: Device
    audits: Sequence[str] = ("accuracy",)
    seeds: Sequence[int] = (0,)
    retries: int = 2
    watching: Watching | None = None
    trackers: Sequence[Tracker] = ()
    elsewhere: dict[str, Any] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.jobs: dict[str, Job] = {}
        self.rules: dict[str, set[tuple[str, ...]]] = {}
        for cell in self.cells:
            address = self.place.addresses.of(cell.job)
            self.jobs.setdefault(address, cell.job)
            self.rules.setdefault(address, set()).add(cell.rules)

    def run(self) -> None:
        """Work until every run is made, has failed, or needs one that has.

        Raises DiskError if the store cannot be written, and KeyboardInterrupt, with the run under
        way saved.
        """
        while left := [job for job in self.jobs.values() if not self.over(job)]:
            if not any(self.attempted(job) for job in left):
                time.sleep(PATIENCE)  # others are making what is left, or what it needs

    def finished(self) -> bool:
        """Whether nothing is left to do."""
        return all(self.over(job) for job in self.jobs.values())

    def over(self, job: Job) -> bool:
        """Whether nothing is left to do for a run."""
        address = self.place.addresses.of(job)
        if address not in self.settled and (self.complete(job) or self.hopeless(job)):
            self.settled.add(address)
        return address in self.settled

    def complete(self, job: Job) -> bool:
        """Whether a run is made and measured, with its weights where others need them."""
        address, store = self.place.addresses.of(job), self.place.store
        if store.state(address) != State.DONE or not self.measured(address):
            return False
        return not self.wanted(job) or store.usable(address)

    def measured(self, address: str) -> bool:
        """Whether all audits of a run are there."""
        from untrain.bench.audits import read

        folder = self.place.store.folder(address)
        wanted = product(self.audits, self.rules[address])
        return all(read(folder, name, rules, self.seeds) is not None for name, rules in wanted)

    def hopeless(self, job: Job) -> bool:
        """Whether a run has failed, or one that it needs."""
        address = self.place.addresses.of(job)
        failed = self.place.store.state(address) == State.FAILED
        return failed or any(self.hopeless(one) for one in job.needs)

    def wanted(self, job: Job) -> bool:
        """Whether a run that is not made yet starts from this one."""
        address, of, store = self.place.addresses.of(job), self.place.addresses.of, self.place.store
        return any(
            address in map(of, other.needs)
            and store.state(of(other)) not in (State.DONE, State.FAILED)
            for other in self.jobs.values()
            if other.needs
        )

    def ready(self, job: Job) -> bool:
        """Whether all that a run needs is there, with its weights."""
        return all(self.place.store.usable(self.place.addresses.of(one)) for one in job.needs)

    def attempted(self, job: Job) -> bool:
        """Make a run if it can be made now and nobody else is at it; returns whether it was."""
        if self.over(job) or not self.ready(job):
            return False
        address = self.place.addresses.of(job)
        with self.place.store.claim(address) as mine:
            if not mine or self.over(job):
                return False
            try:
                self.make(job, address)
            except DiskError:
                raise
            except UserError as error:
                self.give_up(address, error)
        return True

    def make(self, job: Job, address: str) -> None:
        """Train and measure. Raises UserError with what is in the way, code 1 for a bug."""
        store = self.place.store
        if store.state(address) == State.DONE and not self.measurable(job, address):
            store.log("lost", address)
            store.clear(address)
        if store.state(address) == State.DAMAGED:
            store.log("damaged", address)
            store.clear(address)
        try:
            if store.state(address) != State.DONE:
                self.train(job, address)
            self.measure(job, address)
        except (UserError, KeyboardInterrupt):
            raise
        except Exception as error:
            what = f"{type(error).__name__}: {error}"
            told = "".join(traceback.format_exception(error))
            raise UserError(what, told, "This is a bug; please report it.", CRASH) from error

    def measurable(self, job: Job, address: str) -> bool:
        """Whether a finished run has what is still asked of it: weights, or all its measures."""
        usable = self.place.store.usable(address)
        return usable or (self.measured(address) and not self.wanted(job))

    def train(self, job: Job, address: str) -> None:
        from untrain.runs.execute import execute
        from untrain.runs.sequence import both
        from untrain.runs.tracking.tracked import tracked

        store, folder = self.place.store, self.place.store.folder(address)
        plan = self.place.plan(job)
        if self.taken(plan, address):
            return
        self.mend(plan, address)
        self.count(address)
        store.log("start", address, label=plan.label)
        watch = self.watching(plan, address) if self.watching else None
        try:
            with tracked(self.trackers, plan, folder) as told:
                execute(plan, folder, self.device, both(watch, told) if watch else told)
        except (KeyboardInterrupt, DiskError):
            (folder / "tries.json").unlink(missing_ok=True)  # its process has not died
            raise
        (folder / "tries.json").unlink(missing_ok=True)
        store.log("made", address)

    def mend(self, plan: Plan, address: str) -> None:
        """Remove what a process that was killed has left and no other can go on from."""
        from untrain.runs.place import check_unfinished

        store, folder = self.place.store, self.place.store.folder(address)
        for draft in folder.rglob(f"{DRAFT}*"):
            draft.unlink(missing_ok=True)
        state = folder / "resume.safetensors"
        if state.exists() and problems_of(check_unfinished, folder, plan.key()):
            store.log("damaged", address)
            state.unlink()

    def taken(self, plan: Plan, address: str) -> bool:
        """Take a run over that was made elsewhere with the same settings; returns whether."""
        from untrain.bench.kept.elsewhere import take

        source = self.elsewhere.get(plan.key()) if self.elsewhere else None
        if source is None or not take(source, self.place.store.folder(address)):
            return False
        self.place.store.log("taken", address)
        return True

    def count(self, address: str) -> None:
        """Count how often a run was started without getting on since. Raises UserError if it was
        too often: its process has died each time."""
        folder = self.place.store.folder(address)
        state = folder / "resume.safetensors"
        saved = state.stat().st_mtime if state.exists() else 0.0
        before: dict[str, Any] = {}
        with suppress(*TORN):
            before = dict(json.loads((folder / "tries.json").read_text()))
        tries = before.get("tries", 0) + 1 if before.get("saved", saved) == saved else 1
        if tries > self.retries + 1:
            raise UserError(
                f"The process that made it died {tries - 1} times without getting on.",
                where=str(folder),
                fix="Memory may be short: use fewer --workers. The next call tries it again.",
                code=CRASH,
            )
        write_json(folder / "tries.json", {"tries": tries, "saved": saved})

    def measure(self, job: Job, address: str) -> None:
        from untrain.bench.audits import measure_all

        images, _ = self.place.sets.load(job.data)
        folder = self.place.store.folder(address)
        for rules in sorted(self.rules[address]):
            kind = self.device.kind()
            measure_all(folder, images, self.audits, self.seeds, rules=rules, device=kind)
        self.place.store.log("measured", address)

    def give_up(self, address: str, error: UserError) -> None:
        """Note a failure: of the same settings for good, or of this attempt."""
        from untrain.errors import BAD_INPUT, GATE

        kind = "refused" if error.code in (BAD_INPUT, GATE) else "broken"
        self.place.store.fail(address, kind, error)
        self.place.store.log("failed", address, what=error.what)
