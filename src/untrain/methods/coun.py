"""CoUn: fine-tune on retain data with cross-entropy and a contrastive loss on two views."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from untrain.errors import UserError
from untrain.methods.contract import Ranges, State, Step, register
from untrain.methods.ft import FT
from untrain.methods.terms import Contrastive, SecondView, Transform, limits
from untrain.task import Task


@dataclass(frozen=True, kw_only=True)
class OwnTerm(Contrastive):
    """The term as a part of the method, with the method's own flags."""

    prefix = ""


@register
@dataclass(frozen=True, kw_only=True)
class CoUn(FT):
    """Contrastive unlearning on retain data:  L = CE(view 0) + lam * InfoNCE(view 0, view 1; tau).

    Paper: Khalil, Setayesh, Li 2025, arXiv 2509.16391 (NeurIPS 2025), listing B.2.
    Differences: each image draws its own crop and flip (the listing draws one per batch). Both
    views carry gradient, so an epoch costs two of FT; the paper's cost column counts 4/3.
    """

    paper = "Khalil et al. 2025, arXiv 2509.16391"
    holds = ("contrastive",)
    cost = "2 n_r FB"
    presets = {
        "native": {},
        "coun": {},
        "laptop": {"epochs": 5, "batch": 64, "lr": 0.1, "lam": 0.3},
    }
    search = {"lr": (0.03, 0.05, 0.1, 0.2), "lam": (0.3, 1.0)}
    trials = {"transform": {"transform": "N"}}

    lam: float = 1.0
    """Weight of the contrastive loss, >= 0; the paper tunes it in [0.1, 6]. 0 is FT."""
    tau: float = 0.1
    """Temperature, > 0; the paper tunes it in (0, 0.3]. Acts unless lam is 0."""
    second_view: SecondView = "grad"
    """grad: through both views, as published. stop-grad: view 1 costs a forward only."""
    transform: Transform = "same"
    """Augmentation of view 1: same as view 0, or N, CN, CHN, CHJGN of the paper's ablation."""

    def ranges(self) -> Ranges:
        yield from super().ranges()
        yield from limits(self.lam, self.tau)

    def term(self) -> Contrastive:
        return OwnTerm(
            lam=self.lam, tau=self.tau, second_view=self.second_view, transform=self.transform
        )

    def check(self, task: Task) -> list[UserError]:
        return super().check(task) + self.term().check_views(self, task)

    def loss(self, step: Step, state: State) -> Tensor:
        supervised = super().loss(step, state)
        contrastive = self.term()(step)
        return supervised if contrastive is None else supervised + contrastive
