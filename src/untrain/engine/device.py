"""Where a run computes: Lightning Fabric for device and precision, threads, memory layout."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import nn

from untrain.engine.machine import choose_threads, processor, usable_cores
from untrain.errors import MISSING, UserError, raise_all

if TYPE_CHECKING:
    from lightning_fabric import Fabric


@dataclass(frozen=True)
class Device:
    """What a run computes on; recorded, but no part of what the run is.

    Beside other work, threads that spin while they wait slow each other down. The command line
    sets GOMP_SPINCOUNT=1000 against it. From Python it is yours to set, in the environment,
    before torch is imported; one thread does not need it.
    """

    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Device: auto takes a GPU if there is one."""
    precision: Literal["auto", "32-true", "bf16-mixed"] = "auto"
    """auto is bf16-mixed on a GPU that has it, 32 bit otherwise."""
    threads: int = 0
    """CPU threads; 0 is torch's choice, but no more than the cores this process may use. The bits
    of a result depend on it."""
    save_every: float = 10.0
    """Least seconds between two saves of an unfinished run; 0 saves after every step."""

    def __post_init__(self) -> None:
        most = 4 * (os.cpu_count() or 1)
        ranges = {
            "threads": (0 <= self.threads <= most, f"0 (the cores that may be used) to {most}"),
            "save_every": (self.save_every >= 0, "seconds from 0 on"),  # nan is none of these
        }
        flags = {f"--{name.replace('_', '-')}": (name, *told) for name, told in ranges.items()}
        raise_all(
            [
                UserError(f"{flag} {getattr(self, name)} is out of range.", flag, f"Use {words}.")
                for flag, (name, fine, words) in flags.items()
                if not fine
            ]
        )

    def kind(self) -> str:
        """cpu or cuda. Raises UserError if a GPU was asked for and there is none."""
        if self.device == "cuda" and not torch.cuda.is_available():
            raise UserError("No GPU is available here.", "--device cuda", "Use cpu.", MISSING)
        if self.device != "auto":
            return self.device
        return "cuda" if torch.cuda.is_available() else "cpu"

    def count_threads(self) -> int:
        """The CPU threads that `threads` stands for here."""
        return choose_threads(self.threads, torch.get_num_threads(), usable_cores())

    def best_precision(self) -> str:
        """What auto stands for: bf16-mixed on a GPU that has it, 32 bit otherwise."""
        fast = self.kind() == "cuda" and torch.cuda.is_bf16_supported()
        return "bf16-mixed" if fast else "32-true"

    def fabric(self) -> Fabric:
        """A Fabric on one device, with nothing printed."""
        from lightning_fabric import Fabric

        torch.set_num_threads(self.count_threads())
        precision: Any = self.precision
        if precision == "auto":
            precision = self.best_precision()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Fabric(accelerator=self.kind(), devices=1, precision=precision)


def layout(model: nn.Module) -> nn.Module:
    """Channels last where it pays: networks of convolutions with batch norm."""
    if any(isinstance(module, nn.BatchNorm2d) for module in model.modules()):
        # torch's stubs lack this overload
        model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return model


def describe(fabric: Fabric) -> dict[str, Any]:
    """What the numbers of a run depend on besides its configuration."""
    import platform

    kind = fabric.device.type
    return {
        "device": torch.cuda.get_device_name(fabric.device) if kind == "cuda" else "cpu",
        "processor": processor(),
        "precision": str(fabric._precision.precision),
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }
