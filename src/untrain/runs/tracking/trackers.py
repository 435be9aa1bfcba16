"""Trackers: programs that show the course of runs. Off by default, imported only if asked for."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from untrain.config import path_of
from untrain.errors import MISSING, UserError, raise_all, unknown
from untrain.runs.tracking.content import About

PACKAGES = {"tensorboard": "tensorboardX", "mlflow": "mlflow"}
"""What is imported for each tracker; the extras of untrain are named like the trackers."""
BOARD = "runs/tensorboard"
"""Where TensorBoard's files go if nobody says so."""


@dataclass(frozen=True, kw_only=True)
class Tracking:
    """Where a run is logged besides its own folder. No number of the run depends on it."""

    track: tuple[str, ...] = ()
    """Log settings, the curve and the cost of a run to tensorboard or mlflow as well; given twice,
    to both. No keys and no images are logged."""
    track_to: tuple[str, ...] = ()
    """Where to: a folder, or for mlflow the URI of a server. Of two trackers one each, in their
    order. Default: runs/tensorboard; MLFLOW_TRACKING_URI, else mlflow.db in this folder."""

    def __post_init__(self) -> None:
        problems = [unknown("tracker", t, PACKAGES) for t in self.track if t not in PACKAGES]
        if len({*self.track}) < len(self.track):
            what = "--track names one tracker twice."
            problems.append(UserError(what, "--track", "Name each of them once."))
        if self.track_to and len(self.track_to) != len(self.track):
            what = f"--track-to is given {times(self.track_to)}, --track {times(self.track)}."
            fix = "Give one place for each tracker, in the same order, or none."
            problems.append(UserError(what, "--track-to", fix))
        for tracker, place in self.places():
            problems += place_problems(tracker, place)
        raise_all(problems)

    def places(self) -> list[tuple[str, str]]:
        """Each tracker with its place; "" is the default one."""
        given = self.track_to or ("",) * len(self.track)
        return list(zip(self.track, given, strict=False))


class Tracker(Protocol):
    """Takes runs, one after the other. It may raise `failures` whenever it is called."""

    name: str
    failures: tuple[type[Exception], ...]

    @property
    def where(self) -> str:
        """Where the run that was begun last can be looked at."""

    def begin(self, about: About, new: bool) -> int | None:
        """Go on with its unfinished run of this one, else begin one; how many passes it has.

        None if it has all of the run; new: it is trained again, so that one begins all the same.
        """

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """What was measured after so many passes."""

    def end(
        self, status: str, step: int, values: Mapping[str, float], tags: Mapping[str, str]
    ) -> None:
        """The run has ended: FINISHED, FAILED or KILLED."""


def times(words: tuple[str, ...]) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(len(words), f"{len(words)} times")


def place_problems(tracker: str, place: str) -> list[UserError]:
    """What is wrong with a place to log to."""
    if "://" not in place:
        return []
    if tracker == "tensorboard":
        what = f"TensorBoard writes into a folder, and {urlsplit(place).scheme}:// is none."
        return [UserError(what, "--track-to", "Name a folder.")]
    if "@" in urlsplit(place).netloc:
        what = "--track-to holds a user's name or password, which run.json would keep."
        fix = "Give it in the environment: MLFLOW_TRACKING_URI, or MLFLOW_TRACKING_USERNAME and "
        return [UserError(what, "--track-to", f"{fix}MLFLOW_TRACKING_PASSWORD.")]
    return []


def check_installed(tracking: Tracking) -> None:
    """Raise UserError if a tracker's package is not there."""
    raise_all(
        [
            UserError(
                f"--track {tracker} needs the package {PACKAGES[tracker]}.",
                where="--track",
                fix=f"pip install 'untrain[{tracker}]'",
                code=MISSING,
            )
            for tracker in tracking.track
            if find_spec(PACKAGES[tracker]) is None
        ]
    )


def connect(tracking: Tracking, experiment: str = "untrain") -> list[Tracker]:
    """The trackers, ready to take runs.

    experiment: what runs are gathered under. Raises UserError for a package that is missing and a
    place that cannot be written or does not answer.
    """
    check_installed(tracking)
    trackers: list[Tracker] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those of third parties
        for tracker, place in tracking.places():
            if tracker == "tensorboard":
                from untrain.runs.tracking.tensorboard import TensorBoard

                trackers.append(TensorBoard(Path(path_of(place or BOARD))))
            else:
                from untrain.runs.tracking.mlflow import MLflow

                trackers.append(MLflow(place, experiment))
    return trackers
