"""Weights that a fresh network starts from: a file, or what its package gives.

A head for other classes stays fresh. Anything else that does not fit is an error that names the
keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from untrain.errors import UserError
from untrain.models.checkpoint import misfits, put_weights
from untrain.models.ecosystems import HUB, Ecosystem, tell
from untrain.models.foreign import read_weights, renamed, spare, without
from untrain.models.given import weights_of
from untrain.models.identity import contents


def begin(model: nn.Module, source: str, found: Ecosystem | None, classes: int) -> None:
    """Put weights into a fresh model, but for a head of another size.

    source: a file, or `hub`. found: the package whose network it is. Raises UserError if the file
    is missing or damaged, or does not fit the network.
    """
    if source == HUB and found is None:
        what = "--pretrained hub means weights of another package; this network is of none."
        raise UserError(what, "--pretrained", "Name a file of weights.")
    contents("", source)
    name = Path(source).name
    if source == HUB and found is not None:
        name, tensors = f"{found.prefix}:{found.name}", found.own_weights()
    else:
        tensors = read_weights(Path(source), where="--pretrained")
        if found is not None:
            tensors = found.translated(tensors, model)
    own = weights_of(model)
    file, tensors = tensors, renamed(tensors, own)
    head = fresh_head(own, tensors, classes)
    loose = spare(own, tensors) | without(own, tensors, file)
    young = {key for key in own if key.endswith("num_batches_tracked")} - tensors.keys()
    kept = {key: own[key] for key in own if key not in head | young}
    check_fit(kept, {key: tensors[key] for key in tensors if key not in head | loose}, name)
    check_values(kept, tensors, name)
    put_weights(model, {key: own[key] for key in head | young} | {k: tensors[k] for k in kept})
    tell(" ".join([f"starts from {name};", *told(head, loose, tensors, classes)]))


def told(
    head: set[str], loose: set[str], tensors: Mapping[str, Tensor], classes: int
) -> Iterator[str]:
    """What a user should know of the weights that were not taken."""
    outputs = sorted({len(tensors[key]) for key in head & tensors.keys()})
    if outputs:
        yield f"its head has {outputs[0]} outputs, not {classes}:"
    elif head:
        yield "it has no head:"
    yield f"{', '.join(sorted(head))} stay fresh" if head else "its head is taken as well"
    if loose:
        yield f"({len(loose)} of its tensors have no place in the network, first {min(loose)})"


def fresh_head(own: Mapping[str, Tensor], tensors: Mapping[str, Tensor], classes: int) -> set[str]:
    """The keys of a head that the file has for other classes, or not at all; empty if there is
    anything else that does not fit."""
    off = {
        key
        for key in own
        if key not in tensors or tensors[key].shape != own[key].shape
        if not key.endswith("num_batches_tracked")
    }
    layers = {key.rpartition(".")[0] for key in off}
    parts = {f"{layer}.{part}" for layer in layers for part in ("weight", "bias")}

    def of_head(key: str) -> bool:
        theirs, ours = tensors.get(key), own[key]
        alike = theirs is None or theirs.shape[1:] == ours.shape[1:]
        return key in parts and ours.ndim <= 2 and ours.shape[0] == classes and alike

    return off if all(map(of_head, off)) else set()


def check_fit(own: Mapping[str, Tensor], tensors: Mapping[str, Tensor], name: str) -> None:
    """Raise UserError that names the keys which differ, if any do."""
    lines = misfits(own, tensors)
    if lines:
        raise UserError(
            f"{name} is of another network ({'; '.join(lines)}).",
            where="--pretrained",
            fix="Name the network that it was trained with: --model, --width; another image size "
            "changes a transformer's positions: --size.",
        )


def check_values(own: Mapping[str, Tensor], tensors: Mapping[str, Tensor], name: str) -> None:
    """Raise UserError for weights that are no floating-point numbers, NaN or infinite."""
    for key in own:
        tensor = tensors[key]
        if own[key].is_floating_point() and not tensor.is_floating_point():
            what = f"{key} is {tensor.dtype}, where the network has {own[key].dtype}."
            raise UserError(what, name, "Save the weights as floating-point numbers.")
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            bad = int((~torch.isfinite(tensor)).sum())
            what = f"{key} holds {bad} values of {tensor.numel()} that are NaN or infinite."
            raise UserError(what, name, "Take an earlier checkpoint of it.")
