"""Boundary Expanding: send forgotten images to a class of their own, then take it away."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from untrain.errors import UserError, problems_of
from untrain.methods.boundary_shrink import BoundaryShrink
from untrain.methods.contract import Run, State, Step, Trained, register
from untrain.methods.stopping import nothing_to_forget
from untrain.models.output import linear_head
from untrain.task import Task


@register
@dataclass(frozen=True, kw_only=True)
class BoundaryExpand(Trained):
    """Send forgotten images to an extra class C and delete it at the end:  L = CE(forget, C).

    With classes 0 to C - 1, the head's new row C is drawn as fresh heads are.
    Paper: Chen, Gao, Liu, Peng, Wang 2023, arXiv 2303.11570 (CVPR 2023).
    Differences: batch norm is frozen by default, as statistics of forgotten images alone drift.
    Some re-implementations never delete the output, and then count every forgotten image as wrong.
    """

    paper = "Chen et al. 2023, arXiv 2303.11570"
    streams = ("forget",)
    cost = "n_f FB"
    presets = BoundaryShrink.presets
    trials = {"": {"batch": 4}}

    lr: float = 1e-5
    """Highest learning rate, > 0; tuned in [1e-8, 1e-4]. Higher ones destroy the model."""
    lr_min: float = 0.0
    """Learning rate at the end of a cosine or linear schedule, in [0, lr]."""
    bn: Literal["train", "frozen"] = "frozen"
    """Batch norm: train with statistics of forgotten images alone, or frozen statistics."""

    def check(self, task: Task) -> list[UserError]:
        return super().check(task) + nothing_to_forget(self.name, task)

    def check_model(self, model: nn.Module, task: Task) -> list[UserError]:
        return problems_of(linear_head, model, self.name)

    def prepare(self, run: Run) -> State:
        head = linear_head(run.model, self.name)
        classes, generator = head.out_features, run.rng("row")
        set_rows(head, *(with_row(part, head.in_features, generator) for part in parts(head)))
        return {"class": classes}

    def loss(self, step: Step, state: State) -> Tensor:
        target = torch.full_like(step.forget.y, state["class"])
        return cross_entropy(step.forget.out().logits, target)

    def finish(self, run: Run, state: State) -> None:
        head = linear_head(run.model, self.name)
        set_rows(head, *(part.detach()[: state["class"]].clone() for part in parts(head)))


def parts(head: nn.Linear) -> list[Tensor]:
    """The head's weight (C, D), and its bias (C,) if it has one."""
    return [head.weight] if head.bias is None else [head.weight, head.bias]


def with_row(part: Tensor, inputs: int, generator: torch.Generator) -> Tensor:
    """The same with one more row, drawn as nn.Linear draws its own: within 1 / sqrt(inputs)."""
    row = torch.rand(1, *part.shape[1:], generator=generator) * 2 - 1
    return torch.cat([part.detach(), row.to(part) / sqrt(inputs)])


def set_rows(head: nn.Linear, *rows: Tensor) -> None:
    """Put new tensors in place of the head's weight and bias."""
    for name, row in zip(("weight", "bias"), rows, strict=False):
        asks = getattr(head, name).requires_grad
        setattr(head, name, nn.Parameter(row, requires_grad=asks))
    head.out_features = len(rows[0])
