"""Models as people have them: inside DataParallel or torch.compile, in half precision, on meta."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from copy import copy, deepcopy
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.nn.parameter import is_lazy
from torch.optim.swa_utils import AveragedModel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

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
    """The changed core inside of what was around the given one, so that state_dict keys stay.

    DataParallel loses its device ids: it then runs the core where that is.
    """
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
    if isinstance(outer, nn.DataParallel):  # it refuses a model on the CPU beside GPU ids
        outer.device_ids = []
    return outer


def tensors(model: nn.Module) -> dict[str, Tensor]:
    """All parameters and buffers by name, those included that a state_dict leaves out."""
    return dict(chain(model.named_parameters(), model.named_buffers()))


def weights_of(module: nn.Module) -> dict[str, Tensor]:
    """The tensors of a state_dict; a module may keep other things in it beside them."""
    return {n: value for n, value in module.state_dict().items() if isinstance(value, Tensor)}


def content_hash(weights: Mapping[str, Tensor]) -> str:
    """SHA-256 over names, types, shapes and values."""
    digest = hashlib.sha256()
    for name, tensor in sorted(weights.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()


def copied(model: nn.Module) -> nn.Module:
    """A deep copy that shares no weights; computed tensors that it holds are cut from their graph.

    Raises UserError if there can be none.
    """
    where = type(core(getattr(core(model), "inner", model))).__name__
    memo: dict[int, Any] = {id(one): one.detach().clone() for one in computed(model)}
    try:
        made = deepcopy(model, memo)
    except (TypeError, RuntimeError, AttributeError, NotImplementedError) as error:
        raise UserError(
            f"The model cannot be copied ({type(error).__name__}: {error}).",
            where=where,
            fix="Keep open files, locks and the like out of its attributes.",
        ) from error
    shared = storages(model) & storages(made)
    names = [name for name, one in tensors(made).items() if storage(one) in shared]
    if names:
        raise UserError(
            f"A deep copy of the model shares {len(names)} weights with it (first: {names[0]}), so "
            "the given model would be changed.",
            where=where,
            fix="Remove its own __deepcopy__, or let it copy all parameters and buffers.",
        )
    return made


def computed(model: nn.Module) -> Iterator[Tensor]:
    """Tensors with a graph behind them in a model's attributes, which deepcopy refuses."""
    ahead: list[Any] = [vars(module) for module in model.modules()]
    seen: set[int] = set()
    while ahead:
        value = ahead.pop()
        if isinstance(value, Tensor) and not value.is_leaf:
            yield value
        elif isinstance(value, dict | list | tuple | set) and id(value) not in seen:
            seen.add(id(value))
            ahead += value.values() if isinstance(value, dict) else value


def storages(model: nn.Module) -> set[int]:
    """Where the parameters and buffers of a model lie in memory."""
    return {storage(tensor) for tensor in tensors(model).values()} - {0}


def storage(tensor: Tensor) -> int:
    """Where a tensor lies in memory; 0 for one that holds no values, or is not in one piece."""
    whole = tensor.layout == torch.strided and not is_lazy(tensor)
    return tensor.untyped_storage().data_ptr() if whole else 0


class Guard(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Raises an error before any operation in its block that reads or writes a model's weights."""

    def __init__(self, model: nn.Module, error: UserError) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.places, self.error = storages(model), error

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        for one in tree_leaves((args, kwargs)):
            if isinstance(one, Tensor) and storage(one) in self.places:
                raise self.error
        return func(*args, **(kwargs or {}))


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
