"""What this machine has: processor, the cores and memory this process may use, load, GPU driver.

A container sees all cores and all memory of its host; its control groups say what it may use.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Any

GROUPS = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")
CPU = Path("/proc/cpuinfo")


def choose_threads(asked: int, default: int, usable: int) -> int:
    """Threads to compute with: what was asked for, else torch's default up to the usable cores.

    More threads than cores wait for each other, several times slower than one thread alone.
    """
    return asked or max(1, min(default, usable))


def usable_cores() -> int:
    """Cores this process may use: affinity and the quota of its control groups, at least 1."""
    if hasattr(os, "sched_getaffinity"):
        allowed = len(os.sched_getaffinity(0))
    else:
        allowed = os.cpu_count() or 1
    given = quota()
    return allowed if given is None else max(1, min(allowed, int(given)))


def quota(groups: Path = GROUPS, own: Path = OWN) -> float | None:
    """Cores' worth of time that the control groups grant; None without a limit."""
    found = []
    for folder in control_groups("cpu", groups, own):
        most, _, period = text(folder / "cpu.max").partition(" ")
        if not most:  # version 1
            most, period = text(folder / "cpu.cfs_quota_us"), text(folder / "cpu.cfs_period_us")
        if most.isdigit() and period.isdigit() and int(most) and int(period):  # else max, or -1
            found.append(int(most) / int(period))
    return min(found, default=None)


def memory_limit(groups: Path = GROUPS, own: Path = OWN) -> tuple[int, int] | None:
    """Limit and use of the tightest control group, in bytes; None without a limit."""
    found = []
    for folder in control_groups("memory", groups, own):
        most = text(folder / "memory.max") or text(folder / "memory.limit_in_bytes")
        used = text(folder / "memory.current") or text(folder / "memory.usage_in_bytes")
        if most.isdigit() and used.isdigit() and int(most) < 1 << 60:  # version 1: a huge number
            cache = [line.split()[1] for line in lines(folder / "memory.stat", "inactive_file ")]
            found.append((int(most), int(used) - sum(map(int, cache))))
    return min(found, key=lambda limit: limit[0] - limit[1], default=None)


def control_groups(controller: str, groups: Path, own: Path) -> Iterator[Path]:
    """Folders of the groups of this process, from its own up to the root, versions 1 and 2."""
    for line in text(own).splitlines():
        _, names, path = line.split(":", 2)
        if names and controller not in names.split(","):
            continue
        base = groups / controller if names else groups
        parts = Path(path).parts[1:]
        for depth in range(len(parts), -1, -1):
            yield base.joinpath(*parts[:depth])


def memory() -> dict[str, int]:
    """Bytes by name: total, available, swap; total and available within the limit of a group."""
    sizes = {}
    for line in lines(Path("/proc/meminfo")):
        name, _, size = line.partition(":")
        sizes[name] = int(size.split()[0]) * 1024
    if not sizes:  # not Linux
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        return {"total": pages, "available": 0, "swap": 0}
    total, available = sizes["MemTotal"], sizes["MemAvailable"]
    limit = memory_limit()
    if limit is not None:
        available = min(available, max(0, limit[0] - limit[1]))
        total = min(total, limit[0])
    return {"total": total, "available": available, "swap": sizes.get("SwapTotal", 0)}


def processor() -> str:
    """The name of the processor, as far as the system tells."""
    names = [line.partition(":")[2].strip() for line in lines(CPU, "model name")]
    return names[0] if names else platform.processor() or platform.machine()


def physical_cores() -> int | None:
    """Cores without their second threads; None where the system does not tell."""
    sockets, cores = lines(CPU, "physical id"), lines(CPU, "core id")
    return len(set(zip(sockets, cores, strict=False))) or None


def features() -> frozenset[str]:
    """The processor's abilities that matter here, such as avx512f and avx512_bf16."""
    flags = {flag for line in lines(CPU, "flags")[:1] for flag in line.split()}
    return frozenset(flags & {"avx2", "avx512f", "avx512_bf16", "amx_bf16"})


def gpu_driver() -> str:
    """The line of the NVIDIA driver, "" without one; torch is not asked."""
    found = lines(Path("/proc/driver/nvidia/version"))
    return found[0].partition(":")[2].strip() if found else ""


def describe() -> dict[str, Any]:
    """The processor and what of it is free to use."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "processor": processor(),
        "features": sorted(features()),
        "cores": {
            "logical": os.cpu_count() or 1,
            "physical": physical_cores(),
            "usable": usable_cores(),
            "quota": quota(),
        },
        "load": round(os.getloadavg()[0], 2),
        "memory": memory(),
    }


def text(path: Path) -> str:
    """A file of the system's, "" if it is not there."""
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def lines(path: Path, start: str = "") -> list[str]:
    """The lines of a file of the system's that begin with `start`."""
    return [line for line in text(path).splitlines() if line.startswith(start)]
