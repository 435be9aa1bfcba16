"""Losses that are added to any trained method."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from untrain.errors import UserError
from untrain.losses.contrastive import info_nce
from untrain.methods.contract import Step, Term, Trained, register_term, require


@register_term
@dataclass(frozen=True, kw_only=True)
class Contrastive(Term):
    """The contrastive module of CoUn on the retain batch of a step:  lam * InfoNCE(view 0, view 1).

    View 0 is the forward that the method makes anyway; view 1 is one more, with gradient.
    Paper: Khalil et al. 2025, arXiv 2509.16391, listing B.2.
    Differences: none; the term stands outside the method's own coefficients, so that lam means
    the same everywhere.
    """

    lam: float = 1.0
    """Weight, >= 0; the paper tunes it in [0.1, 6]. At 0 there is no second view."""
    tau: float = 0.1
    """Temperature, > 0; the paper tunes it in (0, 0.3]."""

    def __post_init__(self) -> None:
        require(0 <= self.lam < float("inf"), "lam", self.lam, "at least 0")
        require(0 < self.tau < float("inf"), "tau", self.tau, "a positive number")

    def check(self, method: Trained) -> list[UserError]:
        if self.name in method.holds:
            return [
                UserError(
                    f"'{method.name}' has the contrastive term already.",
                    where="--add contrastive",
                    fix="Set its weight with --lam.",
                )
            ]
        if "retain" not in method.streams:
            return [
                UserError(
                    f"'{method.name}' has no step on retain images, so the contrastive term "
                    "cannot act.",
                    where="--add contrastive",
                    fix="Add it to a method that trains on retain images, such as ft.",
                )
            ]
        return self.check_batch(method)

    def check_batch(self, method: Trained) -> list[UserError]:
        """A batch of one has no other image to be told from."""
        if method.batch >= 2 or self.lam == 0:
            return []
        return [
            UserError(
                f"The contrastive term needs at least 2 images a batch; got {method.batch}.",
                where="--batch",
                fix="Raise --batch.",
            )
        ]

    def __call__(self, step: Step) -> Tensor | None:
        if self.lam == 0 or "retain" not in step.draws or len(step.retain) < 2:
            return None
        loss = info_nce(step.retain.out(0).features, step.retain.out(1).features, self.tau)
        return self.lam * loss
