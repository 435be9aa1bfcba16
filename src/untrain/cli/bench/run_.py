"""`untrain bench run STUDY`: make what is missing of a study, then print its table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal

from untrain.cli.bench.asked import parsed
from untrain.errors import GATE, MISSING, Problems, UserError, raise_all
from untrain.progress import say

if TYPE_CHECKING:
    from untrain.bench.asking.study import Study
    from untrain.bench.job import Cell
    from untrain.bench.kept.plans import Place
    from untrain.bench.making.order import Order
    from untrain.engine.device import Device


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """What the word itself takes."""

    workers: int = 1
    """Processes that work on it side by side, with one thread each on a CPU; 1 works in this one.
    On GPUs they are spread over all that there are, several on one where there are fewer."""
    executor: Literal["processes", "ray"] = "processes"
    """processes: of this machine. ray: of a Ray cluster whose machines share the store's folder."""
    retries: int = 2
    """How often a run is started anew after its process has died without getting on."""
    retry_failed: bool = False
    """Also try again what was refused or has diverged; what broke is always tried again."""
    take_from: str = ""
    """Folder of runs made by `untrain train` and `untrain unlearn`: those of the same settings
    count as made."""
    dry_run: bool = False
    """Print what would be made, what is there already, the time and the disk it needs."""

    def __post_init__(self) -> None:
        wrong = [
            UserError(f"--{name} {value} is out of range.", f"--{name}", f"It must be {words}.")
            for name, value, fine, words in (
                ("workers", self.workers, 1 <= self.workers <= 256, "from 1 to 256"),
                ("retries", self.retries, self.retries >= 0, "at least 0"),
            )
            if not fine
        ]
        raise_all(wrong)


def run(args: list[str]) -> int:
    from untrain.bench.making.cluster import ray_package
    from untrain.engine.device import Device
    from untrain.runs.tracking.trackers import Tracking, check_installed

    problems = Problems()
    about = """Make what is missing of a study, and print its table. Nothing is made twice; the same
    command goes on after Ctrl-C, a crash or a power cut."""
    switches = ("--retry-failed", "--dry-run")
    parts = {"options": RunOptions, "device": Device, "tracking": Tracking}
    given = parsed(args, "run", about, problems, *switches, **parts)
    problems.attempt(Device.kind, given.device)
    problems.attempt(check_installed, given.tracking)
    if given.options is not None and given.options.executor == "ray":
        problems.attempt(ray_package)
    problems.attempt(check_source, given.options)
    problems.raise_all()
    options: RunOptions = given.options
    made = {"retries": options.retries, "take_from": options.take_from}
    order = given.asked.order(tracking=given.tracking, **made)
    study, cells = order.read()
    if options.dry_run:
        return forecasted(order, study, cells, given.device, options.workers)
    place = checked(order, study, cells)
    take_over(order, place)
    forgive(cells, place, refused=options.retry_failed)
    carry_out(order, cells, place, given.device, options)
    return concluded(order, study, cells, place)


def forecasted(
    order: Order, study: Study, cells: Sequence[Cell], device: Device, workers: int
) -> int:
    """Print what would be made; a store that is not there yet is not made by that."""
    from untrain.cli.bench.forecast import forecast

    with TemporaryDirectory() as folder:
        there = (order.store / "store.json").exists()
        place = checked(order if there else replace(order, store=Path(folder)), study, cells)
        forecast(study, cells, place, device, workers, order.store)
    return 0


def checked(order: Order, study: Study, cells: Sequence[Cell]) -> Place:
    """The place of the runs, with everything validated. Raises UserError with all problems."""
    from untrain.bench.asking.obstacles import obstacles
    from untrain.bench.kept.plans import Place
    from untrain.bench.kept.store import Store

    place = Place.at(Store(order.store).open())
    problems = Problems()
    for problem in obstacles(cells, place.sets.load):
        where = "; ".join(filter(None, [study.file, problem.where]))
        problems.add(UserError(problem.what, where, problem.fix, problem.code))
    problems.raise_all()
    for cell in cells:
        problems.attempt(place.addresses.of, cell.job)
    problems.raise_all()
    return place


def check_source(options: RunOptions) -> None:
    """Raise UserError if the folder to take runs from is none."""
    from untrain.config import path_of

    source = path_of(options.take_from)
    if options.take_from and not source.is_dir():
        fix = "Name a folder of runs, or another store."
        raise UserError(f"No folder {source}.", "--take-from", fix, MISSING)


def take_over(order: Order, place: Place) -> None:
    """Take records and measures over from another store, if --take-from names one."""
    from untrain.bench.kept.small import take_all
    from untrain.bench.kept.store import Store
    from untrain.config import path_of

    source = path_of(order.take_from)
    if order.take_from and (source / "store.json").exists():
        count = take_all(Store(source).open(write=False, where="--take-from"), place.store)
        say(f"records and measures of {count} runs are taken over from {source}")


def forgive(cells: Sequence[Cell], place: Place, refused: bool) -> None:
    """Let what broke before be tried again; with `refused`, whatever has failed."""
    from untrain.bench.kept.store import State

    kinds = ("broken", "refused") if refused else ("broken",)
    for address in {place.addresses.of(cell.job) for cell in cells}:
        if place.store.state(address) == State.FAILED:
            place.store.forgive(address, kinds)


def carry_out(
    order: Order, cells: Sequence[Cell], place: Place, device: Device, options: RunOptions
) -> None:
    """Make the runs, in this process or in others."""
    from untrain.bench.making.board import Board

    if order.work(device, place).finished():  # no process needs to be started to find that out
        return
    with Board(cells, place, options.workers) as board:
        if options.executor == "ray":
            from untrain.bench.making.cluster import work_on_ray

            work_on_ray(order, device, options.workers, board.look)
        elif options.workers == 1:
            from untrain.bench.making.here import work_here

            work_here(order, device, place, board)
        else:
            from untrain.bench.making.team import Team, gpus

            Team(order, device, options.workers, gpus(device)).run(board.look)


def concluded(order: Order, study: Study, cells: Sequence[Cell], place: Place) -> int:
    """Print the table; 4 if a run has failed."""
    from untrain.bench.kept import listing
    from untrain.bench.kept.results import standing
    from untrain.cli.bench.table import show

    listing.keep(place.store, study)
    found = standing(cells, study.audits, place, study.evaluate_seeds)
    show(order, study, found)
    return GATE if found.others else 0
