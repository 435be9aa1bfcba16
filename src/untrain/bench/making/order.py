"""What a process needs to know to work on a study: enough to start it anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from untrain.bench.job import Cell, Job
from untrain.bench.kept.plans import Place
from untrain.bench.kept.store import Store
from untrain.config import path_of
from untrain.errors import Problems, unknown

if TYPE_CHECKING:
    from untrain.bench.asking.study import Study
    from untrain.bench.kept.results import Standing
    from untrain.bench.making.work import Work
    from untrain.engine.device import Device
    from untrain.runs.tracking.trackers import Tracking


@dataclass(frozen=True, kw_only=True)
class Order:
    """A study and where it is to be made; plain values, which another process can be given.

    study: name or file. only: labels of rows; () is all. take_from: a folder of runs made by hand.
    data_root: where the images lie. tracking: where runs are logged besides the store.
    """

    study: str
    store: Path
    size: str = "laptop"
    only: tuple[str, ...] = ()
    data_root: str = ""
    retries: int = 2
    take_from: str = ""
    tracking: Tracking | None = None

    def read(self) -> tuple[Study, list[Cell]]:
        """The study, and its cells as far as they are asked for.

        Raises UserError with all that is wrong with the file.
        """
        from untrain.bench.asking.study import Study

        study = Study.load(self.study, self.size)
        return study, chosen(study.cells(self.data_root), self.only)

    def work(self, device: Device, place: Place | None = None) -> Work:
        """The work on it, in this process. place: where its runs are, if that is known already."""
        from untrain.bench.kept.elsewhere import found
        from untrain.bench.making.work import Work
        from untrain.runs.tracking.trackers import connect

        study, wanted = self.read()
        return Work(
            place=place or Place.at(Store(self.store).open()),
            cells=wanted,
            device=device,
            audits=study.audits,
            seeds=study.evaluate_seeds,
            retries=self.retries,
            trackers=connect(self.tracking) if self.tracking else [],
            elsewhere=found(path_of(self.take_from)) if self.take_from else {},
        )

    def standing(self) -> tuple[Study, list[Cell], Place, Standing]:
        """What the store holds of it, as far as that is known without the data; it is listed there.

        Raises UserError if there is no such store, or if it does not know the data.
        """
        from untrain.bench.kept import listing
        from untrain.bench.kept.results import standing

        study, wanted = self.read()
        place = Place.at(Store(self.store).open(write=False), look=False)
        listing.keep(place.store, study)
        return study, wanted, place, standing(wanted, study.audits, place, study.evaluate_seeds)


def chosen(cells: Sequence[Cell], only: Sequence[str]) -> list[Cell]:
    """The cells of these rows, and whatever they start from.

    Raises UserError for a name that no row has.
    """
    if not only:
        return list(cells)
    names = {name for cell in cells for name in (cell.label, cell.job.method.name)}
    problems = Problems()
    problems.add(*(unknown("row", name, sorted(names)) for name in only if name not in names))
    problems.raise_all()
    taken = [cell for cell in cells if {cell.label, cell.job.method.name} & {*only}]
    taken = [cell for cell in taken if cell.label in only or cell.label != "original"]
    needed: list[Job] = []
    for cell in taken:
        needed += ancestors(cell.job)
    return [cell for cell in cells if cell in taken or cell.job in needed]


def ancestors(job: Job) -> list[Job]:
    """All runs that a run needs, directly or not."""
    return [one for need in job.needs for one in (need, *ancestors(need))]
