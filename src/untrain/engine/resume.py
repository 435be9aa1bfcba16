"""Nothing lost: the state of a run on disk, within a pass as well as between passes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from untrain.engine.cost import Cost
from untrain.engine.device import describe
from untrain.engine.interrupt import Interrupt
from untrain.engine.steps import Part, Steps
from untrain.errors import UserError
from untrain.models.checkpoint import load, put_weights, save
from untrain.models.given import weights_of
from untrain.progress import say

if TYPE_CHECKING:
    from untrain.engine.loop import Loop

SHARE = 0.05
"""At most this share of a run's time goes into saving it."""


class Resume:
    """The resume file of a run: weights, momentum, method state, cursors, journal, cost.

    path: where it lies; None keeps nothing. key: what the run is; a file of another run is
    refused. every: least seconds between two writes.
    """

    def __init__(self, path: Path | None = None, key: str = "", every: float = 10.0) -> None:
        self.path, self.key, self.every = path, key, every
        self.interrupt = Interrupt()
        self.next = time.monotonic() + every
        self.failed = False

    def load(self, loop: Loop, steps: Steps, state: dict[str, Any]) -> int:
        """Put a saved state back; returns how many passes it has behind it."""
        if self.path is None or not self.path.exists():
            return 0
        try:
            tensors, about = load(self.path)
        except UserError as error:
            raise UserError(
                error.what,
                where=str(self.path),
                fix="Remove this file; the run then starts anew.",
                code=error.code,
            ) from error
        if about.get("key") != self.key:
            raise UserError(
                "The folder holds an unfinished run with other settings.",
                where=str(self.path.parent),
                fix="Use the same settings and the same data to resume it, or another --out.",
            )
        for sentence in differences(about["about"], describe(loop.fabric)):
            loop.note(sentence)
        put(tensors, "model", loop.model)
        unpack(tensors, state)
        for number, parameter in enumerate(steps.optimizer.param_groups[0]["params"]):
            for name, value in below(tensors, f"optimizer/{number}").items():
                # the fused optimiser walks memory: the layout must be the parameter's
                like = parameter if value.shape == parameter.shape else value.to(loop.device)
                steps.optimizer.state[parameter][name] = torch.empty_like(like).copy_(value)
        for place in about["kept"]:
            kept = below(tensors, f"kept/{place}")
            loop.kept[place] = {name: tensor.to(loop.device) for name, tensor in kept.items()}
        torch.set_rng_state(tensors["dropout/cpu"])
        if "dropout/cuda" in tensors:
            torch.cuda.set_rng_state(tensors["dropout/cuda"])
        loop.rewind({name: (epoch, cursor) for name, (epoch, cursor) in about["streams"].items()})
        loop.journal, loop.curve = about["journal"], about["curve"]
        loop.cost = Cost(**about["cost"])
        if loop.watch:
            loop.watch.load(about["watch"])
        if "part/total" in tensors:
            steps.part = _part(about["part"], tensors["part/total"].to(loop.device))
        return int(about["passes"])

    def due(self) -> bool:
        """Whether it is time to save: every so often, and at once if a stop is asked for."""
        asked = self.interrupt.asked and not self.failed
        return self.path is not None and (asked or time.monotonic() >= self.next)

    def save(self, loop: Loop, steps: Steps, state: dict[str, Any], passes: int) -> None:
        """Write the state after a step if it is time; then stop if somebody asked for it.

        passes: those that are complete. A write that fails, as on a full disk, is told and tried
        again later: the run itself loses nothing by going on.
        """
        if self.path is None or not self.due():
            return
        started = time.monotonic()
        tensors, about = snapshot(loop, steps, state)
        try:
            planned = {"key": self.key, "passes": passes, "length": loop.method.length}
            save(self.path, tensors, about | planned)
        except UserError as error:
            if not self.failed:
                say(f"{error.what} The run goes on, and saves as soon as it can.")
            self.failed = True
        else:
            if self.failed:
                say(f"{self.path.name} is written again")
            self.failed = False
            if self.interrupt.asked:
                raise KeyboardInterrupt
        took = time.monotonic() - started
        self.next = time.monotonic() + max(self.every, took / SHARE * (self.every > 0))

    @contextmanager
    def stoppable(self) -> Iterator[None]:
        """While the block runs, a first Ctrl-C asks for an orderly stop, if there is a file."""
        if self.path is None:
            yield
            return
        with self.interrupt.listening():
            yield
        if self.interrupt.asked and not self.failed:  # after the last save
            raise KeyboardInterrupt

    def clear(self) -> None:
        """The run is finished and its weights are written."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)


def snapshot(
    loop: Loop, steps: Steps, state: dict[str, Any]
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Everything that the rest of a run depends on: tensors by flat names, and plain values."""
    tensors = {f"model/{name}": tensor for name, tensor in weights_of(loop.model).items()}
    tensors |= pack(state)
    for number, parameter in enumerate(steps.optimizer.param_groups[0]["params"]):
        for name, value in steps.optimizer.state[parameter].items():
            if isinstance(value, Tensor):  # SGD without momentum keeps None
                tensors[f"optimizer/{number}/{name}"] = value
    for place, kept in loop.kept.items():
        tensors |= {f"kept/{place}/{name}": tensor for name, tensor in kept.items()}
    tensors["dropout/cpu"] = torch.get_rng_state()
    if loop.fabric.device.type == "cuda":
        tensors["dropout/cuda"] = torch.cuda.get_rng_state()
    about = {
        "streams": loop.cursors | {n: (s.epoch, s.cursor) for n, s in loop.streams.items()},
        "journal": loop.journal,
        "kept": list(loop.kept),
        "curve": loop.curve,
        "cost": asdict(loop.cost),
        "about": describe(loop.fabric),
    }
    if loop.watch:
        about["watch"] = loop.watch.saved()
    if steps.part is not None:
        part = steps.part
        tensors["part/total"] = part.total
        about["part"] = {
            "place": part.place,
            "seconds": part.seconds,
            "first": part.first,
            "sizes": list(part.sizes.items()),
        }
    return tensors, about


def _part(values: dict[str, Any], total: Tensor) -> Part:
    """A part of a pass from its plain values; JSON knows no tuples."""
    sizes = {tuple(tuple(row) for row in size): steps for size, steps in values["sizes"]}
    epoch, cursor = values["first"]
    return Part(total, values["place"], values["seconds"], (epoch, cursor), Counter(sizes))


def differences(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What differs from the machine that the run was begun on, in words."""
    return [
        f"Begun with {name} {before[name]}, resumed with {now[name]}: the bits are not those of an "
        "uninterrupted run."
        for name in ("device", "precision", "threads", "torch")
        if before[name] != now[name]
    ]


def pack(state: Mapping[str, Any], prefix: str = "state") -> dict[str, Tensor]:
    """The tensors of a method's state, modules and dicts included, under flat names."""
    flat: dict[str, Tensor] = {}
    for name, value in state.items():
        if isinstance(value, nn.Module):
            value = weights_of(value)
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
    put_weights(module, below(tensors, prefix))


def below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin with `prefix/`, without it."""
    start = len(prefix) + 1
    return {name[start:]: t for name, t in tensors.items() if name.startswith(prefix + "/")}
