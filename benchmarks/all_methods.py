"""Make the runs of the table of all methods: 5,000 CIFAR-10 images, `laptop` preset, one seed.

    python benchmarks/all_methods.py tune   --data-root DATA   # another split, forget draw and seed
    python benchmarks/all_methods_table.py tune --data-root DATA
    python benchmarks/all_methods.py report --data-root DATA   # the values chosen there
    python benchmarks/all_methods_table.py report --data-root DATA

Two requests, random 10 % and a whole class. No method gets more than about half the arithmetic of
Retrain. Every run is an `untrain` command that is printed before it starts. Two processes of one
thread each; runs that are there already are skipped, so that it can be stopped and started.
"""

from __future__ import annotations

import argparse
import json
import os
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path

from laptop_runs import work

REQUESTS = {"random": "random:0.1", "class": "class:truck"}
SEED = {"tune": 100, "report": 0}
SPLIT_SEED = {"tune": 1, "report": 0}
RETRAINS = {"tune": (100,), "report": (0, 1, 2)}
CHOSEN = Path("results/all-methods/tune.json")

Grid = dict[str, tuple[str, ...]]
GRID: dict[str, Grid] = {
    "ga": {"lr": ("0.001", "0.003", "0.01")},
    "boundary-shrink": {"lr": ("0.00003", "0.0001", "0.0003")},
    "boundary-expand": {"lr": ("0.00003", "0.0001", "0.0003")},
    "mask-class": {"": ("",)},
    "ssd": {"alpha": ("5", "20", "50"), "lam": ("0.5", "1")},
    "fisher": {"alpha": ("1e-8", "1e-7", "1e-6")},
    "unsir": {"impair-lr": ("0.005", "0.02")},
    "cu": {"lr": ("0.003", "0.01", "0.03"), "stop": ("none", "auto")},
    "retrain-short": {"epochs": ("10",)},
    "ft": {"lr": ("0.05", "0.1", "0.2")},
    "coun": {"lr": ("0.05", "0.1"), "lam": ("0.1", "0.3")},
    "neggrad-plus": {"lr": ("0.03", "0.1"), "beta": ("0.95", "0.99")},
    "random-label": {"lr": ("0.02", "0.05", "0.1")},
    "salun": {"lr": ("0.02", "0.05")},
    "l1-sparse": {"gamma": ("0.0001", "0.0005")},
    "not": {"lr": ("0.1", "0.2")},
    "bad-teacher": {"lr": ("0.03", "0.1")},
    "scrub": {"lr": ("0.03", "0.1")},
    "cf-k": {"lr": ("0.1", "0.2")},
    "eu-k": {"lr": ("0.05", "0.1")},
}
"""Values tried for each method; everything else is its laptop preset."""
CLASS_ONLY = ("unsir", "mask-class")
CLASS_TUNED = ("ga", "cu", "ssd", "fisher", "boundary-shrink", "boundary-expand", *CLASS_ONLY)
"""What is tuned for the class request too."""
CLASS_BESIDE = ("ft", "coun", "not", "random-label")
"""What stands beside them, with the values of the random request."""


def points(method: str) -> list[dict[str, str]]:
    """The grid of a method."""
    grid = GRID[method]
    return [
        {flag: value for flag, value in zip(grid, values, strict=True) if flag}
        for values in product(*grid.values())
    ]


def name_of(request: str, method: str, values: dict[str, str]) -> str:
    """The folder of a run."""
    return "-".join([request, method, *(f"{flag}{value}" for flag, value in values.items())])


def methods_of(request: str, stage: str) -> list[str]:
    """The methods that are run for a request."""
    if request == "random":
        return [name for name in GRID if name not in CLASS_ONLY]
    return [*CLASS_TUNED, *(CLASS_BESIDE if stage == "report" else ())]


def commands(stage: str, request: str, root: str, out: str) -> list[list[str]]:
    """All commands of a request, the Original and its Retrains first."""
    home = f"{out}/{stage}"
    common = ["--preset", "laptop", "--threads", "1", "--data-root", root]
    train = ["train", *common, "--split-seed", str(SPLIT_SEED[stage])]
    seed = str(SEED[stage])
    original, rule = f"{home}/original-{seed}", REQUESTS[request]
    todo = [[*train, "--seed", seed, "--out", original]] if request == "random" else []
    suffix = "" if request == "random" else f"-{request}"
    for one in map(str, RETRAINS[stage]):
        folder = f"{home}/retrain{suffix}-{one}"
        todo.append([*train, "--seed", one, "--forget", rule, "--out", folder])
    chosen = json.loads(CHOSEN.read_text())["chosen"] if stage == "report" else {}
    for method in methods_of(request, stage):
        grid = points(method) if stage == "tune" else [chosen[request][method]]
        for values in grid:
            flags = [word for flag, value in values.items() for word in (f"--{flag}", value)]
            start = ["unlearn", method, "--original", original, "--forget", rule]
            folder = f"{home}/{name_of(request, method, values)}-{seed}"
            todo.append([*start, *common, "--seed", seed, *flags, "--out", folder])
    return todo


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stage", choices=SEED)
    parser.add_argument("--data-root", required=True)
    parser.add_argument("--out", default="runs/laptop")
    parser.add_argument("--only", default="", help="methods, separated by commas")
    given = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    GRID = {name: GRID[name] for name in given.only.split(",")} if given.only else GRID
    todo = [
        command
        for request in REQUESTS
        for command in commands(given.stage, request, given.data_root, given.out)
    ]
    # the Original and the Retrains before everything that needs them
    first = [command for command in todo if command[0] == "train"]
    rest = [command for command in todo if command[0] != "train"]
    with ProcessPoolExecutor(2) as pool:
        worst = [list(pool.map(work, [[one] for one in part])) for part in (first, rest)]
    raise SystemExit(max(code for codes in worst for code in codes))
