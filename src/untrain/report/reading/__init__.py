"""From result files to a `Report`: a study in a store, a store, or folders of runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from untrain.report.data import Report
from untrain.report.reading import folders, studies
from untrain.report.reading.family import alone, family
from untrain.report.reading.places import Understood, understood
from untrain.report.reading.runs import Placed

__all__ = ["Placed", "Understood", "placed_in", "read_report", "read_understood", "understood"]


def read_report(places: Sequence[Path], study: str = "", size: str = "laptop") -> Report:
    """What is found there.

    places: a store of studies; or folders of runs, or folders that hold some; a single run is read
    with its family, which is looked for beside it. study, size: which study of the store.

    Raises UserError with all that is wrong: no such folder, nothing in it, results of another
    version (2), or a study of which nothing is finished (3).
    """
    return read_understood(understood(places, study, size))


def read_understood(found: Understood) -> Report:
    """The same of places that are understood already."""
    if found.listing is not None:
        return studies.read(found.store, found.listing)
    return folders.read(_paths(found), found.named, found.warnings)


def placed_in(found: Understood) -> list[Placed]:
    """Every finished run there, at each of its places in the tables."""
    if found.listing is not None:
        assert found.store is not None, "a listing lies in a store"
        reading = studies.Reading(found.store, found.listing)
        reading.all()
        return reading.placed
    return folders.placed_in(folders.whole(_paths(found))[0])


def _paths(found: Understood) -> Sequence[Path]:
    """The runs there; one run, or methods alone, with the Original and Retrains beside them."""
    return family(found.folders) if found.single or alone(found.folders) else found.folders
