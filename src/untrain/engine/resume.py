"""Nothing lost: the state of a run on disk, and an orderly stop on Ctrl-C."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from untrain.engine.checkpoint import load, save
from untrain.engine.cost import Cost
from untrain.errors import UserError
from untrain.progress import say

if TYPE_CHECKING:
    from untrain.engine.loop import Loop


class Resume:
    """The resume file of a run: weights, momentum, method state, cursors, journal, cost.

    path: where it lies; None keeps nothing. key: what the run is; a file of another run is
    refused. every: least seconds between two writes.
    """

    def __init__(self, path: Path | None = None, key: str = "", every: float = 10.0) -> None:
        self.path, self.key, self.every = path, key, every
        self.saved = time.monotonic()
        self.stop = False

    def load(self, loop: Loop, optimizer: torch.optim.Optimizer, state: dict[str, Any]) -> int:
        """Put a saved state back; returns how many passes it has behind it."""
        if self.path is None or not self.path.exists():
            return 0
        tensors, about = load(self.path)
        if about.get("key") != self.key:
            raise UserError(
                "The folder holds an unfinished run with other settings.",
                where=str(self.path.parent),
                fix="Use the same settings to resume it, or another --out.",
            )
        put(tensors, "model", loop.model)
        unpack(tensors, state)
        for number, parameter in enumerate(optimizer.param_groups[0]["params"]):
            for name, value in below(tensors, f"optimizer/{number}").items():
                # the fused optimiser walks memory: the layout must be the parameter's
                like = parameter if value.shape == parameter.shape else value.to(loop.device)
                optimizer.state[parameter][name] = torch.empty_like(like).copy_(value)
        for place in about["kept"]:
            kept = below(tensors, f"kept/{place}")
            loop.kept[place] = {name: tensor.to(loop.device) for name, tensor in kept.items()}
        torch.set_rng_state(tensors["dropout/cpu"])
        if "dropout/cuda" in tensors:
            torch.cuda.set_rng_state(tensors["dropout/cuda"])
        loop.rewind({name: (epoch, cursor) for name, (epoch, cursor) in about["streams"].items()})
        loop.journal, loop.curve = about["journal"], about["curve"]
        loop.cost = Cost(**about["cost"])
        return int(about["passes"])

    def save(
        self, loop: Loop, optimizer: torch.optim.Optimizer, state: dict[str, Any], passes: int
    ) -> None:
        """Write the state after a pass, unless the last write is fresh; stop if Ctrl-C asked."""
        if self.path is None or not (self.stop or time.monotonic() - self.saved >= self.every):
            return
        tensors = {f"model/{name}": tensor for name, tensor in loop.model.state_dict().items()}
        tensors |= pack(state)
        for number, parameter in enumerate(optimizer.param_groups[0]["params"]):
            for name, value in optimizer.state[parameter].items():
                if isinstance(value, Tensor):  # SGD without momentum keeps None
                    tensors[f"optimizer/{number}/{name}"] = value
        for place, kept in loop.kept.items():
            tensors |= {f"kept/{place}/{name}": tensor for name, tensor in kept.items()}
        tensors["dropout/cpu"] = torch.get_rng_state()
        if loop.fabric.device.type == "cuda":
            tensors["dropout/cuda"] = torch.cuda.get_rng_state()
        about = {
            "key": self.key,
            "passes": passes,
            "streams": loop.cursors | {n: (s.epoch, s.cursor) for n, s in loop.streams.items()},
            "journal": loop.journal,
            "kept": list(loop.kept),
            "curve": loop.curve,
            "cost": asdict(loop.cost),
        }
        save(self.path, tensors, about)
        self.saved = time.monotonic()
        if self.stop:
            raise KeyboardInterrupt

    def clear(self) -> None:
        """The run is finished and its weights are written."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Ctrl-C once ends after this pass, saved; twice ends at once."""
        if self.path is None or threading.current_thread() is not threading.main_thread():
            yield
            return

        def ask(*_: object) -> None:
            if self.stop:
                raise KeyboardInterrupt
            self.stop = True
            say("stopping after this pass, with everything saved; Ctrl-C again stops now")

        before = signal.signal(signal.SIGINT, ask)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)


def pack(state: Mapping[str, Any], prefix: str = "state") -> dict[str, Tensor]:
    """The tensors of a method's state, modules and dicts included, under flat names."""
    flat: dict[str, Tensor] = {}
    for name, value in state.items():
        if isinstance(value, nn.Module):
            value = value.state_dict()
        if isinstance(value, Mapping):
            flat |= pack(value, f"{prefix}/{name}")
        elif isinstance(value, Tensor):
            flat[f"{prefix}/{name}"] = value
    return flat


def unpack(tensors: dict[str, Tensor], state: Mapping[str, Any], prefix: str = "state") -> None:
    """Put the tensors of a method's state back in place."""
    for name, value in state.items():
        if isinstance(value, nn.Module):
            put(tensors, f"{prefix}/{name}", value)
        elif isinstance(value, Mapping):
            unpack(tensors, value, f"{prefix}/{name}")
        elif isinstance(value, Tensor):
            value.copy_(tensors[f"{prefix}/{name}"])


def put(tensors: dict[str, Tensor], prefix: str, module: nn.Module) -> None:
    """Load the tensors whose names begin with `prefix/` into a module."""
    module.load_state_dict(below(tensors, prefix))


def below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin with `prefix/`, without it."""
    start = len(prefix) + 1
    return {name[start:]: t for name, t in tensors.items() if name.startswith(prefix + "/")}
