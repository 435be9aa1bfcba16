"""A few steps of a run, timed, to tell before it starts how long all of it will take."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from untrain.data.sets.splits import Split
from untrain.engine.cost import Cost
from untrain.engine.device import Device
from untrain.engine.loop import Loop, following
from untrain.engine.steps import Steps
from untrain.methods.contract import Method, Pass, State, Term, Trained
from untrain.task import Task

STEPS = 12
"""Steps of a kind of pass that are timed at most; the first one is not."""
PLACES = (10, 50, 90)
"""Percentiles of the steps' times: all steps like a fast, a usual and a slow one."""
SAMPLE = 128
"""Images that importances, masks and the like are timed on, where a method needs them."""


@dataclass(frozen=True)
class Forecast:
    """What a run will cost.

    seconds: of all passes and of what comes before them. low, high: the same if all steps were as
    fast or slow as the tenth and the ninetieth hundredth of those timed; equal where one was.
    flops: forward and backward passes. steps: of the optimiser. timed: how many were timed.
    once: seconds before the first pass.
    """

    seconds: float
    low: float
    high: float
    flops: float
    steps: int
    timed: int
    once: float

    def plain(self) -> dict[str, float]:
        return dict(vars(self))


class Rehearsal(Loop):
    """A run that measures nothing: no accuracy stops it, and no weights are kept."""

    def accuracy(self, name: str, classes: Sequence[int] = ()) -> float:
        return float("nan")

    def keep(self, place: str) -> None:
        return None

    def restore(self, place: str) -> None:
        return None


def rehearse(
    method: Method,
    task: Task,
    model: nn.Module,
    *,
    terms: tuple[Term, ...] = (),
    device: Device | None = None,
    budget: float = 3.0,
) -> Forecast:
    """Time some steps of each kind of pass, and count all of them.

    budget: seconds of steps; one step that is timed takes as long as it takes. A method with a stop
    rule is taken to run to its end. Raises UserError for what stands in the way of the run.
    """
    whole, small = task.at_hand().split, _small(task)
    needs = method.prepares(task.at_hand())
    loop = Rehearsal(method, small if needs else task, model, terms=terms, device=device)
    before = Cost()
    with torch.random.fork_rng():
        with before.metered():
            state = method.prepare(loop)
        kinds = _timed(loop, method, state, whole, budget) if isinstance(method, Trained) else []
    share = needs / max(1, method.prepares(small)) if needs else 1.0
    once = share * before.seconds
    low, middle, high = (once + sum(one.count * one.step(at) for one in kinds) for at in PLACES)
    return Forecast(
        seconds=middle,
        low=low,
        high=high,
        flops=share * before.flops + sum(one.count * one.flops for one in kinds),
        steps=sum(one.count for one in kinds),
        timed=sum(len(one.times) for one in kinds),
        once=once,
    )


def _timed(loop: Loop, method: Trained, state: State, whole: Split, budget: float) -> list[Kind]:
    """All passes, of each kind of which some steps are made."""
    kinds: dict[str, Kind] = {}
    steps, passes = Steps(loop, method, state), method.passes(loop, state)
    pass_ = next(passes, None)
    while pass_ is not None:
        kind = kinds.setdefault(_name(pass_), Kind())
        left = budget - sum(sum(one.every) for one in kinds.values())
        if not kind.every or (len(kind.every) <= STEPS and left > 0):
            kind.time(loop, steps, pass_, left / 2)
        kind.count += _length(loop, pass_, method, whole)
        pass_ = following(passes, 0.0)
    return list(kinds.values())


class Kind:
    """Passes of one kind: how long their steps take, and how many steps they have together."""

    def __init__(self) -> None:
        self.every: list[float] = []
        self.count = 0
        self.cost = Cost()

    @property
    def times(self) -> list[float]:
        """Seconds of the steps; without the first, which takes memory, where there are others."""
        return self.every[1:] or self.every

    @property
    def flops(self) -> float:
        """Of a step."""
        return self.cost.flops / self.cost.steps

    def time(self, loop: Loop, steps: Steps, pass_: Pass, budget: float) -> None:
        """Make some steps of a pass."""
        loop.cost = self.cost
        ends = [time.perf_counter()]

        def enough(share: float) -> bool:
            ends.append(time.perf_counter())
            made = len(self.every) + len(ends) - 1
            return made > STEPS or (made > 1 and ends[-1] - ends[0] > budget)

        steps.run(pass_, enough)
        self.every += np.diff(ends).tolist()

    def step(self, percent: float) -> float:
        """Seconds of a step."""
        return float(np.percentile(self.times, percent))


def _name(pass_: Pass) -> str:
    """Passes of one kind take equally long steps."""
    return repr((pass_.streams, pass_.role, pass_.joint, pass_.equal, pass_.repeat))


def _length(loop: Loop, pass_: Pass, method: Trained, whole: Split) -> int:
    """Steps of a pass over the real sets, where the rehearsal has small ones."""
    if isinstance(pass_.length, int):
        return pass_.length
    sizes = {name: len(at) for name, at in whole.sets().items()}
    sizes["mixed"] = sizes["retain"] + sizes["forget"]
    recipe = pass_.recipe or method
    lead = loop.stream(pass_.length)
    real = len(lead) if len(lead) != _here(loop, pass_.length) else sizes[pass_.length]
    count = _batches(real, recipe.batch)
    return count * (pass_.repeat if pass_.length == pass_.streams[0] else 1)


def _here(loop: Loop, name: str) -> int:
    """Images of a set in the rehearsal's own split; -1 for a stream of the method's own."""
    sets = loop.task.split.sets()
    if name == "mixed":
        return len(sets["retain"]) + len(sets["forget"])
    return len(sets[name]) if name in sets else -1


def _batches(count: int, size: int) -> int:
    """As a stream counts them: a last image that would stand alone joins the batch before it."""
    full, rest = divmod(count, size)
    return full + (rest > 1 or (rest == 1 and full == 0))


def _small(task: Task) -> Task:
    """The same task with SAMPLE images of each set at most, as seen by methods."""
    given = task.at_hand()
    split = given.split
    sample: dict[str, Any] = {}
    for name in ("retain", "forget"):
        at = getattr(split, name)
        sample[name] = at[np.linspace(0, len(at) - 1, min(SAMPLE, len(at))).astype(int)]
    none = split.val[:0]
    part = Split(sample["retain"], sample["forget"], none, none, none)
    made = Task.of(
        given.images,
        part,
        augment=given.augment,
        make_model=given.make_model,
        forget_data=given.forget_data,
    )
    made.whole = given.whole
    return made
