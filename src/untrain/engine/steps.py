"""The steps of a pass: draws, loss, backward, optimiser, and the meters beside them."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from untrain.data.streams.batches import Batch, Stream
from untrain.engine.context import lazy
from untrain.engine.cost import FlopMeter, Sizes, total_loss
from untrain.engine.optimizer import make_optimizer, masked_step, set_rate, set_recipe
from untrain.errors import GATE, UserError
from untrain.methods.contract import Pass, State, Step, Trained
from untrain.methods.step import arrange
from untrain.models.output import set_mode

if TYPE_CHECKING:
    from untrain.engine.loop import Loop


Observe = Callable[[float], bool]
"""Called after each step with the share of the pass that is done; True ends the pass there."""


@dataclass
class Part:
    """How far a pass has come: what a resumed run needs to go on within it."""

    total: Tensor
    """Sum of the losses so far, on the device."""
    place: int = 0
    """Steps made."""
    seconds: float = 0.0
    first: tuple[int, int] = (0, 0)
    """Epoch and cursor of the leading stream before the batch that is repeated."""
    sizes: Counter[Sizes] = field(default_factory=Counter)
    """How many steps had which batch sizes."""


class Steps:
    """The steps of a run: its optimiser, its draws, and the meters beside them."""

    def __init__(self, loop: Loop, method: Trained, state: State) -> None:
        self.loop, self.method, self.state = loop, method, state
        image = (loop.task.images.channels, *loop.task.images.size)
        self.meter = FlopMeter(loop.model, method, loop.terms, state, image)
        named = [(name, p) for name, p in loop.model.named_parameters() if p.requires_grad]
        self.names = [name for name, _ in named]
        made = make_optimizer(method, [parameter for _, parameter in named])
        self.module, self.optimizer = loop.fabric.setup(loop.model, made)
        self.part: Part | None = None
        self.stopped = False
        """Whether the last pass was ended before its last step."""

    def run(self, pass_: Pass, observe: Observe) -> dict[str, Any]:
        """All steps of a pass, or those that a resumed run has left of it.

        Returns its row of the curve. Raises UserError on divergence.
        """
        recipe = pass_.recipe or self.method
        streams = {name: self.loop.stream(name) for name in pass_.streams}
        lead = streams[pass_.streams[0]]
        set_mode(self.module, recipe.bn)
        set_recipe(self.optimizer, recipe, pass_.fresh and self.part is None)
        part = self.part = self.part or Part(torch.zeros((), device=self.loop.device))
        started = time.perf_counter() - part.seconds
        count = self._count_steps(pass_, recipe, streams)
        rate, first = math.nan, self._again(part, pass_, lead, recipe.batch)
        while part.place < count:
            if recipe.per_step or math.isnan(rate):
                rate = set_rate(self.optimizer, recipe, pass_.epoch, part.place, count)
            if first is None or part.place % pass_.repeat == 0:
                part.first = (lead.epoch, lead.cursor)
                first = lead.take(recipe.batch)
            size = len(first.y) if pass_.equal else recipe.batch
            batches = {name: streams[name].take(size, pass_.equal) for name in pass_.streams[1:]}
            batches = {pass_.streams[0]: first, **batches}
            draws = {name: lazy(batch, self.module) for name, batch in batches.items()}
            part.total += self._step(arrange(pass_, draws, self.loop.model, self.module), pass_)
            part.sizes[tuple((name, len(b.y), mixture(b)) for name, b in batches.items())] += 1
            part.place += 1
            part.seconds = time.perf_counter() - started
            self.stopped = observe(part.place / count)
            started = time.perf_counter() - part.seconds  # looking and saving are no training
            if self.stopped:
                break
        self.part = None
        loss = float(part.total) / part.place  # the one place where the host waits for the device
        seconds = time.perf_counter() - started
        self._bill(pass_, part.sizes, seconds)
        if not math.isfinite(loss):
            raise UserError(
                f"{self.method.name} diverged in epoch {pass_.epoch + 1} (loss {loss}).",
                where=f"learning rate {rate:.3g}",
                fix="Lower --lr.",
                code=GATE,
            )
        row = {"epoch": pass_.epoch + 1, "loss": loss, "lr": rate, "seconds": seconds}
        return row | ({"role": pass_.role} if pass_.role else {})

    def _again(self, part: Part, pass_: Pass, lead: Stream, batch: int) -> Batch | None:
        """The batch that was being repeated when the run stopped, taken once more."""
        if part.place % pass_.repeat == 0:
            return None
        lead.rewind(*part.first)
        return lead.take(batch)

    def _count_steps(self, pass_: Pass, recipe: Trained, streams: dict[str, Stream]) -> int:
        if isinstance(pass_.length, int):
            return pass_.length
        repeat = pass_.repeat if pass_.length == pass_.streams[0] else 1
        return streams[pass_.length].batches(recipe.batch) * repeat

    def _step(self, step: Step, pass_: Pass) -> Tensor:
        """One optimiser step; returns the loss, still on the device."""
        with self.loop.fabric.autocast():
            loss = total_loss(self.method, self.loop.terms, step, self.state)
        self.optimizer.zero_grad()
        self.loop.fabric.backward(loss)
        if pass_.mask is None:
            self.optimizer.step()
        else:
            masked_step(self.optimizer, [pass_.mask[name] for name in self.names])
        self.method.after_step(step, self.state)
        return loss.detach()

    def _bill(self, pass_: Pass, sizes: Counter[Sizes], seconds: float) -> None:
        """Put the steps of a pass on the bill."""
        cost = self.loop.cost
        cost.seconds += seconds
        for batch, steps in sizes.items():
            cost.steps += steps
            cost.samples += steps * sum(size for _, size, _ in batch)
            cost.flops += steps * self.meter.step(batch, pass_)


def mixture(batch: Batch) -> int:
    """How many images of a mixed batch are forgotten; -1 if it mixes nothing."""
    return len(batch.rows["forget"]) if batch.rows else -1
