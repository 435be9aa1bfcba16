"""What a store holds of a study: results for its tables, and what is missing of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from untrain.bench.job import Cell, Result
from untrain.bench.kept.plans import Place
from untrain.bench.kept.store import State


@dataclass
class Standing:
    """results: of the finished runs. others: the cells that have none, and how far they are.
    reasons: of those that failed, by address."""

    results: list[Result] = field(default_factory=list)
    others: list[tuple[Cell, str, State]] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)

    def of(self, state: State) -> list[Cell]:
        return [cell for cell, _, other in self.others if other == state]


def standing(
    cells: Sequence[Cell], audits: Sequence[str], place: Place, seeds: Sequence[int] = (0,)
) -> Standing:
    """Everything that the store holds of these cells; weights are not asked for.

    seeds: of the audits' own draws.
    """
    found = Standing()
    for cell in cells:
        address = place.addresses.of(cell.job)
        state = place.store.state(address)
        done = state == State.DONE
        result = made(cell, address, audits, place, seeds) if done else None
        if result is not None:
            found.results.append(result)
            continue
        state = State.UNFINISHED if state == State.DONE else state  # it is not measured yet
        found.others.append((cell, address, state))
        if state == State.FAILED:
            found.reasons[address] = place.store.failure(address).get("what", "no reason is noted")
    return found


def made(
    cell: Cell, address: str, audits: Sequence[str], place: Place, seeds: Sequence[int]
) -> Result | None:
    """The result of a finished run; None where it is not measured yet."""
    from untrain.bench.audits import numbers, read

    run = place.store.record(address)
    folder = place.store.folder(address)
    measures: dict[str, Any] = {name: read(folder, name, cell.rules, seeds) for name in audits}
    accuracy = measures.get("accuracy")
    if run is None or accuracy is None:
        return None
    return Result(
        cell=cell,
        address=address,
        values=numbers(accuracy),
        cost={name: v for name, v in run["cost"].items() if isinstance(v, int | float)},
        audits={name: values for name, values in measures.items() if values is not None},
        about=run,
    )
