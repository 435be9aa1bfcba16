"""SSD: shrink the weights that matter far more to the forgotten images than to all images."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Literal

import torch

from untrain.errors import UserError
from untrain.losses.importance import Importances, batch_squared, per_sample
from untrain.methods.contract import Method, Ranges, Run, State, register
from untrain.methods.stopping import nothing_to_forget
from untrain.progress import track
from untrain.task import Task


@register
@dataclass(frozen=True, kw_only=True)
class SSD(Method):
    """Dampen, without training, each weight that the forgotten images single out:
    theta' = theta min(lam I_D / I_f, 1) where I_f > alpha I_D.

    I_f and I_D are mean squared gradients of the cross-entropy on forget and on D = retain and
    forget, in eval mode and without augmentation.
    Paper: Foster, Schoepf, Brintrup 2024, arXiv 2308.07707 (AAAI 2024).
    Differences: `batch` is evened out to divide the forget images, is the same for I_D, and batches
    weigh by their images; smaller batches of forget images would make I_f look large.
    """

    paper = "Foster et al. 2024, arXiv 2308.07707"
    streams = ("retain", "forget")
    cost = "(n_r + 2 n_f) FB"
    presets = {"native": {}, "coun": {}, "laptop": {"alpha": 50.0}}
    trials = {"": {"alpha": 1.0}, "alpha": {"alpha": 2.0}}

    alpha: float = 10.0
    """How many times as important to forget as to all images a weight must be to be selected,
    > 0; the CoUn paper tunes it in [0.1, 100]. Acts above lam: at lam a weight stays as it is."""
    lam: float = 1.0
    """Dampening of the selected weights, > 0, smaller is stronger; the CoUn paper tunes it in
    [0.1, 5]."""
    batch: int = 128
    """Images of a squared gradient at most, at least 1. Acts if importance is batch-squared."""
    importance: Literal["batch-squared", "per-sample"] = "batch-squared"
    """batch-squared: the square of each batch's gradient, as published; it depends on the batch.
    per-sample: of each image's gradient; the images go through one by one."""

    def ranges(self) -> Ranges:
        yield 0 < self.alpha < float("inf"), "alpha", "a positive number"
        yield 0 < self.lam < float("inf"), "lam", "a positive number"
        yield self.batch >= 1, "batch", "at least 1"

    def check(self, task: Task) -> list[UserError]:
        return nothing_to_forget(self.name, task)

    def prepares(self, task: Task) -> int:
        return len(task.split.retain) + 2 * len(task.split.forget)

    def prepare(self, run: Run) -> State:
        i_f, i_d = self.measure(run, "forget"), self.measure(run, "mixed")
        selected, count = 0, 0
        with torch.no_grad():
            for name, weight in run.model.named_parameters():
                if name in i_f:
                    chosen = i_f[name] > self.alpha * i_d[name]  # so I_f > 0
                    factor = (self.lam * i_d[name] / i_f[name]).clamp(max=1)
                    weight.copy_(torch.where(chosen, weight * factor, weight))
                    selected, count = selected + int(chosen.sum()), count + weight.numel()
        single = self.importance == "per-sample"
        how = "single images" if single else f"batches of {self.size(run)}"
        advice = "" if selected else " Nothing has changed: lower --alpha."
        run.note(f"Selected {selected} of {count} weights by gradients of {how}.{advice}")
        return {}

    def size(self, run: Run) -> int:
        """The batch: as few batches of forget images as `batch` allows, evened out."""
        forgotten = len(run.task.split.forget)
        return ceil(forgotten / ceil(forgotten / self.batch))

    def measure(self, run: Run, name: str) -> Importances:
        """The importances of a set; "mixed" is retain and forget."""
        size, split = self.size(run), run.task.split
        images = len(split.forget) + (len(split.retain) if name == "mixed" else 0)
        what = f"{self.name}: importances of {'all images' if name == 'mixed' else name}"
        draws = track(run.batches(name, size), what, ceil(images / size))
        square = batch_squared if self.importance == "batch-squared" else per_sample
        return square(run.model, ((draw.x, draw.y) for draw in draws))
