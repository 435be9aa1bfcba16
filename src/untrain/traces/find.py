"""Where erased images still are: every file of ours that holds them, or what was made of them.

Read from the files themselves: keys in arrays and texts, pixels in the cache of decoded images,
and from each run's split what its weights were trained on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from untrain.data.sets.hidden import hidden
from untrain.errors import UserError
from untrain.files import DRAFT
from untrain.runs.load import described
from untrain.traces.asked import about, replacements, spoken
from untrain.traces.erased import Erased, places_below, saved_keys, universe_of
from untrain.traces.exports import exports_below, in_exports
from untrain.traces.holdings import YOURS, Place, Trace, held, size

OURS = ("run.json", "split.npz", "evidence.npz", "embeddings-*.npz", "*.safetensors", "trials.json")
"""What runs and searches write, beside all that is in their folder `audit`."""


def below(folders: Sequence[Path], erased: Erased) -> tuple[list[Trace], int]:
    """Traces in the run folders below these, and how many runs are of other data sets."""
    found: list[Trace] = []
    roots = [folder.absolute() for folder in folders]
    places = dict.fromkeys(place for root in roots for place in places_below(root))
    exports = dict.fromkeys(place for root in roots for place in exports_below(root))
    records = {folder: _record(folder) for folder in places}
    strange = {folder: _stranger(folder, run, erased) for folder, run in records.items()}
    ours = [folder for folder, reason in strange.items() if reason is None]
    hides = _hides([(folder, records[folder]) for folder in ours], erased)
    runs: dict[str, Place | None] = {}
    for folder, run in records.items():
        place = _place(folder, run, erased, hides) if folder in ours else None
        if place is not None:
            traces = (held(file, place, erased) for file in _files(folder, places | exports))
            found += [_owned(trace) for trace in traces if trace is not None]
        elif reason := strange[folder]:
            kept = "look at it yourself"
            found.append(Trace(folder, "unknown", reason, size(folder), "no", kept, folder))
        if run is not None and not strange[folder]:
            runs[run["checkpoints"]["child"]] = place
    found += in_exports([*exports], runs, erased)
    return found, sum(reason == "" for reason in strange.values())


def _hides(runs: Sequence[tuple[Path, dict[str, Any] | None]], erased: Erased) -> dict[str, str]:
    """What may name a person in the requests for these images, and what takes its place."""
    rules = list(erased.rules)
    for folder, run in runs:
        with suppress(UserError):
            rules += about(run, saved_keys(folder), erased) if run else []
    known = [hidden(rule) for rule in rules]
    rules += [rule for _, run in runs if run for rule in spoken(run, known)]
    return replacements(dict.fromkeys(rules))


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


def _place(
    folder: Path, run: dict[str, Any] | None, erased: Erased, hides: Mapping[str, str]
) -> Place:
    best = folder / "best"  # a search keeps its split with the run that it has chosen
    try:
        arrays = saved_keys(folder if (folder / "split.npz").exists() else best)
    except UserError:
        return Place(folder, run, 0, 0, hides)
    chosen = _record(best) if run is None else None
    if chosen is not None and chosen["images"]["hash"] != erased.images:
        return Place(folder, run, 0, 0, hides)
    gone = [arrays[name] for name in ("forget", "erased") if name in arrays]
    forgot = int(erased.among(np.concatenate(gone)).sum())
    return Place(folder, run, int(erased.among(arrays["retain"]).sum()), forgot, hides)


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
