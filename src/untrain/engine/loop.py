"""The only training loop: methods give passes and losses, the loop does everything else."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import nn

from untrain.data.batches import Stream
from untrain.engine.cost import Cost
from untrain.engine.device import Device, describe, layout
from untrain.engine.predict import predict
from untrain.engine.resume import Resume
from untrain.engine.steps import Steps
from untrain.errors import GATE, UserError, raise_all
from untrain.methods.contract import Term, Trained
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
        problems = [*method.check(task), *(p for term in terms for p in term.check(method))]
        if not any(parameter.requires_grad for parameter in model.parameters()):
            problems.append(
                UserError(
                    "The model has no trainable weight.",
                    where=type(model).__name__,
                    fix="Set requires_grad on the weights that may change.",
                )
            )
        raise_all(problems)
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
        # another one for Original, Retrain and each method: equal weights would flatter agreement
        role = self.method.name if len(self.task.split.forget) else "original"
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
        self._check_weights()
        self.cost.read_memory(self.fabric.device)
        model = unwrap(self.model).cpu().eval()
        return Result(model, self.method, self.seed, self.cost, self.curve, describe(self.fabric))

    def _check_weights(self) -> None:
        """The last step may diverge after its loss was read."""
        for name, tensor in self.model.state_dict().items():
            if not bool(torch.isfinite(tensor).all()):
                raise UserError(
                    f"{self.method.name} left weights that are not finite.",
                    where=name,
                    fix="Lower --lr.",
                    code=GATE,
                )


def _part(observe: Observer, place: int, part: float) -> None:
    observe(place + part, None)


def ignore(done: float, row: dict[str, Any] | None) -> None:
    """The observer of nobody."""
