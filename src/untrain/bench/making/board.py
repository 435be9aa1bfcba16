"""What a person sees while a study is worked on: its runs, those under way, and the time left."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from untrain.bench.job import Cell
from untrain.bench.kept.plans import Place
from untrain.bench.making.beat import Beat, beats
from untrain.bench.making.estimate import known, left, total
from untrain.progress import bars, duration, live, say

EVERY = 0.5
"""Least seconds between two looks."""
REMIND = 60.0
"""Off a terminal, seconds without a finished run after which the runs under way are told."""
TOLD = {
    "made": "made",
    "taken": "taken over",
    "failed": "FAILED",
    "damaged": "is damaged and will be made again",
    "lost": "has lost its weights, which others start from, and will be made again",
}
"""Events that are told, and in which words."""


class Board:
    """A bar for the study and one for each run under way; plain lines off a terminal.

    workers: how many processes work on it, for the time left.
    """

    def __init__(self, cells: Sequence[Cell], place: Place, workers: int = 1) -> None:
        self.cells, self.place, self.workers = cells, place, workers
        self.rows: dict[str, str] = {}
        for cell in cells:
            self.rows.setdefault(place.addresses.of(cell.job), named(cell))
        self.seen = len(place.store.events())
        self.waiting = {place.addresses.of(cell.job) for cell in left(cells, place)}
        self.next = self.remind = 0.0
        self.bars: Any = None
        self.tasks: dict[str, Any] = {}

    def __enter__(self) -> Board:
        self.remind = time.monotonic() + REMIND
        if live():
            self.bars = bars()
            self.tasks["study"] = self.bars.add_task("study", total=len(self.rows), text="")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.look(now=True)
        if self.bars is not None:
            self.bars.stop()

    def look(self, now: bool = False) -> None:
        """Show what has changed since the last look."""
        if not now and time.monotonic() < self.next:
            return
        self.next = time.monotonic() + EVERY
        events = self.place.store.events()
        fresh, self.seen = events[self.seen :], len(events)
        for event in fresh:
            if event["run"] in self.rows and event["event"] in TOLD:
                self.tell(event)
        running = [beat for beat in beats(self.place.store.root) if beat.run in self.rows]
        if self.bars is not None:
            self.draw(running)
        elif time.monotonic() > self.remind and running:
            self.remind = time.monotonic() + REMIND
            say("under way: " + "; ".join(f"{self.rows[b.run]} {passes(b)}" for b in running))

    def tell(self, event: dict[str, Any]) -> None:
        """A line about a run that has ended."""
        self.remind = time.monotonic() + REMIND
        if event["event"] in ("made", "taken"):
            self.waiting.discard(event["run"])
        elif event["event"] in ("damaged", "lost"):
            self.waiting.add(event["run"])
        why = f": {event['what']}" if event["event"] == "failed" else ""
        line = (
            f"{self.finished()}/{len(self.rows)} {self.rows[event['run']]} {TOLD[event['event']]}"
        )
        ahead = self.ahead() if event["event"] == "made" else None
        later = f", about {duration(ahead)} left" if ahead else ""
        (self.bars.console.print if self.bars is not None else say)(f"{line}{why}{later}")

    def ahead(self) -> float | None:
        """Seconds left, from the seconds of finished runs; None where some kind is not known."""
        return total(left(self.cells, self.place), known(self.cells, self.place), self.workers)

    def draw(self, running: Sequence[Beat]) -> None:
        """Bring the bars up to date."""
        self.bars.update(self.tasks["study"], completed=self.finished(), text=self.count())
        for gone in self.tasks.keys() - {"study"} - {beat.run for beat in running}:
            self.bars.remove_task(self.tasks.pop(gone))
        for beat in running:
            if beat.run not in self.tasks:
                name = self.rows[beat.run]
                self.tasks[beat.run] = self.bars.add_task(name, total=beat.passes, text="")
            self.bars.update(self.tasks[beat.run], completed=beat.done, text=passes(beat))

    def finished(self) -> int:
        return len(self.rows) - len(self.waiting)

    def count(self) -> str:
        return f"{self.finished()}/{len(self.rows)} runs"


def passes(beat: Beat) -> str:
    return f"pass {int(beat.done)}/{beat.passes}"


def named(cell: Cell) -> str:
    """A run in words: row, request and seed."""
    asked = f" of {cell.block.forget}" if cell.job.rules else ""
    split = f", split {cell.split_seed}" if cell.split_seed else ""
    again = f", unlearning seed {cell.job.seed}" if cell.job.seed != cell.train_seed else ""
    return f"{cell.row}{asked}, seed {cell.train_seed}{again}{split}"
