"""FT: go on training on what is retained and let the rest fade."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import cross_entropy

from untrain.methods.contract import State, Step, Trained, register


@register
@dataclass(frozen=True, kw_only=True)
class FT(Trained):
    """Fine-tune the Original on the retain images:  L = CE(retain).

    Paper: Warnecke et al. 2023, arXiv 2108.11577, and the baseline of every unlearning paper.
    Differences: none; recipe of the CoUn paper (50 epochs, SGD, cosine to 1e-4).
    """

    paper = "Warnecke et al. 2023, arXiv 2108.11577"
    streams = ("retain",)
    cost = "n_r FB"
    presets = {
        "native": {"epochs": 10, "lr": 0.01, "schedule": "constant"},
        "coun": {},
        "laptop": {"epochs": 10, "batch": 64, "lr": 0.1},
    }
    search = {"lr": (0.01, 0.02, 0.03, 0.05, 0.1, 0.15, 0.2, 0.3)}

    def loss(self, step: Step, state: State) -> Tensor:
        return cross_entropy(step.retain.out().logits, step.retain.y)
