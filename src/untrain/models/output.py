"""What every model returns, and how any `nn.Module` is made to return it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, NamedTuple

from torch import Tensor, nn

from untrain.errors import UserError

OWN_OUTPUT = (
    "Return untrain.models.output.Output(logits, features) from forward, and set "
    "`returns_output = True` on the class."
)


class Output(NamedTuple):
    """One forward: logits (B, C), and features (B, D), the input of the classifier head."""

    logits: Tensor
    features: Tensor


class Wrapped(nn.Module):
    """A module made to return `Output`; `inner` is the module itself, its keys unchanged."""

    def __init__(self, inner: nn.Module, head: nn.Linear) -> None:
        super().__init__()
        self.inner = inner
        self._head = (head,)  # in a tuple, so that its weights are not registered twice

    def forward(self, x: Tensor) -> Output:
        taken: list[Tensor] = []

        def take(_module: nn.Module, inputs: tuple[Any, ...]) -> None:
            taken[:] = [inputs[0]]

        handle = self._head[0].register_forward_pre_hook(take)
        try:
            logits = self.inner(x)
        finally:
            handle.remove()
        if not taken:
            raise UserError(
                f"{type(self.inner).__name__} does not use its last nn.Linear, taken for its head.",
                where="untrain.wrap",
                fix=OWN_OUTPUT,
            )
        return Output(logits, taken[0].flatten(1))

    def __deepcopy__(self, memo: dict[int, Any]) -> Wrapped:
        copied = wrap(deepcopy(self.inner, memo))
        copied.training = self.training
        return copied  # type: ignore[return-value]


def wrap(model: nn.Module) -> nn.Module:
    """A module that returns `Output` and shares its weights with `model`.

    Models that return `Output` already are given back as they are. Otherwise the last
    `nn.Linear` is taken for the head. Raises UserError if there is none.
    """
    if getattr(model, "returns_output", False) or isinstance(model, Wrapped):
        return model
    return Wrapped(model, head_of(model))


def unwrap(model: nn.Module) -> nn.Module:
    """The module that the user knows."""
    return model.inner if isinstance(model, Wrapped) else model


def head_of(model: nn.Module) -> nn.Linear:
    """The classifier head: the last `nn.Linear`. Raises UserError if there is none."""
    heads = [module for module in model.modules() if isinstance(module, nn.Linear)]
    if not heads:
        raise UserError(
            f"{type(unwrap(model)).__name__} has no nn.Linear, so its classifier head was not "
            "found.",
            where="untrain.wrap",
            fix=OWN_OUTPUT,
        )
    return heads[-1]


def set_mode(model: nn.Module, bn: str = "train") -> None:
    """Train mode; batch norm with frozen weights, or all of it, keeps its running statistics.

    bn: "train" or "frozen". Batch norm without weights of its own counts as trained.
    """
    model.train()
    for layer in model.modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm):
            weights = list(layer.parameters())
            still = weights and not any(weight.requires_grad for weight in weights)
            layer.train(bn == "train" and not still)


def frozen_copy(model: nn.Module) -> nn.Module:
    """A teacher: a copy in eval mode that shares no storage and asks for no gradient."""
    return deepcopy(model).eval().requires_grad_(False)
