"""One run as its files show it: how far it is, what it is, and what was measured of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from untrain.bench.audits import read as measured
from untrain.bench.kept.retold import placeless
from untrain.data.sets.hidden import hidden
from untrain.errors import UserError
from untrain.files import TORN, matching
from untrain.report.reading.contract import wrong_in_run
from untrain.report.reading.values import ANY
from untrain.runs.record import read, rules_of

FILES = ("run.json", "failed.json", "resume.safetensors", "split.npz", "measures", "audit")
"""What is looked at again when one of them has changed."""
SHOWN = ("retain_accuracy", "unlearn_accuracy", "test_accuracy")
MOST = 1 << 26
"""Bytes that the description in a resume file may have."""
DONE, RUNNING, FAILED, STOPPED = "done", "running", "failed", "stopped"
WAITING, UNREADABLE = "waiting", "unreadable"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A run in the list.

    reason: why it failed, or cannot be read. passes: of the whole run, 0 where nothing says so;
    done: those behind it. left: seconds, None where they are not known. values: accuracies in
    percent. seconds: that it took. weights: their hash, by which reports know the run.
    """

    state: str
    label: str = ""
    data: str = ""
    model: str = ""
    forget: str = ""
    seed: int | None = None
    reason: str = ""
    done: float = 0.0
    passes: int = 0
    left: float | None = None
    seconds: float | None = None
    ended: str = ""
    values: dict[str, float] = field(default_factory=dict)
    weights: str = ""

    def running(self, done: float, passes: int, left: float | None) -> Seen:
        return replace(self, state=RUNNING, done=done, passes=passes, left=left, reason="")


class Folders:
    """Looks at folders of runs, and again only at those that have changed."""

    def __init__(self) -> None:
        self.known: dict[tuple[Path, tuple[str, ...]], tuple[tuple[int, ...], Seen]] = {}

    def look(self, folder: Path, rules: Sequence[str] = ()) -> Seen:
        """rules: the requests that an Original is measured for; others know their own."""
        place, stamp = (folder, tuple(rules)), stamped(folder)
        before = self.known.get(place)
        if before is None or before[0] != stamp:
            before = stamp, look(folder, rules)
            self.known[place] = before
        return before[1]


def stamped(folder: Path) -> tuple[int, ...]:
    """When each of its files was written; 0 for those that are not there."""
    return tuple(changed(folder / name) for name in FILES)


def changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def look(folder: Path, rules: Sequence[str] = ()) -> Seen:
    """What the files of a folder say."""
    if (folder / "run.json").is_file():
        try:
            run = read(folder)
            if lost := wrong_in_run(run):
                return Seen(state=UNREADABLE, label=folder.name, reason=f"run.json {lost}.")
            return finished(folder, run, rules)
        except UserError as error:
            return Seen(state=UNREADABLE, label=folder.name, reason=error.what)
        except TORN as error:
            reason = f"run.json is not a run's ({type(error).__name__}: {error})."
            return Seen(state=UNREADABLE, label=folder.name, reason=reason)
    if (folder / "failed.json").is_file():
        return Seen(state=FAILED, label=folder.name, reason=failure(folder / "failed.json"))
    behind = saved(folder / "resume.safetensors")
    begun = behind is not None or (folder / "split.npz").is_file()
    done, passes = behind or (0.0, 0)
    return Seen(state=STOPPED if begun else WAITING, label=folder.name, done=done, passes=passes)


def finished(folder: Path, run: dict[str, Any], asked: Sequence[str] = ()) -> Seen:
    """asked: requests that the run is measured against, where it has none of its own."""
    config, rules = run["config"], rules_of(run)
    values = measured(folder, "accuracy", rules or asked) or tested(folder)
    return Seen(
        state=DONE,
        label=str(run["label"]),
        data=placeless(str(config["data"].get("data", ""))),
        model=placeless(str(config["model"].get("model", ""))),
        forget=" + ".join(placeless(hidden(rule)) for rule in rules),
        seed=int(config["seed"]),
        done=float(config["method"].get("epochs", 0) or 0),
        passes=int(config["method"].get("epochs", 0) or 0),
        seconds=float(run["cost"]["seconds"]),
        ended=str(run.get("time", {}).get("ended", "")),
        values={name: round(values[name], 2) for name in SHOWN if ANY.fits(values.get(name))},
        weights=str(run["checkpoints"]["child"]),
    )


def tested(folder: Path) -> dict[str, Any]:
    """The accuracy on test images, which is one for all requests that a run was measured for."""
    for path in matching(folder / "measures", "accuracy*.json"):
        with suppress(*TORN):
            return {"test_accuracy": json.loads(path.read_text())["values"]["test_accuracy"]}
    return {}


def failure(path: Path) -> str:
    try:
        return str(json.loads(path.read_text())["what"])
    except TORN:
        return "The reason cannot be read."


def saved(path: Path) -> tuple[float, int] | None:
    """Passes that a resume file has behind it, and those of the whole run, 0 where it does not
    say; None if there is none that can be read.

    The file opens with the length of its description, eight bytes, and with the description.
    """
    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            if size > MOST:
                return None
            about = json.loads(json.loads(file.read(size))["__metadata__"]["untrain"])
            passes = float(about["passes"])
            return (passes, int(about.get("length", 0))) if ANY.fits(passes) else None
    except TORN:
        return None
