"""A model made ready for the images of a task, before any work is done with it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from untrain.data.images import Images
from untrain.errors import UserError, raise_all
from untrain.models.given import Guard, copied, core, in_32_bit, problems, weights_of
from untrain.models.output import Wrapped, unwrap, wrap
from untrain.models.trace import understood


def ready(model: nn.Module, images: Images, train: bool = False) -> nn.Module:
    """A module that returns `Output` on these images: `wrap(model)`, in 32 bit.

    It shares its weights with `model` if those are float32, otherwise it has a copy of them. The
    model, its batch norm and torch's random state stay as they are. train: it is to be trained.
    Raises UserError if it cannot be computed with or copied, cannot take the images, has no clear
    head, fewer outputs than labels, or is to be trained and returns probabilities.
    """
    where = type(unwrap(core(model))).__name__
    raise_all(problems(core(model)))
    wrapped, spare = wrap(model), copied(wrap(model)).float().eval()
    if not in_32_bit(wrapped):
        wrapped = copied(spare)
    device = next(wrapped.parameters()).device
    x = torch.zeros(2, images.channels, *images.size, device=device)
    alone(model, unwrap(spare), x)
    if isinstance(wrapped, Wrapped) and isinstance(spare, Wrapped):
        wrapped.settle(x, train)
        spare.routes = wrapped.routes
    cuda = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(cuda), torch.set_grad_enabled(train), understood(unwrap(spare), x):
        logits, features = spare(x)
    if train and probable(logits):
        raise UserError(
            "The model returns probabilities, not logits: its cross-entropy would be wrong.",
            where=where,
            fix="Take the softmax or sigmoid out of forward, and apply it to what forward returns.",
        )
    labels = int(images.y.max()) + 1 if len(images) else 0
    if logits.shape[1] < labels:
        raise UserError(
            f"The model has {logits.shape[1]} outputs, but the labels go from 0 to {labels - 1}: "
            f"{labels} classes.",
            where=where,
            fix="Give a model for these classes, or labels below its number of outputs.",
        )
    if features.ndim != 2 or len(features) != len(x):
        raise UserError(
            f"The input of the classifier head has shape {tuple(features.shape)} for {len(x)} "
            "images, not (images, features).",
            where=where,
            fix='Name another layer: untrain.wrap(model, head="NAME"), or --head NAME.',
        )
    return wrapped


def alone(model: nn.Module, copy: nn.Module, x: Tensor) -> None:
    """Raises UserError if the forward of a copy runs on weights of the model itself."""
    error = UserError(
        "A copy of the model runs on the weights of the model itself: one of its attributes, "
        "perhaps its forward, is a function that holds the model.",
        where=type(copy).__name__,
        fix="Instead of model.forward = lambda x: old(x)[0], subclass the model, or write a module "
        "around it, whose forward does this; make methods of other such functions.",
    )
    cuda = [x.device] if x.is_cuda else []
    with torch.random.fork_rng(cuda), torch.no_grad(), understood(copy, x), Guard(model, error):
        copy(x)


def probable(logits: Tensor) -> bool:
    """Whether these are probabilities: rows (B, C) that sum to 1, or a sigmoid's outputs."""
    if logits.grad_fn is not None and logits.grad_fn.name().startswith(("Softmax", "Sigmoid")):
        return True
    ones = torch.ones(len(logits), device=logits.device)
    return bool((logits > 0).all()) and torch.allclose(logits.sum(1), ones, rtol=0, atol=1e-5)


def like(original: nn.Module, made: nn.Module, images: Images) -> nn.Module:
    """A fresh model, ready as the original is. Raises UserError if it is of another kind."""
    if not isinstance(made, nn.Module):
        raise UserError(
            f"make_model gave a {type(made).__name__}, not a torch.nn.Module.",
            where="Task(make_model=...)",
            fix="Return a new model of the same architecture.",
        )
    named = original.named if isinstance(original, Wrapped) else ""
    fresh = ready(wrap(made, named), images, train=True)
    mine, theirs = (
        {name: tuple(value.shape) for name, value in weights_of(unwrap(one)).items()}
        for one in (original, fresh)
    )
    differ = [name for name in {**mine, **theirs} if mine.get(name) != theirs.get(name)]
    if differ:
        name = differ[0]
        raise UserError(
            f"make_model gives another architecture than the model's: {len(differ)} tensors differ "
            f"(first: {name}, {theirs.get(name, 'missing')} instead of "
            f"{mine.get(name, 'none')}).",
            where="Task(make_model=...)",
            fix="Return a new model of the same architecture.",
        )
    return fresh
