"""The classifier head, found by what a forward does: the last layer that the logits come from.

The order of registration says nothing: auxiliary heads and projections may come after the head.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from untrain.errors import UserError, unknown
from untrain.models.given import copied
from untrain.models.trace import Convolution, Layer, Place, Trace, trace

LISTED = 12
"""Candidates that an error names: the last ones of a forward."""
NAME_IT = 'Name the head: untrain.wrap(model, head="NAME"), or --head NAME.'
OWN_OUTPUT = (
    "Return untrain.Output(logits, features) from forward, and set `returns_output = True` on the "
    "class."
)


@dataclass(frozen=True)
class Route:
    """Where logits come from: the head's dotted name, and their place in what is returned."""

    head: str
    place: Place = ()


def find(model: nn.Module, x: Tensor, named: str = "", train: bool = False) -> Route:
    """The head of a model, and where its forward in this mode returns the logits.

    The model and torch's random state stay as they are: a copy runs on images of x's shape.
    x: (B, C, H, W); two images are enough. named: the head, or a part of the model that holds it.
    Raises UserError if the forward fails, or with the candidates if the head stays unclear.
    """
    devices = [x.device] if x.is_cuda else []
    with (
        torch.random.fork_rng(devices),
        torch.inference_mode(False),
        torch.enable_grad(),
    ):
        copy = copied(model).train(train)
        for parameter in copy.parameters():  # frozen layers have to be met as well
            parameter.requires_grad_(parameter.is_floating_point())
        named = resolve(copy, named)
        traced = trace(copy, torch.zeros_like(x), named)
        for name in [named] if named else [classifier(copy), ""]:
            routes = routes_of(copy, traced, name)
            if len(routes) == 1:
                return routes[0]
        raise unclear(copy, traced, named)


def routes_of(model: nn.Module, traced: Trace, named: str) -> list[Route]:
    """The heads that what was returned may come from, each with the place of its logits."""
    found: dict[str, tuple[Route, Tensor]] = {}
    for place, logits in traced.tensors():
        for head in heads(model, traced, logits, named):
            # of logits and their softmax, the logits
            if head not in found or traced.made.get(logits.grad_fn) == head:
                found[head] = Route(head, place), logits
    return [
        route
        for head, (route, _) in found.items()
        # features that are returned beside the logits lie on the way to them
        if not any(
            head in traced.all(logits) for other, (_, logits) in found.items() if other != head
        )
    ]


def heads(model: nn.Module, traced: Trace, logits: Tensor, named: str) -> list[str]:
    """The name of the head behind some logits; none where it is not clear."""
    if matrix(model, traced, logits):  # the head itself, in no layer that is known
        return []
    met, outputs = traced.nearest(logits), logits.shape[1]
    if named:
        met = [name for name in met if name == named or name.startswith(f"{named}.")]
        if not met and named in traced.all(logits):  # what follows it may only scale
            met = [named]
        met = [name for name in met if width(model, name) in (outputs, None)]
    else:
        met = [name for name in met if is_head(model, name) and width(model, name) == outputs]
    return met if len(met) == 1 else []


def matrix(model: nn.Module, traced: Trace, logits: Tensor) -> str:
    """The name of a weight matrix that comes after the last layer that is known; "" for none."""
    met = {id(one) for one in traced.weights(logits) if sum(size > 1 for size in one.shape) > 1}
    return next((name for name, weight in model.named_parameters() if id(weight) in met), "")


def width(model: nn.Module, name: str) -> int | None:
    """Outputs of a layer; None where it does not say."""
    module = model.get_submodule(name)
    outputs = getattr(module, "out_features", getattr(module, "out_channels", None))
    return outputs if isinstance(outputs, int) else None


def is_head(model: nn.Module, name: str) -> bool:
    """Whether a layer may be the head without being named: linear, or a 1x1 convolution."""
    module = model.get_submodule(name)
    whole = isinstance(module, Convolution) and set(module.kernel_size) == {1}
    return whole or isinstance(module, nn.Linear)


