"""Where a run computes: Lightning Fabric for device and precision, threads, memory layout."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import nn

from untrain.errors import MISSING, UserError

if TYPE_CHECKING:
    from lightning_fabric import Fabric


@dataclass(frozen=True)
class Device:
    """What a run computes on; recorded, but no part of what the run is."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Device: auto takes a GPU if there is one."""
    precision: Literal["auto", "32-true", "bf16-mixed"] = "auto"
    """auto is bf16-mixed on a GPU that has it, 32 bit otherwise."""
    threads: int = 0
    """CPU threads, 0 for torch's own choice. The bits of a result depend on it."""

    def __post_init__(self) -> None:
        most = 4 * (os.cpu_count() or 1)
        if not 0 <= self.threads <= most:
            raise UserError(
                f"--threads {self.threads} is out of range.",
                where="--threads",
                fix=f"Use 0 (torch's choice) to {most}.",
            )

    def kind(self) -> str:
        """cpu or cuda. Raises UserError if a GPU was asked for and there is none."""
        if self.device == "cuda" and not torch.cuda.is_available():
            raise UserError("No GPU is available here.", "--device cuda", "Use cpu.", MISSING)
        if self.device != "auto":
            return self.device
        return "cuda" if torch.cuda.is_available() else "cpu"

    def fabric(self) -> Fabric:
        """A Fabric on one device, with nothing printed."""
        from lightning_fabric import Fabric

        if self.threads:
            torch.set_num_threads(self.threads)
        precision: Any = self.precision
        if precision == "auto":
            fast = self.kind() == "cuda" and torch.cuda.is_bf16_supported()
            precision = "bf16-mixed" if fast else "32-true"
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


def processor() -> str:
    """The name of the processor, as far as the system tells."""
    import platform
    from pathlib import Path

    about = Path("/proc/cpuinfo")
    lines = about.read_text().splitlines() if about.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
