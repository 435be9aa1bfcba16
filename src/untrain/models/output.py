"""What every model returns, and how any `nn.Module` is made to return it."""

from __future__ import annotations

from typing import Any, NamedTuple

from torch import Tensor, nn

from untrain.errors import UserError
from untrain.models.given import copied, core
from untrain.models.head import Route, find, resolve, sizes
from untrain.models.trace import Convolution, at


class Output(NamedTuple):
    """One forward: logits (B, C), and features (B, D), the input of the classifier head."""

    logits: Tensor
    features: Tensor


class Wrapped(nn.Module):
    """A module made to return `Output`; `inner` is the module itself, its keys unchanged.

    head: the name of the head, "" to find it. It is looked for in the first forward, and its
    place once more in the first one for training, in which a model may return more.
    """

    def __init__(self, inner: nn.Module, head: str = "") -> None:
        super().__init__()
        self.inner, self.named = inner, resolve(inner, head)
        self.routes: dict[bool, Route] = {}

    def forward(self, x: Tensor) -> Output:
        if self.training not in self.routes:
            self.settle(x[:2], self.training)
        route = self.routes[self.training]
        head, taken = self.inner.get_submodule(route.head), list[Tensor]()

        def take(_module: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any]) -> None:
            taken[:] = [one for one in (*inputs, *named.values()) if isinstance(one, Tensor)]

        handle = head.register_forward_pre_hook(take, with_kwargs=True)
        try:
            returned = self.inner(x)
        finally:
            handle.remove()
        return Output(at(returned, route.place), pooled(taken[0], head))

    def settle(self, x: Tensor, train: bool = False) -> None:
        """Find the head and the place of the logits, unless they are known, on images like x.

        train: for training as well. Raises UserError if they are not clear.
        """
        if False not in self.routes:
            self.routes[False] = find(self.inner, x, self.named)
        if train and True not in self.routes:  # other heads may then stand beside it
            self.routes[True] = find(self.inner, x, self.routes[False].head, train=True)


def pooled(x: Tensor, head: nn.Module) -> Tensor:
    """Features (B, D) from a head's input: averaged over pixels, or over tokens."""
    if isinstance(head, Convolution):
        return x.flatten(2).mean(2)
    if isinstance(head, nn.Linear) and x.ndim > 2:
        return x.flatten(1, -2).mean(1)
    return x.flatten(1)


def wrap(model: nn.Module, head: str = "") -> nn.Module:
    """A module that returns `Output` and shares its weights with `model`.

    head: dotted name of the classifier head, as in `model.named_modules()`; left out, it is found
    by what the logits come from. Models that return `Output` already are given back as they are.
    What stands around a model (DataParallel, torch.compile) is left aside.
    Raises UserError for an unknown name; its first forward does if the head is not clear.
    """
    inner = core(model)
    if isinstance(inner, Wrapped):
        return inner if head in ("", inner.named) else Wrapped(inner.inner, head)
    if getattr(inner, "returns_output", False) and not head:
        return inner
    return Wrapped(inner, head)


def unwrap(model: nn.Module) -> nn.Module:
    """The module that the user knows."""
    return model.inner if isinstance(model, Wrapped) else model


def head_name(model: nn.Module) -> str:
    """The dotted name of the classifier head in `unwrap(model)`.

    Of a model that returns `Output` itself, that is `head`, or the last `nn.Linear`. Raises
    UserError if there is none, ValueError if a wrapped model has not run yet.
    """
    if isinstance(model, Wrapped):
        if not model.routes:
            raise ValueError("the head is found in the first forward")
        return model.routes[False].head
    named = model.named_modules()
    linear: list[str] = [name for name, module in named if isinstance(module, nn.Linear)]
    if isinstance(getattr(model, "head", None), nn.Module):
        return "head"
    if linear:
        return linear[-1]
    raise UserError(
        f"{type(model).__name__} has no nn.Linear, so its classifier head was not found.",
        where="model",
        fix='Name it: untrain.wrap(model, head="NAME"), or --head NAME.',
    )


def head_of(model: nn.Module) -> nn.Module:
    """The classifier head. Raises as `head_name` does."""
    return unwrap(model).get_submodule(head_name(model))


def linear_head(model: nn.Module, method: str) -> nn.Linear:
    """The classifier head for a method that edits its rows.

    Raises UserError if it is no linear layer, or one whose weight is computed from others.
    """
    head, name = head_of(model), head_name(model)
    if isinstance(head, nn.Linear):
        if isinstance(head._parameters.get("weight"), Tensor):
            return head
        raise UserError(
            f"'{method}' edits the rows of a linear head; the weight of `{name}` is computed from "
            "others (a parametrization).",
            where="model",
            fix="Use another method, or torch.nn.utils.parametrize.remove_parametrizations first.",
        )
    raise UserError(
        f"'{method}' edits the rows of a linear head; `{name}` is a {type(head).__name__} "
        f"({sizes(unwrap(model), name)}).",
        where="model",
        fix="Use another method, or a model that ends in nn.Linear.",
    )


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
    return copied(model).eval().requires_grad_(False)
