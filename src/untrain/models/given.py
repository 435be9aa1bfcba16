"""Models as people have them: inside DataParallel or torch.compile, in half precision, on meta."""

from __future__ import annotations

from copy import copy
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.nn.parameter import is_lazy
from torch.optim.swa_utils import AveragedModel

from untrain.errors import UserError

COMPILED = "_orig_mod"
"""Name that torch.compile gives to the module it compiles."""


def around(model: nn.Module) -> str:
    """Under which name a model holds the one that computes; "" if it computes itself."""
    if isinstance(model, nn.DataParallel | DistributedDataParallel | AveragedModel):
        return "module"
    return COMPILED if COMPILED in model._modules else ""


def core(model: nn.Module) -> nn.Module:
    """The module that computes, without DataParallel, torch.compile and the like around it."""
    while name := around(model):
        model = model.get_submodule(name)
    return model


def put_back(given: nn.Module, changed: nn.Module) -> nn.Module:
    """The changed core inside of what was around the given one, so that state_dict keys stay."""
    name = around(given)
    if not name:
        return changed
    inner = put_back(given.get_submodule(name), changed)
    if name == COMPILED:
        compiled: Any = given
        again: nn.Module = type(compiled)(inner, compiled.dynamo_ctx)
        return again.train(inner.training)
    outer = copy(given)
    outer._modules = {**given._modules, name: inner}
    outer.training = inner.training
    return outer


def tensors(model: nn.Module) -> dict[str, Tensor]:
    """All parameters and buffers by name, those included that a state_dict leaves out."""
    return dict(chain(model.named_parameters(), model.named_buffers()))


def in_32_bit(model: nn.Module) -> bool:
    """Whether all floating-point weights are float32."""
    weights = [weight for weight in model.parameters() if weight.is_floating_point()]
    return all(weight.dtype == torch.float32 for weight in weights)


def with_types_of(model: nn.Module, given: nn.Module) -> nn.Module:
    """The model with each tensor in the precision that it was given in; tied ones stay tied."""
    types = {name: tensor.dtype for name, tensor in tensors(given).items()}
    for name, tensor in tensors(model).items():
        tensor.data = tensor.data.to(types[name])
    return model


def problems(model: nn.Module) -> list[UserError]:
    """Why nothing can be computed with a model as it is."""
    where, own = type(model).__name__, tensors(model)
    if isinstance(model, torch.jit.ScriptModule):
        what = "The model is TorchScript, whose layers cannot be told apart."
        return [UserError(what, where, "Give the torch.nn.Module that it was made from.")]
    if not own:
        return [UserError("The model has no weights.", where, "Give one that can be trained.")]
    lazy = [name for name, tensor in own.items() if is_lazy(tensor)]
    if lazy:
        what = f"{len(lazy)} weights of the model are not initialised yet (first: {lazy[0]})."
        return [UserError(what, where, "Run it once on a batch of images, then give it.")]
    devices = sorted({str(tensor.device) for tensor in own.values()})
    if "meta" in devices:
        empty = [name for name, tensor in own.items() if tensor.is_meta]
        what = f"{len(empty)} weights of the model are on the meta device and hold no values "
        what += f"(first: {empty[0]})."
        return [UserError(what, where, "Load its weights first.")]
    if len(devices) > 1:
        what = f"The model's weights are on {len(devices)} devices ({', '.join(devices)})."
        return [UserError(what, where, 'Put it on one: model.to("cpu"), or model.to("cuda").')]
    return []
