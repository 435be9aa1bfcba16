"""The steps of a pass: draws, loss, backward, optimiser, and the meters beside them."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from untrain.data.batches import Stream
from untrain.engine.cost import FlopMeter, Sizes, total_loss
from untrain.engine.schedule import learning_rate
from untrain.errors import GATE, UserError
from untrain.methods.contract import Draw, Pass, State, Step

if TYPE_CHECKING:
    from untrain.engine.loop import Loop


class Steps:
    """The steps of a run: its optimiser, its draws, and the meters beside them."""

    def __init__(self, loop: Loop, state: State) -> None:
        self.loop, self.state, self.recipe = loop, state, loop.method
        height, width, channels = loop.task.images.x.shape[1:]
        image = (int(channels), int(height), int(width))
        self.meter = FlopMeter(loop.model, loop.method, loop.terms, state, image)
        parameters = [p for p in loop.model.parameters() if p.requires_grad]
        optimizer = torch.optim.SGD(
            parameters,
            lr=self.recipe.lr,
            momentum=self.recipe.momentum,
            weight_decay=self.recipe.weight_decay,
            fused=True,
        )
        self.module, self.optimizer = loop.fabric.setup(loop.model, optimizer)

    def run(self, pass_: Pass, observe: Callable[[float], None]) -> dict[str, Any]:
        """All steps of a pass; returns its row of the curve. Raises UserError on divergence."""
        started = time.perf_counter()
        self._set_mode()
        streams = {name: self._stream(name) for name in pass_.streams}
        length = pass_.length
        count = length if isinstance(length, int) else streams[length].batches(self.recipe.batch)
        total = torch.zeros((), device=self.loop.fabric.device)
        sizes: Counter[Sizes] = Counter()
        for place in range(count):
            if place == 0 or self.recipe.per_step:
                rate = self._set_rate(pass_, place, count)
            step = Step(self.module, self._draws(streams), pass_.epoch, pass_.role)
            total += self._step(step)
            sizes[tuple((name, len(draw)) for name, draw in step.draws.items())] += 1
            observe((place + 1) / count)
        loss = float(total) / count  # the one place where the host waits for the device
        seconds = time.perf_counter() - started
        self._count(pass_, sizes, seconds)
        if not math.isfinite(loss):
            raise UserError(
                f"{self.recipe.name} diverged in epoch {pass_.epoch + 1} (loss {loss}).",
                where=f"learning rate {rate:.3g}",
                fix="Lower --lr.",
                code=GATE,
            )
        return {"epoch": pass_.epoch + 1, "loss": loss, "lr": rate, "seconds": seconds}

    def _step(self, step: Step) -> Tensor:
        """One optimiser step; returns the loss, still on the device."""
        loss = total_loss(self.recipe, self.loop.terms, step, self.state)
        self.optimizer.zero_grad()
        self.loop.fabric.backward(loss)
        self.optimizer.step()
        self.recipe.after_step(step, self.state)
        return loss.detach()

    def _count(self, pass_: Pass, sizes: Counter[Sizes], seconds: float) -> None:
        """Put the steps of a pass on the bill."""
        cost = self.loop.cost
        cost.seconds += seconds
        for batch, steps in sizes.items():
            cost.steps += steps
            cost.samples += steps * sum(size for _, size in batch)
            cost.flops += steps * self.meter.step(batch, pass_)

    def _draws(self, streams: dict[str, Stream]) -> dict[str, Draw]:
        batches = {name: stream.take(self.recipe.batch) for name, stream in streams.items()}
        return {name: Draw(b.y, b.index, b.view, self.module) for name, b in batches.items()}

    def _stream(self, name: str) -> Stream:
        """A stream of the split; made when first asked for, so that a method reads only its own."""
        loop = self.loop
        if name not in loop.streams:
            loop.streams[name] = Stream(
                loop.task.images,
                loop.task.split.sets()[name],
                name,
                augment=loop.task.augment,
                seed=loop.seed,
                device=loop.fabric.device,
            )
            loop.streams[name].rewind(*loop.cursors.get(name, (0, 0)))
        return loop.streams[name]

    def _set_mode(self) -> None:
        self.module.train()
        if self.recipe.bn == "frozen":
            for module in self.module.modules():
                if isinstance(module, nn.modules.batchnorm._BatchNorm):
                    module.eval()

    def _set_rate(self, pass_: Pass, place: int, count: int) -> float:
        step = 1 / count if self.recipe.per_step else 1.0
        rate = learning_rate(self.recipe, pass_.epoch + place * step * self.recipe.per_step, step)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        return rate
