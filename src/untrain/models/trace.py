"""One forward followed back: what a model returns, and which layers each part of it comes from.

Autograd's graph is walked, so neither names nor the order of registration matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from untrain.errors import UserError

Convolution = nn.modules.conv._ConvNd
Layer = nn.Linear | Convolution
"""What is followed without being named."""
Place = tuple[Any, ...]
"""Keys that lead from what a forward returns to a tensor in it; () is the tensor itself."""


@dataclass(frozen=True)
class Trace:
    """A forward. made: the layer behind a node of autograd's graph, in the order of execution."""

    returned: Any
    images: int
    made: Mapping[Any, str]

    def tensors(self) -> list[tuple[Place, Tensor]]:
        """All that may be logits (B, C) in what was returned, with their places."""
        return list(tensors(self.returned, self.images))

    def nearest(self, tensor: Tensor) -> list[str]:
        """The layers met first on each way back from a tensor."""
        return self._behind(tensor, through=False)

    def all(self, tensor: Tensor) -> list[str]:
        """All layers that a tensor comes from."""
        return self._behind(tensor, through=True)

    def weights(self, tensor: Tensor) -> list[Tensor]:
        """The weights met on the ways back from a tensor, before any layer that is followed."""
        leaves = (getattr(node, "variable", None) for node in self._nodes(tensor, through=False))
        return [leaf for leaf in leaves if isinstance(leaf, Tensor)]

    def _behind(self, tensor: Tensor, through: bool) -> list[str]:
        nodes = self._nodes(tensor, through)
        return list(dict.fromkeys(self.made[node] for node in nodes if node in self.made))

    def _nodes(self, tensor: Tensor, through: bool) -> Iterator[Any]:
        """Nodes of the graph behind a tensor; through: beyond the layers met first as well."""
        seen, ahead = set(), [tensor.grad_fn]
        while ahead:
            node = ahead.pop()
            if node is None or node in seen:
                continue
            seen.add(node)
            yield node
            if through or node not in self.made:
                ahead += [before for before, _ in node.next_functions]


def trace(model: nn.Module, x: Tensor, named: str = "") -> Trace:
    """Run a model once with autograd on; hooks that it gets are removed again.

    named: a module to follow besides linear layers and convolutions, if it holds none of them.
    Raises UserError if the model cannot take these images (B, C, H, W).
    """
    made: dict[Any, str] = {}

    def watch(name: str, module: nn.Module) -> torch.utils.hooks.RemovableHandle:
        def hook(_module: nn.Module, _inputs: Any, output: Any) -> None:
            if isinstance(output, Tensor) and output.grad_fn is not None:
                made[output.grad_fn] = name

        return module.register_forward_hook(hook)

    watched = [
        watch(name, module)
        for name, module in model.named_modules()
        if isinstance(module, Layer) or (name == named and not holds_layers(module))
    ]
    try:
        with understood(model, x):
            return Trace(model(x), len(x), made)
    finally:
        for handle in watched:
            handle.remove()


@contextmanager
def understood(model: nn.Module, x: Tensor) -> Iterator[None]:
    """Turn what a forward on these images raises into a UserError with the model's own words."""
    try:
        yield
    except (UserError, MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:
        words = " ".join(str(error).split())
        raise UserError(
            f"The model cannot take images of shape {tuple(x.shape[1:])} (channels, height, "
            f"width). It says: {type(error).__name__}: {words[:300]}",
            where=type(model).__name__,
            fix="Give images of the size (--size) and channels that it was made for, or a model "
            "for these.",
        ) from error


def holds_layers(module: nn.Module) -> bool:
    """Whether a module is or has a linear layer or a convolution."""
    return any(isinstance(part, Layer) for part in module.modules())


def tensors(returned: Any, images: int, place: Place = ()) -> Iterator[tuple[Place, Tensor]]:
    """The tensor, what is called `logits`, or else each tensor of several; if it is (B, C)."""
    if isinstance(returned, Tensor):
        if returned.ndim == 2 and len(returned) == images and returned.is_floating_point():
            yield place, returned
        return
    parts: Mapping[Any, Any] = {}
    if isinstance(returned, Mapping):
        parts = returned
    elif isinstance(getattr(returned, "logits", None), Tensor):
        parts = {"logits": returned.logits}
    elif isinstance(returned, Sequence):
        parts = dict(enumerate(returned))
    if "logits" in parts:
        parts = {"logits": parts["logits"]}
    for key, value in parts.items():
        yield from tensors(value, images, (*place, key))


def at(returned: Any, place: Place) -> Tensor:
    """The tensor at a place of what a forward returned."""
    for key in place:
        by_key = isinstance(returned, Mapping) or isinstance(key, int)
        returned = returned[key] if by_key else getattr(returned, key)
    assert isinstance(returned, Tensor)
    return returned
