"""How long a study will take and how much disk: from its runs, or from a few timed steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean
from typing import TYPE_CHECKING

from untrain.bench.job import Cell, Job
from untrain.bench.kept.plans import Place
from untrain.bench.kept.store import State

if TYPE_CHECKING:
    from untrain.engine.device import Device

Kind = tuple[str, str]
"""Block and row of a cell: its runs take equally long."""


def kind(cell: Cell) -> Kind:
    """The Original is one run for all requests of its data and network."""
    original = not cell.job.rules
    return (f"{cell.block.data}/{cell.block.model}" if original else str(cell.block), cell.row)


def known(cells: Sequence[Cell], place: Place) -> dict[Kind, float]:
    """Mean seconds of the runs that are finished, by their kind."""
    found: dict[Kind, list[float]] = {}
    for cell in cells:
        run = place.store.record(place.addresses.of(cell.job))
        if run is not None:
            found.setdefault(kind(cell), []).append(float(run["cost"]["seconds"]))
    return {name: fmean(seconds) for name, seconds in found.items()}


def timed(cells: Sequence[Cell], place: Place, device: Device) -> dict[Kind, float]:
    """Seconds by kind from a few steps of each, on a fresh network; nothing is written."""
    from untrain.engine.rehearsal import rehearse
    from untrain.models.ready import ready
    from untrain.progress import silence, track

    different: dict[Kind, Job] = {}
    for cell in cells:
        different.setdefault(kind(cell), cell.job)
    found = {}
    for name, job in track(different.items(), "timing a few steps", len(different)):
        plan = place.plan(replace(job, parent=None, select="none", retrain=None))
        model = ready(plan.model.spec(plan.images).make(job.seed), plan.images)
        with silence():
            forecast = rehearse(job.method, plan.task(), model, terms=job.terms, device=device)
        found[name] = forecast.seconds
    return found


def left(cells: Sequence[Cell], place: Place) -> list[Cell]:
    """A cell for each run that is not made yet."""
    found: dict[str, Cell] = {}
    for cell in cells:
        address = place.addresses.of(cell.job)
        if place.store.state(address) != State.DONE:
            found.setdefault(address, cell)
    return list(found.values())


def total(cells: Sequence[Cell], seconds: dict[Kind, float], workers: int) -> float | None:
    """Seconds for these runs with so many processes; None where nothing is known of some."""
    each = [seconds.get(kind(cell)) for cell in cells]
    if any(one is None for one in each):
        return None
    return sum(one for one in each if one is not None) / max(1, workers)


def disk(cells: Sequence[Cell], place: Place) -> int:
    """Bytes that these runs will leave: weights, and outputs on all sets; as float32."""
    needed = 0
    for cell in cells:
        facts = place.addresses.look(cell.job.data, cell.job.rules)
        images, _ = place.sets.load(cell.job.data)
        spec = cell.job.model.spec(images)
        weights = sum(int(tensor.nbytes) for tensor in spec.bare().state_dict().values())
        needed += weights + 4 * len(images.classes) * sum(facts.sizes.values())
    return needed
