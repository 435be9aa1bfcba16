"""SalUn: random labels, but only the weights that matter most for the forgotten images move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from untrain.errors import UserError, problems_of
from untrain.methods.contract import Pass, Ranges, Run, State, register
from untrain.methods.random_label import RandomLabel
from untrain.methods.stopping import nothing_to_forget
from untrain.task import Task


@register
@dataclass(frozen=True, kw_only=True)
class SalUn(RandomLabel):
    """Random-label steps, L = CE(retain, y) + CE(forget, r), on the most salient weights alone:
    s = |sum over batches of grad CE(forget)| at the start; the rho P largest of P may change.

    Paper: Fan, Liu, Zhang, Wong, Wei, Liu 2024, arXiv 2310.12508 (ICLR 2024).
    Differences: weights outside the mask keep their bits; in the authors' code before February
    2026, and so in published numbers, momentum and weight decay moved them. Two passes in turn
    as in their code for CIFAR-10 (the paper writes one sum). Ties fall to the earlier weight.
    """

    paper = "Fan et al. 2024, arXiv 2310.12508"
    cost = "n_f FB once, then (n_r + n_f) FB"
    presets = {
        "native": {"epochs": 10, "lr": 0.013, "schedule": "constant"},
        "coun": {},
        "laptop": {"epochs": 5, "batch": 64, "lr": 0.02},
    }
    search = {"lr": (0.01, 0.02, 0.05, 0.1), "rho": (0.3, 0.5)}

    rho: float = 0.5
    """Share of all weights that may change, in (0, 1]; the paper tries 0.1 to 1. 1 is random
    labels."""

    def ranges(self) -> Ranges:
        yield from super().ranges()
        yield 0 < self.rho <= 1, "rho", "in (0, 1]"

    def check(self, task: Task) -> list[UserError]:
        return super().check(task) + nothing_to_forget(self.name, task)

    def check_model(self, model: nn.Module, task: Task) -> list[UserError]:
        free = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
        return problems_of(share_of, self.rho, free)

    def prepares(self, task: Task) -> int:
        return len(task.split.forget)

    def prepare(self, run: Run) -> State:
        mask = largest(saliency(run, self.batch), self.rho)
        free = sum(int(part.sum()) for part in mask.values())
        count = sum(part.numel() for part in mask.values())
        run.note(f"{free:,} of {count:,} weights may change.")
        return super().prepare(run) | {"mask": mask}

    def pass_over(self, name: str, epoch: int, state: State) -> Pass:
        return replace(super().pass_over(name, epoch, state), mask=state["mask"])


def saliency(run: Run, batch: int) -> dict[str, Tensor]:
    """|sum over forget batches of the gradient of their mean CE|, by name of the weights that may
    change; in eval mode, with the augmentation of training."""
    run.model.eval().zero_grad()
    for draw in run.batches("forget", batch, augment="own"):
        # not autograd.grad: the FLOP counter cannot follow parametrized layers through that
        cross_entropy(draw.out().logits, draw.y).backward()  # type: ignore[no-untyped-call]
    named = {name: p for name, p in run.model.named_parameters() if p.requires_grad}
    scores = {
        name: torch.zeros_like(p) if p.grad is None else p.grad.abs() for name, p in named.items()
    }
    run.model.zero_grad()
    return scores


def largest(scores: Mapping[str, Tensor], share: float) -> dict[str, Tensor]:
    """Bool masks of the floor(share P) largest of all P scores together; that many, ties or not."""
    flat = torch.cat([score.flatten() for score in scores.values()])  # (P,)
    kept = share_of(share, len(flat))
    order = flat.argsort(descending=True, stable=True)
    chosen = torch.zeros_like(flat, dtype=torch.bool).index_fill(0, order[:kept], True)
    parts = torch.split(chosen, [score.numel() for score in scores.values()])
    return {name: part.view_as(scores[name]) for name, part in zip(scores, parts, strict=True)}


def share_of(share: float, count: int) -> int:
    """floor(share count). Raises UserError if that is none of them."""
    kept = int(round(share * count, 6))  # 0.29 * 100 is a little less than 29
    if kept == 0:
        what = f"--rho {share:g} of {count} weights is not one of them."
        raise UserError(what, "--rho", "Raise --rho.")
    return kept
