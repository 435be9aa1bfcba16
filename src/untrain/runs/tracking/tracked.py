"""A run followed by trackers. One that fails is told once and left alone until the run's end."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from untrain.progress import say
from untrain.runs.record import read
from untrain.runs.tracking.content import About, about, cost, environment, measured
from untrain.runs.tracking.trackers import Tracker

if TYPE_CHECKING:
    from untrain.engine.loop import Observer
    from untrain.runs.plan import Plan

T = TypeVar("T")


class Course:
    """A run as one tracker has it: how far, and whether it still answers."""

    def __init__(self, tracker: Tracker, about: About) -> None:
        self.tracker, self.about = tracker, about
        self.passes: int | None = None
        """How many the tracker has, from the first; None before it has begun, and where it has
        all of the run."""
        self.begun = self.failed = False

    def observe(self, done: float, row: dict[str, Any] | None) -> None:
        """The engine's report. What comes after a gap waits for the end of the run."""
        if not self.begun:
            self._begin(new=True)
        if row is not None and self.passes is not None and done == self.passes + 1:
            self._log(int(done), row)

    def stop(self, status: str) -> None:
        """The run has ended before its time."""
        told, self.failed = self.failed, False
        if self.passes is not None:
            self._attempt(self.tracker.end, status, self.passes, {}, {}, told=told)

    def finish(self, run: dict[str, Any]) -> None:
        """The run is in its folder: what the tracker lacks is logged now."""
        told, self.failed = self.failed, False
        if self.passes is None:
            self._begin(new=self.begun, told=told)
        if self.passes is None:
            return
        curve = run["curve"]
        for step in range(self.passes + 1, len(curve) + 1):
            self._log(step, curve[step - 1], told)
        last = "FINISHED", len(curve), cost(run), environment(run)
        self._attempt(self.tracker.end, *last, told=told)
        if not self.failed:
            say(f"{self.about.name}: logged to {self.tracker.where}")

    def _begin(self, new: bool, told: bool = False) -> None:
        self.begun = True
        self.passes = self._attempt(self.tracker.begin, self.about, new, told=told)

    def _log(self, step: int, row: dict[str, Any], told: bool = False) -> None:
        self._attempt(self.tracker.log, step, measured(row), told=told)
        if not self.failed:
            self.passes = step

    def _attempt(self, call: Callable[..., T], *values: Any, told: bool = False) -> T | None:
        """The value of a call; after one that has failed nothing is tried."""
        if self.failed:
            return None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # those of third parties
                return call(*values)
        except self.tracker.failures as error:
            self.failed = True
            if not told:
                first = (str(error) or type(error).__name__).splitlines()[0]
                say(
                    f"{self.about.name}: {self.tracker.name} has failed ({first}). The run goes "
                    "on without it; the same command, given again, logs what is missing."
                )
            return None


@contextmanager
def tracked(trackers: Sequence[Tracker], plan: Plan, folder: Path) -> Iterator[Observer]:
    """Yield what observes the run that the block makes in its folder, and log its end.

    A run that goes on after it was killed goes on in the trackers' runs, and one that is in its
    folder already is logged where a tracker does not have it.
    """
    courses = [Course(tracker, about(plan, folder)) for tracker in trackers]

    def observe(done: float, row: dict[str, Any] | None) -> None:
        for course in courses:
            course.observe(done, row)

    try:
        yield observe
    except BaseException as error:
        for course in courses:
            course.stop("KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED")
        raise
    for course in courses:
        course.finish(read(folder))
