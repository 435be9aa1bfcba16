"""The runs around those that were named: their Original, and the Retrains of their requests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from untrain.bench.numbers.ties import UNRANKED
from untrain.errors import UserError
from untrain.report.reading.runs import Folder, opened, spelled
from untrain.report.reading.sets import kind_of


def family(paths: Sequence[Path]) -> list[Path]:
    """The runs themselves, and each one's Original and Retrains, looked for beside it.

    Other methods are left out: who names a run asks about that run.
    """
    found = {path.resolve(): path for path in paths}
    for path in paths:
        run = _opened(path)
        for one in _near(path) if run else ():
            other = None if one.resolve() in found else _opened(one)
            if run and other and belongs(other, run):
                found[one.resolve()] = one
    return list(found.values())


def alone(paths: Sequence[Path]) -> bool:
    """Whether none of the runs is an Original or a Retrain, as those of one request each."""
    labels = {run.label for path in paths if (run := _opened(path)) is not None}
    return bool(labels) and not labels & set(UNRANKED)


def _near(path: Path) -> list[Path]:
    return [one for up in (path.parent, path.parent.parent) for one in _runs(up)]


def belongs(other: Folder, run: Folder) -> bool:
    """Whether it is an Original that the run began with or was trained beside, or a Retrain of the
    same request."""
    if other.weights == run.weights or kind_of(other) != kind_of(run):
        return False
    if other.label == "original":
        checkpoints = run.run["checkpoints"]
        root = checkpoints.get("root", checkpoints.get("parent"))
        return bool(other.weights == root or (not root and _held(other) == _held(run)))
    same = spelled(other.rules, other.run) == spelled(run.rules, run.run)
    alike = same and _forgot(other) == _forgot(run)
    return other.label == "retrain" and alike


def _held(folder: Folder) -> list[str]:
    split = folder.run["split"]
    return [str(split.get(name, {}).get("keys")) for name in ("unseen", "test")]


def _forgot(folder: Folder) -> str:
    return str(folder.run["split"].get("forget", {}).get("keys"))


def _runs(folder: Path) -> list[Path]:
    found = [*folder.glob("run.json"), *folder.glob("*/run.json")]
    return sorted(path.parent for path in found)


def _opened(path: Path) -> Folder | None:
    """A run beside the one that was named; None if it cannot be read, which is not its fault."""
    try:
        return opened(path)
    except UserError:
        return None
