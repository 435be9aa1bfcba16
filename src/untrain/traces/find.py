"""Where erased images still are: every file of ours that holds them, or what was made of them.

Read from the files themselves: keys in arrays and texts, pixels in the cache of decoded images,
and from each run's split what its weights were trained on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from untrain.errors import UserError
from untrain.files import DRAFT
from untrain.runs.load import described
from untrain.traces.erased import Erased, places_below, saved_keys, universe_of
from untrain.traces.holdings import YOURS, Place, Trace, held, size

OURS = ("split.npz", "evidence.npz", "embeddings-*.npz", "*.safetensors", "trials.json")
"""What runs and searches write, beside all that is in their folder `audit`."""


def below(folders: Sequence[Path], erased: Erased) -> tuple[list[Trace], int]:
    """Traces in the run folders below these, and how many runs are of other data sets."""
    found: list[Trace] = []
    others = 0
    places = dict.fromkeys(p for folder in folders for p in places_below(folder.absolute()))
    for folder in places:
        run = _record(folder)
        reason = _stranger(folder, run, erased)
        if reason is None:
            place = _place(folder, run, erased)
            traces = (held(file, place, erased) for file in _files(folder, places))
            found += [_owned(trace) for trace in traces if trace is not None]
        elif reason:
            kept = "look at it yourself"
            found.append(Trace(folder, "unknown", reason, size(folder), "no", kept, folder))
        else:
            others += 1
    return found, others


def _record(folder: Path) -> dict[str, Any] | None:
    try:
        return described(folder)
    except UserError:  # unfinished, or damaged
        return None


def _stranger(folder: Path, run: dict[str, Any] | None, erased: Erased) -> str | None:
    """Why a folder cannot be searched, "" if it is of other images; None if it can."""
    if run is not None and run["images"]["hash"] != erased.images:
        return ""
    try:
        same = universe_of(saved_keys(folder)) == erased.universe
    except UserError:
        known = ("split.npz", "run.json", "resume.safetensors")
        if not any((folder / name).exists() for name in known):
            return None  # a search, or what a killed process has left: only its files can tell
        return "not known: its split.npz is missing or damaged"
    if same:
        return None
    return "not known: the same images under other keys" if run is not None else ""


def _place(folder: Path, run: dict[str, Any] | None, erased: Erased) -> Place:
    best = folder / "best"  # a search keeps its split with the run that it has chosen
    try:
        arrays = saved_keys(folder if (folder / "split.npz").exists() else best)
    except UserError:
        return Place(folder, run, 0, 0)
    chosen = _record(best) if run is None else None
    if chosen is not None and chosen["images"]["hash"] != erased.images:
        return Place(folder, run, 0, 0)
    gone = [arrays[name] for name in ("forget", "erased") if name in arrays]
    forgot = int(erased.among(np.concatenate(gone)).sum())
    return Place(folder, run, int(erased.among(arrays["retain"]).sum()), forgot)


def _files(folder: Path, places: dict[Path, None]) -> Iterator[Path]:
    """The files of a folder at any depth, but for those of runs inside of it."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith(DRAFT):
            yield path
        elif path.is_dir() and path not in places and not path.is_symlink():
            yield from _files(path, places)
        elif path.is_file():
            yield path


def _owned(trace: Trace) -> Trace:
    """The same; a file that untrain has not written is only told."""
    inside = trace.path.relative_to(trace.room)
    if trace.kind == "draft" or inside.parts[0] == "audit":
        return trace
    if len(inside.parts) == 1 and any(trace.path.match(name) for name in OURS):
        return trace
    return replace(trace, kind="source", purge="no", cost=YOURS, rewrite=False)
