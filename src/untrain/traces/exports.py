"""Exports of models that were trained on erased images: weights in folders that are no runs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from untrain.runs.export import FACTS, exported, weights_in
from untrain.traces.erased import Erased
from untrain.traces.holdings import Place, Trace, size, trained_on


def exports_below(folder: Path) -> list[Path]:
    """All exports in a folder, itself included; links and hidden folders are left out."""
    found = []
    for place, inside, files in os.walk(folder):
        inside[:] = sorted(name for name in inside if not name.startswith("."))
        found += [Path(place)] * (FACTS in files)
    return found


def in_exports(
    exports: Sequence[Path], runs: Mapping[str, Place | None], erased: Erased
) -> Iterator[Trace]:
    """The weights of exports, judged by the run that they are of.

    runs: by the hash of their weights, whether or not these are there still; None for those of
    other data sets. An export of any other run may hold anything.
    """
    for folder in exports:
        weights, named = weights_in(folder), exported(folder)
        if named in runs:
            place = runs[named]
            yield from _judged(weights, place, erased) if place else ()
        elif weights:
            holds = "not known: an export of a run that is not in these folders"
            total = sum(map(size, weights))
            yield Trace(folder, "unknown", holds, total, "no", "look at it yourself", folder)


def _judged(weights: Sequence[Path], place: Place, erased: Erased) -> Iterator[Trace]:
    of, room = f"an export of {place.folder}", place.folder
    for file in weights:
        if place.trained:
            holds, cost = (
                f"{of}: {trained_on(place, len(erased))}",
                "copies of it stay where they are",
            )
            yield Trace(file, "export", holds, size(file), "models", cost, room)
        elif place.forgot:
            holds = f"{of}: a model that was to forget them"
            yield Trace(file, "export", holds, size(file), "no", "it is what remains", room)
