"""The only training loop: methods give passes and losses, the loop does everything else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from untrain.engine.context import Context
from untrain.engine.cost import Cost
from untrain.engine.device import Device, describe
from untrain.engine.resume import Resume
from untrain.engine.steps import Steps
from untrain.engine.watch import Watch, ends_round, looked_at, within
from untrain.errors import GATE, UserError, raise_all
from untrain.methods.contract import Method, Pass, Passes, State, Term, Trained, misfits
from untrain.methods.obstacles import obstacles
from untrain.models.given import core, put_back, weights_of, with_types_of
from untrain.models.output import unwrap
from untrain.rng import derive
from untrain.task import Task

Observer = Callable[[float, dict[str, Any] | None], None]
"""Called with the passes done so far and, at the end of a pass, its row of the curve."""


@dataclass
class Result:
    """What a run leaves."""

    model: nn.Module
    """The changed model, on the CPU, in eval mode; DataParallel around it uses no GPU any more."""
    method: Method
    seed: int
    cost: Cost
    curve: list[dict[str, Any]]
    """One row per pass: epoch, role, mean loss, learning rate, seconds."""
    notes: list[str]
    """What the method has to say: why it stopped, what it chose."""
    about: dict[str, Any]
    """Device, precision, threads and versions."""
    measured: dict[str, int] = field(default_factory=dict)
    """How often the method has measured its accuracy, by set: what its own choices have seen."""


class Loop(Context):
    """One run of a method on a task.

    model: the Original, or any network of the architecture for training from scratch; it stays
    untouched.
    Raises UserErrors, before any work, with everything that stands in the way.
    """

    def __init__(
        self,
        method: Method,
        task: Task,
        model: nn.Module,
        *,
        terms: tuple[Term, ...] = (),
        seed: int = 0,
        device: Device | None = None,
    ) -> None:
        parts: tuple[Method | Term, ...] = (method, *terms)
        raise_all([problem for part in parts for problem in misfits(part)])
        lacks, task = task.lacks(), task.at_hand()
        problems = obstacles(method, terms, task)
        if not any(parameter.requires_grad for parameter in model.parameters()):
            problems.append(
                UserError(
                    "The model has no trainable weight.",
                    where=type(model).__name__,
                    fix="Set requires_grad on the weights that may change.",
                )
            )
        raise_all(problems)
        super().__init__(task, model, method.name, seed, (device or Device()).fabric())
        raise_all(method.check_model(self.original, task))
        self.notes += lacks
        self.method, self.terms = method, terms
        self.cost = Cost()
        self.curve: list[dict[str, Any]] = []
        self.watch: Watch | None = None

    def run(
        self,
        resume: Resume | None = None,
        observe: Observer | None = None,
        watch: Watch | None = None,
    ) -> Result:
        """Run the method to its end, from the resume state if there is one.

        watch: looks at the model on the way; the run may end before, at weights that it chooses.
        """
        resume, observe, self.watch = resume or Resume(), observe or ignore, watch
        with torch.random.fork_rng():
            torch.manual_seed(derive(self.seed, "dropout"))
            if self.device.type == "cuda":
                torch.cuda.reset_peak_memory_stats(self.device)
            with self.cost.metered():
                state = self.method.prepare(self)
            if isinstance(self.method, Trained):
                self._train(self.method, state, resume, observe)
            with self.cost.metered():
                self.method.finish(self, state)
        changed = with_types_of(unwrap(self.model), unwrap(core(self.given)))
        self._check_weights()
        self.cost.read_memory(self.fabric.device)
        model = put_back(self.given, changed.cpu().eval())
        about = describe(self.fabric)
        return Result(
            model,
            self.method,
            self.seed,
            self.cost,
            self.curve,
            self.notes,
            about,
            dict(self.measured),
        )

    def _train(self, method: Trained, state: State, resume: Resume, observe: Observer) -> None:
        """All passes; those that a resumed run has behind it are replayed without their steps."""
        steps = Steps(self, method, state)
        done = resume.load(self, steps, state)
        observe(done, None)
        passes = method.passes(self, state)
        place, pass_ = 0, next(passes, None)

        def after_step(share: float) -> bool:
            observe(place + share, None)
            ends = share < 1 and within(method) and looked_at(self, state, place + share)
            if not ends:
                resume.save(self, steps, state, place)
            return ends

        with resume.stoppable():
            if self.watch:
                self.watch.begin(self)
            while pass_ is not None:
                if place >= done:
                    self.curve.append(steps.run(pass_, after_step))
                    observe(place + 1, self.curve[-1])
                    if steps.stopped:  # in the middle of a pass, of which the method knows nothing
                        break
                    resume.save(self, steps, state, place + 1)
                ended, pass_ = pass_, following(passes, self.curve[place]["loss"])
                place += 1
                new = place >= done and ends_round(method, ended, pass_)
                if new and looked_at(self, state, place):
                    break
            if self.watch:
                self.watch.settle(self)

    def _check_weights(self) -> None:
        """The last step may diverge after its loss was read."""
        before = weights_of(self.original)
        for name, tensor in weights_of(self.model).items():
            was_finite = name not in before or finite(before[name])  # a mask may hold -inf
            if was_finite and not finite(tensor):
                raise UserError(
                    f"{self.method.name} left weights that are not finite.",
                    where=name,
                    fix="Lower --lr." if isinstance(self.method, Trained) else "Use milder flags.",
                    code=GATE,
                )


def following(passes: Passes, loss: float) -> Pass | None:
    """The next pass of a method, None after its last one."""
    try:
        return passes.send(loss)
    except StopIteration:
        return None


def finite(tensor: Tensor) -> bool:
    """Whether no element is infinite or NaN."""
    return bool(torch.isfinite(tensor).all())


def ignore(done: float, row: dict[str, Any] | None) -> None:
    """The observer of nobody."""
