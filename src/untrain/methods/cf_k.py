"""CF-k: fine-tune the last k layers on what is retained, with all others frozen."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from untrain.errors import UserError, problems_of
from untrain.methods.contract import Ranges, Run, State, register
from untrain.methods.ft import FT
from untrain.models.output import Wrapped, head_name, head_of
from untrain.task import Task

Layer = (nn.modules.conv._ConvNd, nn.Linear)
"""What counts as a layer."""


@register
@dataclass(frozen=True, kw_only=True)
class CFk(FT):
    """Fine-tune S_k, the last k layers with their norms, on the retain images:  L = CE(retain).

    Everything else keeps its bits.
    Paper: Goel, Prabhu, Sanyal, Lim, Torr, Kumaraguru 2022, arXiv 2201.06640.
    Differences: frozen batch norm keeps its running statistics as well, which published code
    moves (one without weights of its own keeps them with --bn frozen only). Layers are
    convolutions and linear layers in the order of registration, a shortcut's included; LayerNorm
    and others on the way are treated as batch norm is.
    """

    paper = "Goel et al. 2022, arXiv 2201.06640"
    cost = "n_r F, and n_r B through the last k layers"
    presets = {
        "native": {"k": 1, "epochs": 10, "lr": 0.01, "schedule": "constant"},
        "coun": {"k": 6},
        "laptop": {"k": 6, "epochs": 10, "batch": 64, "lr": 0.2},
    }
    search = {}

    k: int = 2
    """Layers that are trained, counted from the end, from 1 to all of them (then it is FT). 1 is
    the head, 6 the last stage of a ResNet-18 and the head."""

    def ranges(self) -> Ranges:
        yield from super().ranges()
        yield self.k >= 1, "k", "at least 1"

    @property
    def moves_features(self) -> bool:
        return self.k > 1

    def check_model(self, model: nn.Module, task: Task) -> list[UserError]:
        return problems_of(last_layers, model, self.k)

    def prepare(self, run: Run) -> State:
        freeze_but(run.model, last_layers(run.model, self.k))
        return super().prepare(run)

    def finish(self, run: Run, state: State) -> None:
        thaw(run)


def last_layers(model: nn.Module, k: int) -> set[str]:
    """S_k: names of the tensors of the last k layers and of what is registered after the first
    of them; of the whole model if it has just k layers.

    Tensors that the user has frozen are left out, and a norm's statistics with them. Raises
    UserError if there are fewer than k layers, or nothing of them or not the head can be trained.
    """
    modules = list(model.named_modules())
    layers = [place for place, (_, module) in enumerate(modules) if isinstance(module, Layer)]
    if k > len(layers):
        raise UserError(
            f"The model has {len(layers)} convolutions and linear layers, fewer than {k}.",
            where="--k",
            fix=f"Use 1 to {len(layers)}.",
        )
    first = layers[-k] if k < len(layers) else 0
    trained: set[str] = set()
    chosen: set[str] = set()
    for path, module in modules[first:]:
        weights = dict(module.named_parameters(path, recurse=False))
        free = {name for name, weight in weights.items() if weight.requires_grad}
        trained |= free
        if free or not weights:
            chosen |= {name for name, _ in module.named_buffers(path, recurse=False)}
    if not trained:
        raise UserError(
            f"All weights of the last {k} layers are frozen, so nothing can be trained.",
            where="--k",
            fix="Raise --k, or set requires_grad on some of them.",
        )
    if isinstance(model, Wrapped):  # the user's own, in which anything may be registered last
        free = {id(weight) for weight in head_of(model).parameters() if weight.requires_grad}
        if any(id(w) in free and name not in trained for name, w in model.named_parameters()):
            raise UserError(
                f"The head `{head_name(model)}` is not among the last {k} layers, as others are "
                "registered after it.",
                where="--k",
                fix="Raise --k.",
            )
    return trained | chosen


def freeze_but(model: nn.Module, chosen: set[str]) -> None:
    """Take the gradient from all parameters but the chosen ones."""
    for name, parameter in model.named_parameters():
        if name not in chosen:
            parameter.requires_grad_(False)


def thaw(run: Run) -> None:
    """Give each parameter the requires_grad that the user gave it."""
    given = run.original.parameters()
    for parameter, before in zip(run.model.parameters(), given, strict=True):
        parameter.requires_grad_(before.requires_grad)
