"""Fisher forgetting: noise on the weights, the more the less the retained images need them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor

from untrain.losses.importance import Importances, fisher
from untrain.methods.contract import Method, Ranges, Run, State, register
from untrain.models.output import head_of
from untrain.models.trace import Layer
from untrain.progress import track
from untrain.task import Task

CAP, HEAD_CAP = 1e3, 1e2
"""Largest 1 / F, for weights that no retained image needs."""
MORE = 10
"""Factor on the variance of the head, and of vectors such as biases and batch norm."""
ROW = 1e-4
"""Variance of the head's rows of classes that are forgotten wholly, before that factor."""


@register
@dataclass(frozen=True, kw_only=True)
class Fisher(Method):
    """Add noise to each weight, the less the more the retained images need it:
    theta' = theta + sqrt(v) eps, eps ~ N(0, 1), v = alpha min(1 / (F + 1e-8), 1000).

    F is the mean over retained images of sum_c p_c (grad log p_c)^2. v is averaged over a tensor's
    second dimension; x 10 for the head (there capped at 100) and for vectors. Head rows of classes
    that are forgotten wholly have mean 0 and v = 0.001.
    Paper: Golatkar, Achille, Soatto 2020, arXiv 1911.04933 (CVPR 2020).
    Differences: F may come from a sample of the retained images; the head is found by its place,
    not by its number of rows; its rows start anew for any number of classes.
    """

    paper = "Golatkar et al. 2020, arXiv 1911.04933"
    streams = ("retain",)
    counts = ("forget",)
    cost = "samples (F + C B)"
    presets = {"native": {"samples": 0}, "coun": {}, "laptop": {"alpha": 1e-7, "samples": 200}}
    trials = {"": {"samples": 6}}

    alpha: float = 1e-6
    """Scale of the variance, >= 0; the CoUn paper tunes it in [1e-9, 1e-5]. At 0 only the head's
    rows of classes that are forgotten wholly change."""
    samples: int = 1000
    """Retained images that F is taken from, drawn by the seed; 0 for all. Each costs a backward
    for every class, so all of them can take longer than to retrain."""

    def ranges(self) -> Ranges:
        yield 0 <= self.alpha < float("inf"), "alpha", "at least 0"
        yield self.samples >= 0, "samples", "at least 0"

    def prepares(self, task: Task) -> int:
        retained = len(task.split.retain)
        return min(self.samples or retained, retained)

    def prepare(self, run: Run) -> State:
        f, head = self.information(run), head_of(run.model)
        gone = run.task.gone_classes().tolist()
        in_head = {id(weight) for weight in head.parameters()}
        rows = in_head if isinstance(head, Layer) else set()  # of others no row is a class
        noise, size = 0.0, 0.0
        with torch.no_grad():
            for name, weight in run.model.named_parameters():
                if name in f:
                    mean, v = weight.clone(), variance(f[name], self.alpha, id(weight) in in_head)
                    noise, size = noise + float(v.sum()), size + float(weight.square().sum())
                    if id(weight) in rows:
                        mean[gone], v[gone] = 0, ROW * MORE
                    eps = torch.randn(weight.shape, generator=run.rng("noise", name))
                    weight.copy_(mean + v.sqrt() * eps.to(weight))
        run.note(f"The noise is {(noise / size) ** 0.5:.2%} of the weights' length.")
        if gone and rows and all(weight.requires_grad for weight in head.parameters()):
            names = ", ".join(run.task.images.classes[label] for label in gone)
            run.note(f"The head's rows of {names} start anew.")
        return {}

    def information(self, run: Run) -> Importances:
        """F of the first images of a shuffled retain set."""
        count = self.prepares(run.task)
        images = (draw.x for draw in islice(run.batches("retain", 1), count))
        return fisher(run.model, track(images, f"{self.name}: retain images", count))


def variance(f: Tensor, alpha: float, in_head: bool) -> Tensor:
    """The noise's variance v of a tensor from its Fisher information."""
    v = alpha * (1 / (f + 1e-8)).clamp(max=HEAD_CAP if in_head else CAP)
    if v.ndim > 1:
        v = v.mean(1, keepdim=True).expand(v.shape).clone()
    return MORE * v if in_head or v.ndim == 1 else v
