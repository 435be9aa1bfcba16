"""Everything below a folder as it is now: the list of runs, and the report of each set of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from untrain.bench.making.beat import beats
from untrain.dash.live import Pace, at_work, locked
from untrain.dash.seen import DONE, RUNNING, STOPPED, Folders, Seen, stamped
from untrain.dash.sets import Set, sets_below
from untrain.report.data import Report, shown
from untrain.report.naming import forget
from untrain.report.reading import read_report

LASTS = 1.0
"""Seconds for which a look at the folders counts, however many ask."""


@dataclass(frozen=True)
class Run:
    """A run of a set. key: its name in addresses of pages."""

    key: str
    set: str
    folder: Path
    seen: Seen

    @property
    def told(self) -> dict[str, Any]:
        """As the page's script takes it."""
        seen = {name: value for name, value in asdict(self.seen).items() if value not in ("", None)}
        seen.pop("weights", None)
        if "label" in seen:
            seen["label"] = shown(seen["label"])
        if "forget" in seen:
            seen["forget"] = forget(seen["forget"])
        return {"key": self.key, "set": self.set, **seen}


@dataclass
class Snapshot:
    """One look: sets and runs by key, in their order; what could not be read; the stamp of each
    set's files."""

    sets: dict[str, Set] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    stamps: dict[str, int] = field(default_factory=dict)


class Results:
    """root: the folder. Looks at it when asked, and reads again only what has changed."""

    def __init__(self, root: Path) -> None:
        self.root, self.folders, self.pace = root, Folders(), Pace()
        self.lock, self.reading = threading.Lock(), threading.Lock()
        self.last: tuple[float, Snapshot] | None = None
        self.reports: dict[str, tuple[int, Report]] = {}

    def now(self) -> Snapshot:
        """The runs as they are."""
        with self.lock:
            if self.last is None or time.monotonic() - self.last[0] > LASTS:
                found = self._look()
                self.last = time.monotonic(), found
            return self.last[1]

    def report(self, key: str) -> Report:
        """The report of a set, read again if its files have changed.

        Raises KeyError for an unknown set, UserError if nothing of it can be shown.
        """
        found = self.now()
        one, stamp = found.sets[key], found.stamps[key]
        with self.reading:
            before = self.reports.get(key)
            if before is None or before[0] != stamp:
                places = [one.root] if one.study else list(one.runs)
                before = stamp, read_report(places, one.study, one.size)
                self.reports[key] = before
            return before[1]

    def _look(self) -> Snapshot:
        sets, notes = sets_below(self.root)
        found, locks = Snapshot(notes=notes), locked()
        working = {
            store: {beat.run: beat for beat in beats(store)}
            for store in {one.root for one in sets if one.store}
        }
        for one in sets:
            found.sets[one.key] = one
            for folder in one.runs:
                seen = self._told(one, folder)
                beat = working.get(one.root, {}).get(folder.name)
                key = f"{one.key}:{folder.name}"
                if seen.state != DONE and beat is not None:
                    left = self.pace.left(key, beat.done, beat.passes)
                    seen = seen.running(round(beat.done, 2), beat.passes, left)
                elif not one.store and seen.state == STOPPED and at_work(folder, locks):
                    left = self.pace.left(key, seen.done, seen.passes)
                    seen = seen.running(seen.done, seen.passes, left)
                found.runs[key] = Run(key, one.key, folder, seen)
            listed = (one.study, one.size, one.title, tuple(one.cells))
            found.stamps[one.key] = hash((listed, *(stamped(folder) for folder in one.runs)))
        self.pace.keep({key for key, run in found.runs.items() if run.seen.state == RUNNING})
        return found

    def _told(self, one: Set, folder: Path) -> Seen:
        """What its files say, and of what has none yet its study."""
        cell = one.cells.get(folder)
        seen = self.folders.look(folder, cell.get("rules", ()) if cell else ())
        if cell is None:
            return seen
        label = _row(cell)
        if seen.state == DONE:
            return replace(seen, label=label)
        return replace(
            seen,
            label=label,
            data=cell.get("data", ""),
            model=cell.get("model", ""),
            forget=cell.get("forget", ""),
            seed=cell.get("seeds", {}).get("train"),
        )


def _row(cell: Mapping[str, Any]) -> str:
    told = ", ".join(f"{name} {value}" for name, value in cell.get("settings", {}).items())
    return f"{cell['label']} ({told})" if told else str(cell["label"])
