"""What a study would do: its runs, those that are there, and the time and disk of the others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from untrain.bench.making.estimate import disk, kind, known, left, timed, total
from untrain.progress import duration

if TYPE_CHECKING:
    from untrain.bench.asking.study import Study
    from untrain.bench.job import Cell
    from untrain.bench.kept.plans import Place
    from untrain.engine.device import Device


def forecast(
    study: Study, cells: Sequence[Cell], place: Place, device: Device, workers: int, store: Path
) -> None:
    """Print it. What no finished run tells is timed by a few steps. store: where it would go."""
    todo = left(cells, place)
    seconds = known(cells, place)
    unknown = [cell for cell in todo if kind(cell) not in seconds]
    seconds |= timed(unknown, place, device)
    waiting = {place.addresses.of(cell.job) for cell in todo}
    print(f"{study.title}\n")
    for block in dict.fromkeys(cell.block for cell in cells):
        print(block)
        inside = [cell for cell in cells if cell.block == block]
        for row in dict.fromkeys(cell.row for cell in inside):
            runs = {place.addresses.of(cell.job): cell for cell in inside if cell.row == row}
            made = sum(address not in waiting for address in runs)
            each = seconds[kind(next(iter(runs.values())))]
            print(f"  {row:<40} {len(runs)} runs, {made} there, {duration(each)} each")
    whole = total(todo, seconds, workers) or 0.0
    there = len({place.addresses.of(cell.job) for cell in cells}) - len(todo)
    shared = f" with {workers} processes" if workers > 1 else ""
    print(f"\n{len(todo)} runs to make, {there} there already; about {duration(whole)}{shared}")
    print(f"about {disk(todo, place) / 1e6:,.0f} MB of disk in {store}")
