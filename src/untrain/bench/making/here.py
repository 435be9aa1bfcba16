"""A study worked on in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from untrain.bench.kept.plans import Place
from untrain.bench.making.beat import Heart
from untrain.bench.making.board import Board
from untrain.bench.making.order import Order
from untrain.progress import silence

if TYPE_CHECKING:
    from untrain.engine.device import Device
    from untrain.runs.plan import Plan


def work_here(order: Order, device: Device, place: Place, board: Board) -> None:
    """Work until nothing is left; the board is kept up to date between steps."""
    with Heart(place.store.root).beating() as heart, silence():
        work = order.work(device, place)

        def watching(plan: Plan, address: str) -> Any:
            beat = heart.watching(plan, address)

            def observe(done: float, row: dict[str, Any] | None) -> None:
                beat(done, row)
                board.look()

            return observe

        work.watching = watching
        work.run()
