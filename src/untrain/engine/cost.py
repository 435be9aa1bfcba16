"""What a run really cost: seconds, peak memory, images, and FLOPs of the steps that were made."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from untrain.methods.contract import Draw, Pass, State, Step, Term, Trained
from untrain.methods.step import arrange
from untrain.models.given import copied


@dataclass
class Cost:
    """Training only: evaluation and files are not counted."""

    seconds: float = 0.0
    """Wall-clock seconds in steps."""
    steps: int = 0
    """Optimiser steps."""
    samples: int = 0
    """Images drawn, each counted once however many views it has."""
    flops: float = 0.0
    """Floating-point operations of forward and backward passes, 2 per multiply-add."""
    peak_memory: int = 0
    """Bytes: of the run on a GPU, of the whole process so far on a CPU."""

    @contextmanager
    def metered(self) -> Iterator[None]:
        """Count the time and arithmetic of work outside of steps: importances, targets, edits."""
        started = time.perf_counter()
        # torch does not count every fused attention
        with sdpa_kernel(SDPBackend.MATH), flop_counter() as counter:
            yield
        self.flops += counter.get_total_flops()
        self.seconds += time.perf_counter() - started

    def read_memory(self, device: torch.device) -> None:
        if device.type == "cuda":
            self.peak_memory = torch.cuda.max_memory_allocated(device)
        else:
            self.peak_memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


Sizes = tuple[tuple[str, int, int], ...]
"""Of a step, by stream: its name, its images, and the forgotten ones if it mixes the sets."""


@dataclass
class FlopMeter:
    """Counts the FLOPs of a step by running it once on meta tensors, which hold no data; of a
    model that looks at the data, or makes tensors on a device of its own, on a real copy of it.

    Whatever the loss does is counted as it is: further views, forwards without gradient,
    similarity matrices. Equal batch sizes are counted once. Batch norm, element-wise work and
    the optimiser are not counted (torch's FlopCounterMode counts matrix products).
    """

    model: nn.Module
    method: Trained
    terms: tuple[Term, ...]
    state: State
    image: tuple[int, int, int]
    """Shape of an image: channels, height, width."""
    known: dict[tuple[str, bool, Sizes], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.given, self.model = self.model, to_meta(self.model)

    def step(self, sizes: Sizes, pass_: Pass) -> int:
        """FLOPs of a step of this pass whose draws have these batch sizes."""
        key = (pass_.role, pass_.joint, sizes)
        if key not in self.known:
            try:
                self.known[key] = self._count(sizes, pass_, self.model, to_meta(self.state))
            except RuntimeError:
                cuda = list(range(torch.cuda.device_count()))
                with torch.random.fork_rng(cuda):
                    copies = copied(self.given), deepcopy(self.state)
                    self.known[key] = self._count(sizes, pass_, *copies)
        return self.known[key]

    def _count(self, sizes: Sizes, pass_: Pass, model: nn.Module, state: State) -> int:
        draws = {name: self._draw(model, *counts) for name, *counts in sizes}
        step = arrange(pass_, draws, model, model)
        with flop_counter() as counter:
            loss = total_loss(self.method, self.terms, step, state)
            loss.backward()  # type: ignore[no-untyped-call]
        model.zero_grad()
        return int(counter.get_total_flops())

    def _draw(self, model: nn.Module, size: int, forgotten: int) -> Draw:
        device = next(model.parameters()).device
        labels = zeros(size, device)
        rows = {"retain": zeros(size - forgotten, device), "forget": zeros(forgotten, device)}

        def view(_k: int, _augment: str) -> Tensor:
            return torch.zeros(size, *self.image, device=device)

        return Draw(labels, labels, view, model, rows=rows if forgotten >= 0 else None)


def flop_counter() -> FlopCounterMode:
    """torch's counter, taught that the backward of a grouped convolution is grouped too."""
    backward = {torch.ops.aten.convolution_backward: convolution_backward}
    return FlopCounterMode(display=False, custom_mapping=backward)


def convolution_backward(
    grad: Sequence[int], x: Sequence[int], weight: Sequence[int], *more: Any, **__: Any
) -> int:
    """FLOPs of the asked-for gradients of a convolution, from shapes; each costs a forward."""
    _bias, _stride, _padding, _dilation, transposed, _out, _groups, mask = more[:8]
    batch, _channels, *places = x if transposed else grad
    return int(2 * batch * prod(places) * prod(weight) * sum(mask[:2]))


def zeros(count: int, device: torch.device) -> Tensor:
    """Integers, on the meta device without data."""
    return torch.zeros(max(count, 0), dtype=torch.int64, device=device)


def to_meta(value: Any) -> Any:
    """The same tensors, modules and dicts of them without data."""
    if isinstance(value, dict):
        return {name: to_meta(one) for name, one in value.items()}
    if isinstance(value, Tensor):
        return value.to("meta")
    return copied(value).to("meta") if isinstance(value, nn.Module) else value


def total_loss(method: Trained, terms: tuple[Term, ...], step: Step, state: State) -> Tensor:
    """The method's loss and whatever the terms add."""
    loss = method.loss(step, state)
    for term in terms:
        added = term(step)
        if added is not None:
            loss = loss + added
    return loss
