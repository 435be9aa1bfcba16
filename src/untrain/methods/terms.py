"""Losses that are added to any trained method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from untrain.errors import UserError
from untrain.losses.contrastive import info_nce
from untrain.methods.contract import Method, Ranges, Step, Term, Trained, register_term
from untrain.task import Task

SecondView = Literal["grad", "stop-grad"]
Transform = Literal["same", "N", "CN", "CHN", "CHJGN"]
AUGMENT = {
    "same": "",
    "N": "none",
    "CN": "crop",
    "CHN": "crop+flip",
    "CHJGN": "crop+flip+color",
}
"""The paper's names: C crop, H horizontal flip, J colour jitter, G grayscale, N normalise."""


@register_term
@dataclass(frozen=True, kw_only=True)
class Contrastive(Term):
    """The contrastive module of CoUn on the retain batch of a step:  lam * InfoNCE(view 0, view 1).

    View 0 is the forward that the method makes anyway; view 1 is one more, with gradient.
    Paper: Khalil et al. 2025, arXiv 2509.16391, listing B.2.
    Differences: none; the term stands outside the method's own coefficients, so that lam means
    the same everywhere. In the ablation `transform` makes view 1 only: view 0 is the supervised
    one (the paper does not say which views it changes).
    """

    prefix = "contrastive."

    lam: float = 1.0
    """Weight, >= 0; the paper tunes it in [0.1, 6]. At 0 there is no second view."""
    tau: float = 0.1
    """Temperature, > 0; the paper tunes it in (0, 0.3]."""
    second_view: SecondView = "grad"
    """grad: through both views, as published. stop-grad: view 1 costs a forward only."""
    transform: Transform = "same"
    """Augmentation of view 1: same as view 0, or N, CN, CHN, CHJGN of the paper's ablation."""

    def ranges(self) -> Ranges:
        return limits(self.lam, self.tau)

    def check(self, method: Method, task: Task) -> list[UserError]:
        if self.name in method.holds:
            return [
                UserError(
                    f"'{method.name}' has the contrastive term already.",
                    where="--add contrastive",
                    fix="Set its weight with --lam.",
                )
            ]
        if not isinstance(method, Trained) or "retain" not in method.streams:
            return [
                UserError(
                    f"'{method.name}' has no step on retain images, so the contrastive term "
                    "cannot act.",
                    where="--add contrastive",
                    fix="Add it to a method that trains on retain images, such as ft.",
                )
            ]
        if not method.moves_features:
            return [
                UserError(
                    f"With these settings '{method.name}' trains the classifier head alone; the "
                    "contrastive term acts on the features below it.",
                    where="--add contrastive",
                    fix="Train more layers (--k 2 or more), or leave the term out.",
                )
            ]
        return self.check_views(method, task)

    def check_views(self, method: Trained, task: Task) -> list[UserError]:
        """A batch of one has no other image to be told from; colours need pixels."""
        problems = []
        if method.batch < 2 and self.lam > 0:
            problems.append(
                UserError(
                    f"The contrastive term needs at least 2 images a batch; got {method.batch}.",
                    where="--batch",
                    fix="Raise --batch.",
                )
            )
        if "color" in AUGMENT[self.transform] and task.images.x.is_floating_point():
            problems.append(
                UserError(
                    "Colour jitter needs uint8 images; these are floats, normalised already.",
                    where=f"--{self.prefix}transform CHJGN",
                    fix="Give uint8 images, or another transform.",
                )
            )
        return problems

    def __call__(self, step: Step) -> Tensor | None:
        if self.lam == 0 or "retain" not in step.draws or len(step.retain) < 2:
            return None
        one = step.retain.out(0).features
        with torch.set_grad_enabled(self.second_view == "grad"):
            other = step.retain.out(1, AUGMENT[self.transform]).features
        return self.lam * info_nce(one, other, self.tau)


def limits(lam: float, tau: float) -> Ranges:
    """What weight and temperature must be, for the term and for methods that hold it."""
    yield 0 <= lam < float("inf"), "lam", "at least 0"
    yield 0 < tau < float("inf"), "tau", "a positive number"
