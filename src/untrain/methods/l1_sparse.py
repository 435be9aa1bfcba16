"""l1-sparse: fine-tune on what is retained while all weights are drawn to zero."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from untrain.methods.contract import Ranges, Run, State, Step, register
from untrain.methods.ft import FT

NEAR = 1e-3
"""A weight of at most this size counts as near zero."""


@register
@dataclass(frozen=True, kw_only=True)
class L1Sparse(FT):
    """Fine-tune with an l1 penalty in the first epochs:  L = CE(retain) + gamma_e * |theta|_1,
    gamma_e = gamma * (1 - e / l1_epochs) for epoch e = 0, 1, ... below l1_epochs, then 0.

    theta is every weight that may change: convolutions, batch norm, biases and head.
    Paper: Jia et al. 2023, arXiv 2304.04934 (NeurIPS 2023).
    Differences: the window of 4 epochs is the CoUn paper's, which does not say whether gamma
    decays in it; the original penalises all epochs. No default is shared with other methods (0.2
    in the authors' command line, which destroys the network).
    """

    paper = "Jia et al. 2023, arXiv 2304.04934"
    presets = {
        "native": {"epochs": 10, "lr": 0.01, "schedule": "constant", "l1_epochs": 10},
        "coun": {},
        "laptop": {"epochs": 10, "batch": 64, "lr": 0.1, "gamma": 1e-4},
    }
    search = {"lr": (0.03, 0.05, 0.1, 0.2), "gamma": (1e-4, 5e-4)}

    gamma: float = 5e-4
    """Weight of the penalty in the first epoch, >= 0; the CoUn paper tunes it in [1e-4, 0.1].
    0 is FT."""
    l1_epochs: int = 4
    """How many first epochs carry the penalty, at least 1."""
    l1_decay: bool = True
    """Lower gamma linearly, from gamma in the first to gamma / l1_epochs in the last of them."""

    def ranges(self) -> Ranges:
        yield from super().ranges()
        yield 0 <= self.gamma < float("inf"), "gamma", "at least 0"
        yield self.l1_epochs >= 1, "l1_epochs", "at least 1"

    def weight(self, epoch: int) -> float:
        """gamma_e."""
        if epoch >= self.l1_epochs:
            return 0.0
        return self.gamma * (1 - epoch / self.l1_epochs * self.l1_decay)

    def loss(self, step: Step, state: State) -> Tensor:
        supervised, gamma = super().loss(step, state), self.weight(step.epoch)
        return supervised if gamma == 0 else supervised + gamma * l1_norm(step.model)

    def finish(self, run: Run, state: State) -> None:
        now, before = (near_zero(model) for model in (run.model, run.original))
        run.note(
            f"{100 * now:.1f} % of the weights are within {NEAR:g} of zero "
            f"({100 * before:.1f} % before)."
        )


def l1_norm(model: nn.Module) -> Tensor:
    """The sum of the sizes of all weights that may change."""
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    return sum((p.abs().sum() for p in trainable[1:]), trainable[0].abs().sum())


def near_zero(model: nn.Module) -> float:
    """The share of all weights whose size is at most NEAR."""
    sizes = [parameter.detach().abs() for parameter in model.parameters()]
    few = sum(float((size <= NEAR).sum()) for size in sizes)
    return few / sum(size.numel() for size in sizes)
