"""UNSIR: impair a class with noise that stands for it, then repair; the class is never shown."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from untrain.data.images import Images
from untrain.errors import UserError
from untrain.methods.contract import Pass, Passes, Ranges, Run, State, Step, Trained, register
from untrain.methods.stopping import nothing_to_forget
from untrain.models.output import frozen_copy
from untrain.task import Task


@register
@dataclass(frozen=True, kw_only=True)
class Unsir(Trained):
    """Make noise N that the Original takes least for class u, train on it as u, then repair:
    N = argmin -CE(z0(N), u) + noise_reg |N|^2;  L = CE(noise and retain);  L = CE(retain).

    For whole classes: it needs their numbers and none of their images. Both trainings use a
    subset of the retain images; noise and images are normalised and held in memory, `copies`
    times `noise_batch` of them a class.
    Paper: Tarun, Chundawat, Mandal, Kankanhalli 2023, arXiv 2111.08947 (TNNLS).
    Differences: noise of a class u has the label u (the authors' code has one label for all) and
    is made in eval mode (theirs moves batch-norm statistics). Images are not augmented in the
    first training.
    """

    paper = "Tarun et al. 2023, arXiv 2111.08947"
    streams = ("retain",)
    counts = ("forget",)
    cost = (
        "n_s FB, and once n_s + (noise_steps + copies) noise_batch K FB (n_s: subset, K: classes)"
    )
    presets = {
        "native": {"optimizer": "adam", "schedule": "constant", "weight_decay": 0.0},
        "coun": {"epochs": 50},
        "laptop": {
            "epochs": 3,
            "batch": 64,
            "lr": 0.05,
            "impair_lr": 0.005,
            "noise_batch": 64,
            "copies": 10,
            "per_class": 500,
        },
    }
    trials = {"": {"noise_batch": 4, "noise_steps": 2, "copies": 2, "per_class": 12}}

    epochs: int = 1
    """Passes of the repair over the retain subset, at least 1; impairing is one pass."""
    lr: float = 0.01
    """Highest learning rate of the repair, > 0."""
    impair_lr: float = 0.02
    """Learning rate of the impairing pass, > 0, constant; tuned in [1e-4, 0.02]."""
    noise_steps: int = 40
    """Adam steps that shape the noise, at least 0."""
    noise_lr: float = 0.1
    """Learning rate of these steps, > 0."""
    noise_reg: float = 0.1
    """Weight of the noise's squared length, >= 0."""
    noise_batch: int = 256
    """Noise images made for each class, at least 1."""
    copies: int = 20
    """How often each noise image is in the impairing pass, at least 1; tuned in [5, 80]."""
    per_class: int = 1000
    """Retain images of each class in both passes, at least 1, drawn by the seed; tuned in
    [100, 1000]."""

    def ranges(self) -> Ranges:
        yield from super().ranges()
        finite = float("inf")
        yield 0 < self.impair_lr < finite, "impair_lr", "a positive number"
        yield self.noise_steps >= 0, "noise_steps", "at least 0"
        yield 0 < self.noise_lr < finite, "noise_lr", "a positive number"
        yield 0 <= self.noise_reg < finite, "noise_reg", "at least 0"
        yield self.noise_batch >= 1, "noise_batch", "at least 1"
        yield self.copies >= 1, "copies", "at least 1"
        yield self.per_class >= 1, "per_class", "at least 1"

    @property
    def length(self) -> int:
        return 1 + self.epochs

    def check(self, task: Task) -> list[UserError]:
        forgotten = task.images.y.numpy()[task.split.forget]
        partly = np.setdiff1d(forgotten, task.gone_classes())
        if not len(partly):
            return nothing_to_forget(self.name, task)
        names = ", ".join(task.images.classes[label] for label in partly[:5])
        return [
            UserError(
                f"'{self.name}' is not applicable: it forgets whole classes, and some images of "
                f"these are retained: {names}{' and others' if len(partly) > 5 else ''}.",
                where="--forget",
                fix="Forget a class, as class:NAME does, or use a method for single images, such "
                "as cu or neggrad-plus.",
            )
        ]

    def prepare(self, run: Run) -> State:
        images, subset, x, y, told = run.task.images, self.subset(run), [], [], []
        teacher = frozen_copy(run.model)
        for label in run.task.gone_classes().tolist():
            noise = self.noise(run, teacher, label)
            x.append(noise.permute(0, 2, 3, 1).cpu().repeat(self.copies, 1, 1, 1))
            y.append(torch.full((len(x[-1]),), label))
            told.append(f"{images.classes[label]} {float(taken_for(label, teacher, noise)):.1f}")
        x.append(normalised(images, subset))
        y.append(images.y[subset])
        run.add_stream("impair", x=torch.cat(x), y=torch.cat(y))
        run.add_stream("retain", positions=subset)  # the repair, and what a term may act on
        chance = math.log(len(images.classes))
        run.note(f"Cross-entropy of the noise: {', '.join(told)} (chance is {chance:.1f}).")
        return {}

    def subset(self, run: Run) -> Tensor:
        """Positions of up to per_class retain images of each class, sorted: int64 (n,)."""
        retain = torch.from_numpy(run.task.split.retain)
        order = torch.randperm(len(retain), generator=run.rng("subset"))
        y = run.task.images.y[retain][order]
        labels = range(len(run.task.images.classes))
        some = [order[y == label][: self.per_class] for label in labels]
        return retain[torch.cat(some).sort().values]

    def noise(self, run: Run, teacher: nn.Module, label: int) -> Tensor:
        """Noise that the teacher takes least for a class: (noise_batch, C, H, W)."""
        images = run.task.images
        shape = (self.noise_batch, images.channels, *images.size)
        noise = torch.randn(shape, generator=run.rng("noise", label)).to(run.device)
        optimizer = torch.optim.Adam([noise.requires_grad_()], self.noise_lr)
        for _ in range(self.noise_steps):
            length = noise.square().sum((1, 2, 3)).mean()
            loss = self.noise_reg * length - taken_for(label, teacher, noise)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        return noise.detach()

    def passes(self, run: Run, state: State) -> Passes:
        recipe = replace(self, lr=self.impair_lr, lr_min=0.0, schedule="constant", warmup=0.0)
        yield Pass(("impair",), "impair", role="impair", recipe=recipe)
        for epoch in range(self.epochs):
            yield Pass(("retain",), "retain", epoch, role="repair", fresh=epoch == 0)

    def loss(self, step: Step, state: State) -> Tensor:
        (draw,) = step.draws.values()
        return cross_entropy(draw.out().logits, draw.y)


def taken_for(label: int, teacher: nn.Module, x: Tensor) -> Tensor:
    """Mean cross-entropy of images (B, C, H, W) that are all taken for one class."""
    logits = teacher(x).logits
    return cross_entropy(logits, torch.full((len(x),), label, device=x.device))


def normalised(images: Images, positions: Tensor) -> Tensor:
    """Some images as the model sees them without augmentation: float32 (n, H, W, C)."""
    x = images.plain(positions).float()
    if images.x.is_floating_point():
        return x
    return (x / 255 - torch.tensor(images.mean)) / torch.tensor(images.std)