def classifier(model: nn.Module) -> str:
    """The name of what `get_classifier` gives, timm's convention; "" where it gives no module."""
    get = getattr(model, "get_classifier", None)
    try:
        given = get() if callable(get) else None
    except TypeError:  # it asks for something: another convention
        return ""
    return first_names(model).get(id(given), "")


def first_names(model: nn.Module) -> dict[int, str]:
    """The name by which each part of a model is reached first, by its id."""
    return {id(module): name for name, module in model.named_modules()}


def resolve(model: nn.Module, named: str) -> str:
    """The name by which a part is reached first. Raises UserError with the nearest if unknown."""
    parts, first = model.named_modules(remove_duplicate=False), first_names(model)
    known: dict[str, str] = {name: first[id(module)] for name, module in parts}
    for prefix in ("", "module.", "_orig_mod."):  # as it is called where it is wrapped
        if named.removeprefix(prefix) in known:
            return known[named.removeprefix(prefix)]
    error = unknown("head", named, [name for name in known if name])
    layers = [name for name, module in model.named_modules() if isinstance(module, Layer)]
    raise UserError(error.what, f"--head {named}", f"Layers: {show(model, layers)}.")


def unclear(model: nn.Module, traced: Trace, named: str) -> UserError:
    """The error for a model whose head is not clear, with what may be meant."""
    where, ran = type(model).__name__, list(dict.fromkeys(traced.made.values()))
    returned, logits = traced.returned, [one for _, one in traced.tensors()]
    if not logits:
        kind = type(returned).__name__
        kind = f"shape {tuple(returned.shape)}" if isinstance(returned, Tensor) else f"a {kind}"
        what = f"The model returns {kind} for {traced.images} images, not logits (images, classes)."
        return UserError(what, where, OWN_OUTPUT)
    sizes = sorted({one.shape[1] for one in logits})
    fitting = [name for name in ran if is_head(model, name) and width(model, name) in sizes]
    loose = matrix(model, traced, logits[0])
    if loose:
        count = logits[0].shape[1]
        what = f"No nn.Linear or 1x1 convolution gives its {count} logits, but `{loose}`."
        holder = loose.rpartition(".")[0]
        fix = f"{NAME_IT} It may be {holder}. Or: " if holder else ""
        return UserError(what, where, f"{fix}{OWN_OUTPUT}")
    near = set(traced.nearest(logits[0]))
    inside = [name for name in ran if name in near and name.startswith(f"{named}.")]
    if named and len(inside) > 1:
        what = f"`{named}` is several layers that the logits come from: {show(model, inside)}."
        return UserError(what, where, "Name one of them, whose input are the features.")
    if named:
        what = f"The logits do not come from `{named}`."
    elif fitting:
        what = f"The classifier head is not clear: it may be {show(model, fitting)}."
        return UserError(what, where, NAME_IT)
    else:
        outputs = " or ".join(map(str, sizes))
        what = f"No nn.Linear or 1x1 convolution of the model gives its {outputs} logits."
    listed = f" Layers: {show(model, fitting or ran)}." if ran else ""
    return UserError(what, where, f"{NAME_IT}{listed} Or: {OWN_OUTPUT}")


def show(model: nn.Module, names: Sequence[str]) -> str:
    """Names of layers with their sizes, as in `fc (512 to 10)`; of many the last ones."""
    many = ["..."] if len(names) > LISTED else []
    return ", ".join([*many, *(f"{name} ({sizes(model, name)})" for name in names[-LISTED:])])


def sizes(model: nn.Module, name: str) -> str:
    """Inputs and outputs of a layer."""
    module = model.get_submodule(name)
    inputs = getattr(module, "in_features", getattr(module, "in_channels", "?"))
    return f"{inputs} to {width(model, name)}" if width(model, name) else type(module).__name__
