"""Relearning: are the forgotten images learnt faster than equally new ones?

Copies of the model are trained on small samples of forgotten images, others on unseen images of
the same labels, until they know them.  AIN_free = mean time on forgotten / mean time on unseen:
1 for a model that has seen neither, below 1 where something is left. The ratio that Chundawat et
al. 2023 (arXiv 2201.05629) take to Retrain, taken here to unseen images under the same model.
Differences: times are fractions of a pass (the crossing is interpolated), not whole steps.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import NamedTuple

import numpy as np
from torch import nn

from untrain.data.sets.splits import NONE, Split
from untrain.engine.device import Device
from untrain.engine.loop import Loop
from untrain.methods.contract import Pass, Passes, Run, State
from untrain.methods.ft import FT
from untrain.metrics.estimate import Estimate
from untrain.progress import track
from untrain.rng import numpy_rng
from untrain.task import Task

SIZE = 200
"""Images of a sample; fewer where fewer are forgotten."""
LEAST = 20
"""Images below which a sample says nothing."""
CAP = 15
"""Passes after which a sample counts as not learnt."""
RATE = 0.05
"""Learning rate, as a share of the Original's: low, so that times spread little."""


@dataclass(frozen=True, kw_only=True)
class Relearn(FT):
    """Train on a sample until the accuracy on it, in eval mode, reaches a target."""

    target: float = 0.97
    """In (0, 1]."""

    def passes(self, run: Run, state: State) -> Passes:
        for epoch in range(self.epochs):
            yield Pass(self.streams, self.streams[0], epoch)
            if run.accuracy("retain") >= self.target:
                return


Relearn.name = "relearn"


class Times(NamedTuple):
    """Passes until each sample was known, (R,) float64; CAP where it never was.

    target: the accuracy that counts as known.
    """

    forget: np.ndarray
    unseen: np.ndarray
    target: float

    @property
    def ratio(self) -> Estimate:
        """AIN_free with its standard error over samples (delta method, paired)."""
        mine, other = self.forget.mean(), self.unseen.mean()
        if not other > 0:
            return Estimate(float("nan"), float("nan"))
        value = mine / other
        spread = (self.forget - value * self.unseen).std(ddof=1) / other
        return Estimate(float(value), float(spread / len(self.forget) ** 0.5))


def relearn(
    model: nn.Module,
    task: Task,
    forget: np.ndarray,
    unseen: np.ndarray,
    *,
    target: float,
    lr: float,
    samples: int = 10,
    seed: int = 0,
    device: Device | None = None,
    what: str = "",
) -> Times | None:
    """Times on samples of forgotten and of unseen images with the same labels.

    forget, unseen: positions in the task's images. target: accuracy in (0, 1] that counts as
    known. lr: of the Original's training. samples: of each kind, without an image in common; None
    where there are too few forgotten images for samples of LEAST, which would have to share their
    hardest images, and those decide the times.
    """
    drawn = list(_samples(task.images.y.numpy(), forget, unseen, samples, seed))
    if not drawn:
        return None
    todo = [at for pair in drawn for at in pair]
    shown = track(todo, what, len(todo)) if what else todo
    times = np.array([_time(model, task, at, target, RATE * lr, seed, device) for at in shown])
    return Times(times[::2], times[1::2], target)


def _samples(
    labels: np.ndarray, forget: np.ndarray, unseen: np.ndarray, samples: int, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs of a sample of forgotten images and one of unseen images with its labels."""
    forget = forget[np.isin(labels[forget], labels[unseen])]
    size = min(SIZE, len(forget) // samples)
    if size < LEAST:
        return
    order = numpy_rng(seed, "relearn", "forget").permutation(forget)
    shuffled = numpy_rng(seed, "relearn", "unseen").permutation(unseen)
    pools = {label: deque(shuffled[labels[shuffled] == label]) for label in np.unique(labels)}
    for number in range(samples):
        mine, other = order[number * size : (number + 1) * size], []
        for label, count in zip(*np.unique(labels[mine], return_counts=True), strict=True):
            taken = list(islice(pools[label], int(count)))
            pools[label].rotate(-len(taken))  # the next sample takes others, as long as there are
            other.append(np.array(taken))
        beside = np.concatenate(other)
        # of a class with too few unseen images, only as many forgotten ones are taken
        kept = [mine[labels[mine] == labels[one[0]]][: len(one)] for one in other]
        yield np.sort(np.concatenate(kept)), np.sort(beside)


def _time(
    model: nn.Module,
    task: Task,
    sample: np.ndarray,
    target: float,
    lr: float,
    seed: int,
    device: Device | None,
) -> float:
    """Passes until the sample is known, from its accuracies before and after each pass."""
    alone = Split(retain=sample, forget=NONE, val=NONE, unseen=NONE, test=NONE)
    lesson = Task.of(task.images, alone, augment="none")
    recipe = Relearn(
        epochs=CAP,
        batch=min(64, len(sample)),
        lr=lr,
        lr_min=min(lr, 1e-4),
        schedule="constant",
        weight_decay=0.0,
        target=target,
    )
    loop = Loop(recipe, lesson, model, seed=seed, device=device)
    before = loop.accuracy("retain")
    loop.journal.clear()
    loop.replayed = 0
    if before >= target:
        return 0.0
    loop.run()
    return crossing([before, *loop.journal], target)


def crossing(curve: list[float], target: float) -> float:
    """Where a curve, given at 0, 1, 2, ..., first reaches the target, between two points by a
    straight line; its length where it never does."""
    for place, (a, b) in enumerate(pairwise(curve)):
        if b >= target:
            return place + (target - a) / (b - a)
    return float(len(curve) - 1)
