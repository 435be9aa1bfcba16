"""What torch computes with here: devices, precision, threads, and the troubles known of them."""

from __future__ import annotations

import os
from typing import Any

from untrain.doctor.trouble import Trouble

LITTLE = 2 << 30
"""Bytes of memory below which training on 32-pixel images may not fit."""
FAST_BF16 = {"avx512_bf16", "amx_bf16"}
"""A processor without these computes bf16 two to three times slower than 32 bit."""


def look() -> dict[str, Any]:
    """GPUs, precision and threads. Imports torch."""
    import torch

    from untrain.engine.device import Device

    gpus = []
    for number in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        free, total = torch.cuda.mem_get_info(number)
        name = torch.cuda.get_device_name(number)
        gpus.append({"name": name, "memory": total, "memory_free": free})
    device = Device()
    return {
        "torch": torch.__version__,
        "cuda_build": torch.version.cuda or "",
        "gpus": gpus,
        "device": device.kind(),
        "precision": device.best_precision(),
        "threads": device.count_threads(),
        "wait_policy": wait_policy(),
    }


def wait_policy() -> str:
    """What tells OpenMP's threads how to wait for each other; "" if nothing does."""
    names = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")
    told = [f"{name}={os.environ[name].upper()}" for name in names if os.environ.get(name)]
    return told[0] if told else ""


def troubles(machine: dict[str, Any], computing: dict[str, Any]) -> list[Trouble]:
    """What makes runs slow or crash on this machine with this torch."""
    told = []
    driver, cuda = machine["gpu_driver"], computing["cuda_build"]
    if driver and not computing["gpus"]:
        reason = "this torch cannot reach it" if cuda else "this torch is a build for CPUs"
        fix = "Install the torch for your driver: https://pytorch.org/get-started/locally"
        told.append(Trouble(f"An NVIDIA driver is here, but {reason}: for GPUs.", fix))
    cores, load = machine["cores"]["usable"], machine["load"]
    if load >= cores:
        what = f"Other work is running here: load {load} on {cores} cores. Seconds will mislead."
        told.append(Trouble(what, "Wait, or give --threads 1, which suffers least.", "note"))
    if computing["threads"] > 1 and computing["wait_policy"] in ("", "OMP_WAIT_POLICY=ACTIVE"):
        what = "Threads spin while they wait: beside other work a run can take four times as long."
        told.append(Trouble(what, "Set GOMP_SPINCOUNT=1000.", "note"))
    memory = machine["memory"]
    if 0 < memory["available"] < LITTLE:
        swap = "" if memory["swap"] else ", and there is no swap"
        what = f"Only {memory['available'] / (1 << 30):.1f} GB of memory are free{swap}."
        told.append(Trouble(what, "End other programs, or train on fewer images with --limit."))
    if narrow_convolutions_crash(machine["features"], computing):
        what = (
            "With this torch and processor, training with strided 1x1 convolutions of fewer than "
            "16 channels on several threads can crash."
        )
        fix = "untrain's own networks keep clear of it; for narrower ones give --threads 1."
        told.append(Trouble(what, fix, "note"))
    return told


def narrow_convolutions_crash(features: list[str], computing: dict[str, Any]) -> bool:
    """oneDNN's avx512 gradient writes out of bounds: seen with torch 2.13, on two threads."""
    version = tuple(map(int, computing["torch"].split(".")[:2]))
    on_cpu = computing["device"] == "cpu" and computing["threads"] > 1
    return on_cpu and version >= (2, 13) and "avx512f" in features
