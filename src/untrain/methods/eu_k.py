"""EU-k: train the last k layers anew on what is retained, with all others frozen."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from untrain.errors import UserError, problems_of
from untrain.methods.cf_k import freeze_but, last_layers, thaw
from untrain.methods.contract import Ranges, Run, State, register
from untrain.methods.retrain import Retrain
from untrain.models.given import weights_of
from untrain.task import Task


@register
@dataclass(frozen=True, kw_only=True)
class EUk(Retrain):
    """Retrain S_k, the last k layers with their norms, from fresh weights:  L = CE(retain).

    Everything else keeps its bits; S_k is CF-k's.
    Paper: Goel, Prabhu, Sanyal, Lim, Torr, Kumaraguru 2022, arXiv 2201.06640.
    Differences: batch norm of S_k starts anew too, weights and statistics. Layers are drawn anew
    once, and only those that are trained; published code draws them at each epoch, or leaves the
    head frozen at random weights.
    """

    paper = "Goel et al. 2022, arXiv 2201.06640"
    cost = "n_r F, and n_r B through the last k layers"
    starts = "original"
    presets = {
        "native": {"k": 1, "lr": 0.01},
        "coun": {"k": 6},
        "laptop": {**Retrain.presets["laptop"], "k": 6, "epochs": 10},
    }

    k: int = 2
    """Layers that are trained anew, counted from the end, from 1 to all of them (then it is
    Retrain). 1 is the head, 6 the last stage of a ResNet-18 and the head."""

    def ranges(self) -> Ranges:
        yield from super().ranges()
        yield self.k >= 1, "k", "at least 1"

    @property
    def moves_features(self) -> bool:
        return self.k > 1

    def check_model(self, model: nn.Module, task: Task) -> list[UserError]:
        return problems_of(last_layers, model, self.k)

    def prepare(self, run: Run) -> State:
        chosen = last_layers(run.model, self.k)
        state = super().prepare(run)  # everything is fresh; the rest is put back
        original = weights_of(run.original)
        for name, tensor in weights_of(run.model).items():
            if name not in chosen:
                tensor.copy_(original[name])
        freeze_but(run.model, chosen)
        return state

    def finish(self, run: Run, state: State) -> None:
        thaw(run)
