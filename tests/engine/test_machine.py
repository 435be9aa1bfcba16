"""What control groups grant, from files of both versions, and the threads that follow."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from untrain.engine import machine
from untrain.engine.device import Device

LAYOUTS = {
    "none": ({}, "0::/a", None),
    "version 2, a group's own": ({"a/cpu.max": "200000 100000"}, "0::/a", 2.0),
    "version 2, of the parent": (
        {"a/cpu.max": "150000 100000", "a/b/cpu.max": "max 100000"},
        "0::/a/b",
        1.5,
    ),
    "version 2, the root of a container": ({"cpu.max": "50000 100000"}, "0::/", 0.5),
    "version 1": (
        {"cpu/a/cpu.cfs_quota_us": "300000", "cpu/a/cpu.cfs_period_us": "100000"},
        "4:memory:/x\n3:cpu,cpuacct:/a",
        3.0,
    ),
    "version 1, no limit": (
        {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"},
        "3:cpu:/",
        None,
    ),
}


def lay(root: Path, files: dict[str, str], own: str) -> tuple[Path, Path]:
    """A tree of control groups, and the file that says which are a process's own."""
    for name, content in files.items():
        path = root / "groups" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content + "\n")
    (root / "own").write_text(own + "\n")
    return root / "groups", root / "own"


@pytest.mark.parametrize(("files", "own", "cores"), LAYOUTS.values(), ids=LAYOUTS.keys())
def test_a_quota_is_found(
    files: dict[str, str], own: str, cores: float | None, tmp_path: Path
) -> None:
    assert machine.quota(*lay(tmp_path, files, own)) == cores


@pytest.mark.parametrize(
    ("files", "own", "limit"),
    [
        (
            {
                "a/memory.max": "1000",
                "a/memory.current": "700",
                "a/memory.stat": "anon 5\ninactive_file 300",
            },
            "0::/a",
            (1000, 400),
        ),
        ({"a/memory.max": "max", "a/memory.current": "700"}, "0::/a", None),
        (
            {
                "memory/memory.limit_in_bytes": "9223372036854771712",
                "memory/memory.usage_in_bytes": "700",
            },
            "4:memory:/a",
            None,
        ),
    ],
)
def test_a_memory_limit_is_found(
    files: dict[str, str], own: str, limit: tuple[int, int] | None, tmp_path: Path
) -> None:
    assert machine.memory_limit(*lay(tmp_path, files, own)) == limit


@pytest.mark.parametrize(
    ("asked", "default", "usable", "chosen"),
    [(0, 64, 2, 2), (0, 1, 8, 1), (0, 4, 4, 4), (5, 64, 2, 5), (0, 8, 0, 1)],
)
def test_threads_stay_within_the_cores_unless_asked_for(
    asked: int, default: int, usable: int, chosen: int
) -> None:
    assert machine.choose_threads(asked, default, usable) == chosen


def test_a_run_keeps_the_threads_that_the_process_has() -> None:
    """One here: the tests' own choice is below the cores."""
    Device().fabric()
    assert torch.get_num_threads() == 1


def test_this_machine_is_described() -> None:
    found = machine.describe()
    assert 1 <= found["cores"]["usable"] <= found["cores"]["logical"]
    assert 0 < found["memory"]["available"] <= found["memory"]["total"]
    assert found["processor"]
