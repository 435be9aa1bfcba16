"""The thread policy beside a busy neighbour: does a second thread help, or wait in a spin?

python -m benchmarks.speed.neighbour --out runs/neighbour.json     # two minutes

A process that never rests holds one core. Training steps (ResNet-18 of width 16, batch 64) run
beside it in processes of their own, as OpenMP reads its environment when torch is imported: on one
thread, and on all usable cores under three policies, of which GOMP_SPINCOUNT=1000 is what `untrain`
sets. They take turns; a ratio is of wall seconds within a round.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from untrain.engine.machine import describe, usable_cores
from untrain.files import write_json

STEPS = """
import sys, time, torch
from torch.nn.functional import cross_entropy
from untrain.models.build import ModelSpec
torch.set_num_threads(int(sys.argv[1]))
model = ModelSpec("resnet18", 10, width=16).make(0).to(memory_format=torch.channels_last)
sgd = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, fused=True)
x = torch.randn(64, 3, 32, 32).contiguous(memory_format=torch.channels_last)
y = torch.randint(10, (64,))
for place in range(13):
    if place == 3:
        started = time.perf_counter()
    cross_entropy(model(x).logits, y).backward()
    sgd.step()
    sgd.zero_grad()
print((time.perf_counter() - started) / 10)
"""
BUSY = "while True: pass"


def variants() -> dict[str, tuple[int, dict[str, str]]]:
    """Threads, and what tells OpenMP how they wait, by name."""
    cores = usable_cores()
    return {
        "one thread": (1, {}),
        f"{cores} threads, OpenMP's own policy": (cores, {}),
        f"{cores} threads, OMP_WAIT_POLICY=PASSIVE": (cores, {"OMP_WAIT_POLICY": "PASSIVE"}),
        f"{cores} threads, GOMP_SPINCOUNT=1000": (cores, {"GOMP_SPINCOUNT": "1000"}),
    }


def step(threads: int, policy: dict[str, str]) -> float:
    """Wall seconds of a training step, the mean of ten, in a process of its own."""
    environment = {name: value for name, value in os.environ.items() if "OMP_" not in name}
    environment |= policy
    command = [sys.executable, "-c", STEPS, str(threads)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return float(done.stdout)


def measure(rounds: int, busy: bool) -> dict[str, list[float]]:
    """Seconds of a step of each variant, by round."""
    neighbour = subprocess.Popen([sys.executable, "-c", BUSY]) if busy else None
    try:
        time.sleep(1)
        found: dict[str, list[float]] = {name: [] for name in variants()}
        for _ in range(rounds):
            for name, (threads, policy) in variants().items():
                found[name].append(step(threads, policy))
        return found
    finally:
        if neighbour is not None:
            neighbour.kill()
            neighbour.wait()


def told(found: dict[str, list[float]]) -> list[str]:
    """Speed of each variant relative to one thread: median, lowest and highest ratio."""
    alone = found["one thread"]
    lines = []
    for name, seconds in found.items():
        ratios = [a / b for a, b in zip(alone, seconds, strict=True)]
        lines.append(f"{name}: {median(ratios):.2f} [{min(ratios):.2f}-{max(ratios):.2f}]")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.neighbour")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    made = {"machine": describe(), "seconds": {}}
    for name, busy in (("quiet", False), ("one core held by another process", True)):
        made["seconds"][name] = measure(given.rounds, busy)
        print(name, *(f"  {line}" for line in told(made["seconds"][name])), sep="\n")
    if given.out:
        write_json(given.out, made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
