"""The only training loop: methods give passes and losses, the loop does everything else."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from untrain.data.batches import Stream
from untrain.engine.cost import Cost, FlopMeter, Sizes, total_loss
from untrain.engine.device import Device, describe, layout
from untrain.engine.predict import predict
from untrain.engine.resume import Resume
from untrain.engine.schedule import learning_rate
from untrain.errors import GATE, UserError, raise_all
from untrain.methods.contract import Draw, Pass, State, Step, Term, Trained
from untrain.models.output import unwrap, wrap
from untrain.rng import derive
from untrain.task import Task

Observer = Callable[[float, dict[str, Any] | None], None]
"""Called with the passes done so far and, at the end of a pass, its row of the curve."""


@dataclass
class Result:
    """What a run leaves."""

    model: nn.Module
    """The changed model, on the CPU, in eval mode."""
    method: Trained
    seed: int
    cost: Cost
    curve: list[dict[str, Any]]
    """One row per pass: epoch, mean loss, learning rate, seconds."""
    about: dict[str, Any]
    """Device, precision, threads and versions."""


class Loop:
    """One run of a method on a task. Implements `untrain.methods.contract.Run`.

    model: the Original, or any network of the architecture for training from scratch; it stays
    untouched.
    Raises UserErrors, before any work, with everything that stands in the way.
    """

    def __init__(
        self,
        method: Trained,
        task: Task,
        model: nn.Module,
        *,
        terms: tuple[Term, ...] = (),
        seed: int = 0,
        device: Device | None = None,
    ) -> None:
        raise_all([*method.check(task), *(p for term in terms for p in term.check(method))])
        self.method, self.task, self.terms, self.seed = method, task, terms, seed
        self.fabric = (device or Device()).fabric()
        self.original = wrap(model)
        self.model = layout(deepcopy(self.original).to(self.fabric.device))
        self.streams: dict[str, Stream] = {}
        self.cursors: dict[str, tuple[int, int]] = {}
        self.cost = Cost()
        self.curve: list[dict[str, Any]] = []
        self.journal: list[float] = []
        self.replayed = 0

    def fresh_model(self) -> nn.Module:
        assert self.task.make_model is not None, "check() refuses a task without a factory"
        role = "retrain" if len(self.task.split.forget) else "original"
        fresh = wrap(self.task.make_model(derive(self.seed, "init", role)))
        return layout(fresh.to(self.fabric.device))

    def accuracy(self, name: str) -> float:
        if self.replayed == len(self.journal):
            positions = self.task.split.sets()[name]
            logits, _ = predict(self.model, self.task.images, positions)
            right = logits.argmax(1) == self.task.images.y[torch.from_numpy(positions)]
            self.journal.append(right.float().mean().item())
        self.replayed += 1
        return self.journal[self.replayed - 1]

    def run(self, resume: Resume | None = None, observe: Observer | None = None) -> Result:
        """Run the method to its end, from the resume state if there is one."""
        resume, observe = resume or Resume(), observe or ignore
        with torch.random.fork_rng(), resume.interruptible():
            torch.manual_seed(derive(self.seed, "dropout"))
            state = self.method.prepare(self)
            steps = Steps(self, state)
            done = resume.load(self, steps.optimizer, state)
            observe(done, None)
            for place, pass_ in enumerate(self.method.passes(self, state)):
                if place < done:
                    continue
                self.curve.append(steps.run(pass_, partial(_part, observe, place)))
                observe(place + 1, self.curve[-1])
                resume.save(self, steps.optimizer, state, place + 1)
            self.method.finish(self, state)
        self.cost.read_memory(self.fabric.device)
        model = unwrap(self.model).cpu().eval()
        return Result(model, self.method, self.seed, self.cost, self.curve, describe(self.fabric))


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
        count = length if isinstance(length, int) else self._batches(streams[length])
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

    def _batches(self, stream: Stream) -> int:
        return math.ceil(len(stream) / self.recipe.batch)

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


def _part(observe: Observer, place: int, part: float) -> None:
    observe(place + part, None)


def ignore(done: float, row: dict[str, Any] | None) -> None:
    """The observer of nobody."""
