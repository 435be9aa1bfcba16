"""A model made ready for the images of a task, before any work is done with it."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import nn

from untrain.data.images import Images
from untrain.errors import UserError, raise_all
from untrain.models.given import core, in_32_bit, problems
from untrain.models.output import Wrapped, unwrap, wrap
from untrain.models.trace import understood


def ready(model: nn.Module, images: Images, train: bool = False) -> nn.Module:
    """A module that returns `Output` on these images: `wrap(model)`, in 32 bit.

    It shares its weights with `model` if those are float32, otherwise it has a copy of them. The
    model, its batch norm and torch's random state stay as they are. train: it is to be trained.
    Raises UserError if it cannot be computed with, cannot take the images, has no clear head or
    fewer outputs than labels.
    """
    where = type(unwrap(core(model))).__name__
    raise_all(problems(core(model)))
    wrapped, spare = wrap(model), copied(wrap(model)).float().eval()
    if not in_32_bit(wrapped):
        wrapped = copied(spare)
    device = next(wrapped.parameters()).device
    x = torch.zeros(2, images.channels, *images.size, device=device)
    if isinstance(wrapped, Wrapped) and isinstance(spare, Wrapped):
        wrapped.settle(x, train)
        spare.routes = wrapped.routes
    cuda = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(cuda), torch.no_grad(), understood(unwrap(spare), x):
        logits, features = spare(x)
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
        {name: tuple(tensor.shape) for name, tensor in unwrap(one).state_dict().items()}
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


def copied(model: nn.Module) -> nn.Module:
    """A deep copy. Raises UserError if there can be none."""
    try:
        return deepcopy(model)
    except (TypeError, RuntimeError, AttributeError, NotImplementedError) as error:
        raise UserError(
            f"The model cannot be copied ({type(error).__name__}: {error}).",
            where=type(unwrap(core(model))).__name__,
            fix="Keep tensors that are computed, open files and the like out of its attributes.",
        ) from error
