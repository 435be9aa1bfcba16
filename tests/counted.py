"""FLOPs of equal steps are counted once for all tests, as counting takes longer than small runs."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import Field, fields
from functools import wraps
from typing import Any

from torch import Tensor, nn
from torch._C import _len_torch_dispatch_stack

from untrain.engine.cost import FlopMeter, Sizes
from untrain.methods.contract import Method, Pass, State, Term, Trained

RECIPE = {field.name for field in fields(Trained)}
"""Settings that no loss reads: how many steps there are, and what the optimiser makes of them."""
Count = Callable[[FlopMeter, Sizes, Pass, nn.Module, State], int]


def once(count: Count) -> Count:
    """The same count, made anew only for a step that differs from all before in what counts."""
    known: dict[Hashable, int] = {}

    @wraps(count)
    def counted(meter: FlopMeter, sizes: Sizes, pass_: Pass, model: nn.Module, state: State) -> int:
        if _len_torch_dispatch_stack():  # another counter is at work, and counts this too
            return count(meter, sizes, pass_, model, state)
        parts = (meter.method, *meter.terms, model, dict(state))
        key = (sizes, pass_.role, pass_.joint, meter.image, *map(shape, parts))
        if key not in known:
            known[key] = count(meter, sizes, pass_, model, state)
        return known[key]

    return counted


def shape(value: Any) -> Hashable:
    """What the arithmetic of a value depends on: shapes and kinds; of a float whether it switches
    a part of a loss off, as a weight of 0 or of 1 does."""
    if isinstance(value, Tensor):
        return tuple(value.shape), value.dtype, value.requires_grad
    if isinstance(value, nn.Module):
        return shape(built(value))
    if isinstance(value, Method | Term):
        return type(value), shape({f.name: getattr(value, f.name) for f in own_fields(value)})
    if isinstance(value, Mapping):
        return tuple((name, shape(part)) for name, part in value.items())
    if isinstance(value, list | tuple):
        return tuple(map(shape, value))
    if isinstance(value, float):
        return value if value in (0, 1) else float
    return value if isinstance(value, Hashable) else object()


def own_fields(part: Method | Term) -> list[Field[Any]]:
    return [field for field in fields(part) if field.name not in RECIPE]


def built(model: nn.Module) -> dict[str, Any]:
    """Tensors, and of every part its class and plain attributes, by name."""
    found: dict[str, Any] = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    for name, part in model.named_modules():
        plain = {
            n: v for n, v in vars(part).items() if not isinstance(v, Mapping | set | nn.Module)
        }
        found[f"{name}()"] = (type(part), len(part._forward_hooks), plain)
    return found
