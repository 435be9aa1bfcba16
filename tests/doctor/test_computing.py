"""Troubles of a machine and its torch, each from the facts that show it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from untrain.doctor import computing

GB = 1 << 30
MACHINE: dict[str, Any] = {
    "cores": {"usable": 4},
    "load": 0.5,
    "memory": {"available": 8 * GB, "swap": 0},
    "gpu_driver": "",
    "features": ["avx2"],
}
TORCH: dict[str, Any] = {
    "torch": "2.13.0+cpu",
    "cuda_build": "",
    "gpus": [],
    "device": "cpu",
    "threads": 2,
    "wait_policy": "GOMP_SPINCOUNT=1000",
}


def test_a_good_machine_has_none() -> None:
    assert computing.troubles(MACHINE, TORCH) == []


@pytest.mark.parametrize(
    ("machine", "torch", "told"),
    [
        ({"gpu_driver": "NVRM 570"}, {}, "this torch is a build for CPUs"),
        ({"gpu_driver": "NVRM 570"}, {"cuda_build": "12.8"}, "this torch cannot reach it"),
        ({"load": 4.2}, {}, "load 4.2 on 4 cores"),
        ({"memory": {"available": GB, "swap": 0}}, {}, "Only 1.0 GB of memory.* no swap"),
        ({"memory": {"available": GB, "swap": GB}}, {}, "Only 1.0 GB of memory are free."),
        ({}, {"wait_policy": ""}, "Threads spin"),
        ({"features": ["avx512f"]}, {}, "1x1 convolutions"),
    ],
)
def test_what_is_told(machine: dict[str, Any], torch: dict[str, Any], told: str) -> None:
    (trouble,) = computing.troubles(MACHINE | machine, TORCH | torch)
    assert re.search(told, trouble.what)


@pytest.mark.parametrize(
    "torch", [{"threads": 1}, {"torch": "2.12.1"}, {"device": "cuda", "gpus": [{}]}]
)
def test_narrow_convolutions_are_safe_elsewhere(torch: dict[str, Any]) -> None:
    assert computing.troubles(MACHINE | {"features": ["avx512f"]}, TORCH | torch) == []
