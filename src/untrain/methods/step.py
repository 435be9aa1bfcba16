"""What a method sees of a step: lazy draws of its streams; and the pass that they belong to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from untrain.models.output import Output

if TYPE_CHECKING:
    from untrain.methods.contract import Trained

View = Callable[[int, str], Tensor]
"""(k, augment) -> the k-th view; augment "" is the stream's own."""


class Draw:
    """A lazy batch: views and forwards happen when they are asked for, and only once.

    y: labels (B,). index: positions in the stream's set (B,).
    rows: the rows that belong to each set, int64, for a stream that mixes them.
    """

    def __init__(
        self,
        y: Tensor,
        index: Tensor,
        view: View,
        forward: Callable[[Tensor], Output],
        *,
        first: Callable[[], Output] | None = None,
        rows: Mapping[str, Tensor] | None = None,
    ) -> None:
        self.y, self.index, self.rows = y, index, rows or {}
        self._view, self._forward, self._first = view, forward, first
        self._views: dict[tuple[int, str], Tensor] = {}
        self._outs: dict[tuple[int, str], Output] = {}

    def __len__(self) -> int:
        return len(self.y)

    @property
    def x(self) -> Tensor:
        """The first view."""
        return self.view(0)

    def view(self, k: int = 0, augment: str = "") -> Tensor:
        """The k-th augmentation of these images: float32 (B, C, H, W).

        augment: another augmentation than the data's own, such as "none" or "crop".
        """
        if (k, augment) not in self._views:
            self._views[k, augment] = self._view(k, augment)
        return self._views[k, augment]

    def out(self, k: int = 0, augment: str = "") -> Output:
        """The model's output on the k-th view; a forward in train mode moves batch norm once."""
        if (k, augment) not in self._outs:
            shared = self._first if (k, augment) == (0, "") else None
            self._outs[k, augment] = (
                self._forward(self.view(k, augment)) if shared is None else shared()
            )
        return self._outs[k, augment]

    def part(self, rows: Tensor) -> Draw:
        """Some rows (int64) of this draw; their first output is a slice of this draw's."""
        return Draw(
            self.y[rows],
            self.index[rows],
            lambda k, augment: self.view(k, augment)[rows],
            self._forward,
            first=lambda: Output(*(tensor[rows] for tensor in self.out())),
        )


@dataclass
class Step:
    """One optimiser step: the model and a draw of each stream of the pass.

    memo: what `loss` leaves for `after_step`.
    """

    model: nn.Module
    draws: Mapping[str, Draw]
    epoch: int = 0
    role: str = ""
    memo: dict[str, Any] = field(default_factory=dict)

    @property
    def retain(self) -> Draw:
        return self.draws["retain"]

    @property
    def forget(self) -> Draw:
        return self.draws["forget"]


@dataclass(frozen=True)
class Pass:
    """Steps over some streams; cursors and shuffles belong to the streams and go on.

    streams: sets that each step draws a batch of; "mixed" is retain and forget shuffled together,
        and its steps have the draws `mixed`, `retain` and `forget`, slices of one forward.
    length: the stream whose end ends the pass (the others cycle), or a number of steps.
    epoch: place in the schedule. role: for the method; steps of other work need another role, as
        the FLOPs of a step are counted once for its role and batch sizes.
    joint: one forward of all streams at once, which share the batch norm's statistics.
    repeat: steps that each batch of the first stream serves. equal: the other streams give
        just as many images as the first, and begin a new epoch where fewer are left.
    mask: bool tensors by parameter name; outside them a step changes neither weights nor the
        optimiser's state.
    recipe: another recipe than the method's own. fresh: begin with a new optimiser.
    """

    streams: tuple[str, ...] = ("retain",)
    length: str | int = "retain"
    epoch: int = 0
    role: str = ""
    joint: bool = False
    repeat: int = 1
    equal: bool = False
    mask: Mapping[str, Tensor] | None = None
    recipe: Trained | None = None
    fresh: bool = False


def arrange(
    pass_: Pass,
    draws: Mapping[str, Draw],
    model: nn.Module,
    forward: Callable[[Tensor], Output],
) -> Step:
    """The step of a pass from one draw a stream: joined or divided as the pass says."""
    named = join(draws, forward) if pass_.joint else dict(draws)
    for draw in draws.values():
        named |= {name: draw.part(rows) for name, rows in draw.rows.items()}
    return Step(model, named, pass_.epoch, pass_.role)


def join(draws: Mapping[str, Draw], forward: Callable[[Tensor], Output]) -> dict[str, Draw]:
    """The same draws with one forward for the first view of all."""
    taken: list[Output] = []
    ends = list(accumulate((len(draw) for draw in draws.values()), initial=0))

    def whole() -> Output:
        if not taken:
            taken.append(forward(torch.cat([draw.view() for draw in draws.values()])))
        return taken[0]

    def slice_of(start: int, end: int) -> Callable[[], Output]:
        return lambda: Output(*(tensor[start:end] for tensor in whole()))

    return {
        name: Draw(draw.y, draw.index, draw.view, forward, first=slice_of(*place))
        for (name, draw), place in zip(draws.items(), pairwise(ends), strict=True)
    }
