"""Boundary Shrink: teach forgotten images the class that lies nearest across the boundary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from untrain.errors import UserError
from untrain.losses.contrastive import full_precision
from untrain.methods.contract import Ranges, Run, State, Step, Trained, register
from untrain.methods.stopping import nothing_to_forget
from untrain.models.output import frozen_copy
from untrain.task import Task


@register
@dataclass(frozen=True, kw_only=True)
class BoundaryShrink(Trained):
    """Teach each forgotten image the class beyond its nearest boundary:  L = CE(forget, y').

        y' = argmax z0(x'),   x' = Q(clip(x + eps sign grad_x CE(z0(x), y)))

    z0 are the logits of the model at the start, x pixels in [0, 1], and Q rounds to 1/255; each
    view is attacked anew. Float images are attacked as they are, without clip and Q.
    Paper: Chen, Gao, Liu, Peng, Wang 2023, arXiv 2303.11570 (CVPR 2023).
    Differences: batch norm is frozen by default, as statistics of forgotten images alone drift.
    A copy of the authors' code un-normalises blue with 0.2265, where its mean is 0.4465.
    """

    paper = "Chen et al. 2023, arXiv 2303.11570"
    streams = ("forget",)
    cost = "2 n_f FB, and n_f FB once"
    presets = {
        "native": {
            "epochs": 10,
            "batch": 64,
            "schedule": "constant",
            "weight_decay": 0.0,
            "bn": "train",
        },
        "coun": {},
        "laptop": {"epochs": 5, "batch": 64, "lr": 1e-4},
    }
    trials = {"": {"batch": 4}, "exclude_true": {"eps": 0.0}}

    lr: float = 1e-5
    """Highest learning rate, > 0; tuned in [1e-8, 1e-4]. Higher ones destroy the model."""
    lr_min: float = 0.0
    """Learning rate at the end of a cosine or linear schedule, in [0, lr]."""
    bn: Literal["train", "frozen"] = "frozen"
    """Batch norm: train with statistics of forgotten images alone, or frozen statistics."""
    eps: float = 0.1
    """Length of the attack's step on the scale of pixels in [0, 1]; in [0, 1]. At 0 the label is
    the Original's own answer."""
    exclude_true: bool = False
    """Teach the runner-up where the attack fails (y' = y); as published, such an image is taught
    its own class again."""

    def ranges(self) -> Ranges:
        yield from super().ranges()
        yield 0 <= self.eps <= 1, "eps", "in [0, 1]"

    def check(self, task: Task) -> list[UserError]:
        return super().check(task) + nothing_to_forget(self.name, task)

    def prepares(self, task: Task) -> int:
        return len(task.split.forget)

    def prepare(self, run: Run) -> State:
        images = run.task.images
        pixels = not images.x.is_floating_point()
        mean, std = (images.mean, images.std) if pixels else ((0.0,), (1.0,))
        state: State = {
            "teacher": frozen_copy(run.model),
            "mean": torch.tensor(mean, device=run.device).view(-1, 1, 1),  # (C, 1, 1)
            "std": torch.tensor(std, device=run.device).view(-1, 1, 1),
            "levels": 255 if pixels else 0,
        }
        crossed = sum(
            (self.answers(draw.x, draw.y, state).argmax(1) != draw.y).sum()
            for draw in run.batches("forget", self.batch)
        )
        taught = "the runner-up" if self.exclude_true else "their own class"
        run.note(
            f"The attack took {int(crossed)} of {len(run.task.split.forget)} forgotten images "
            f"across the boundary (not augmented); the others are taught {taught}."
        )
        return state

    def loss(self, step: Step, state: State) -> Tensor:
        answers = self.answers(step.forget.x, step.forget.y, state)  # (B, C)
        if self.exclude_true:
            answers = answers.scatter(1, step.forget.y[:, None], -torch.inf)
        return cross_entropy(step.forget.out().logits, answers.argmax(1))

    def answers(self, x: Tensor, y: Tensor, state: State) -> Tensor:
        """The Original's logits (B, C) on the attacked images."""
        with full_precision(x.device.type), torch.no_grad():
            logits: Tensor = state["teacher"](self.attack(x, y, state)).logits
        return logits

    def attack(self, x: Tensor, y: Tensor, state: State) -> Tensor:
        """x' for normalised images x (B, C, H, W), normalised again."""
        mean, std, levels = state["mean"], state["std"], state["levels"]
        pixels = x.detach() * std + mean
        if self.eps > 0:
            pixels = pixels + self.eps * slope(x, y, state).sign()
        if levels:
            pixels = (pixels.clamp(0, 1) * levels).round() / levels
        return (pixels - mean) / std  # type: ignore[no-any-return]


@torch.enable_grad()
def slope(x: Tensor, y: Tensor, state: State) -> Tensor:
    """grad_x CE(z0(x), y), whose sign is the same for pixels and normalised images."""
    x = x.detach().requires_grad_()
    loss = cross_entropy(state["teacher"](x).logits, y, reduction="sum")
    loss.backward()  # type: ignore[no-untyped-call]  # the FLOP counter bars autograd.grad
    assert x.grad is not None
    return x.grad
