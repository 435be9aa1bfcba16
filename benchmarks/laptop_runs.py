"""Make the runs of the first table: random 10 % of 5,000 CIFAR-10 images, `laptop` preset.

    python benchmarks/laptop_runs.py tune   --data-root DATA     # split seed 1, two tuning seeds
    python benchmarks/laptop_runs.py report --data-root DATA     # split seed 0, five fresh seeds

Every run is an `untrain` command that is printed before it starts. Two processes of one thread
each; runs that are there already are skipped, so that the script can be stopped and started.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from itertools import product

FORGET = "random:0.1"
SEEDS = {"tune": (100, 101), "report": (0, 1, 2, 3, 4)}
SPLIT_SEED = {"tune": 1, "report": 0}
CHOSEN = {
    "ft-5": ["ft", "--epochs", "5", "--lr", "0.1"],
    "ft-10": ["ft", "--epochs", "10", "--lr", "0.1"],
    "coun-5": ["coun", "--epochs", "5", "--lr", "0.1", "--lam", "0.3"],
    "retrain-short-5": ["retrain-short", "--epochs", "5"],
    "retrain-short-10": ["retrain-short", "--epochs", "10"],
}
"""The values of lowest average gap in the grid, equal epochs and equal FLOPs to CoUn."""


def grid() -> dict[str, list[str]]:
    """The tuning grid: every method the same learning rates, CoUn four weights as well."""
    runs = {}
    for lr, epochs in product(("0.01", "0.03", "0.05", "0.1", "0.2"), ("5", "10")):
        runs[f"ft-{epochs}-lr{lr}"] = ["ft", "--epochs", epochs, "--lr", lr]
    for lr, lam in product(("0.01", "0.03", "0.05", "0.1", "0.2"), ("0.1", "0.3", "1.0", "3.0")):
        runs[f"coun-5-lr{lr}-lam{lam}"] = ["coun", "--epochs", "5", "--lr", lr, "--lam", lam]
    return runs


def commands(stage: str, root: str, out: str, seed: int) -> list[list[str]]:
    """All commands of one seed, in order."""
    home = f"{out}/{stage}"
    common = ["--preset", "laptop", "--seed", str(seed), "--threads", "1", "--data-root", root]
    train = ["train", *common, "--split-seed", str(SPLIT_SEED[stage])]
    original = f"{home}/original-{seed}"
    todo = [
        [*train, "--out", original],
        [*train, "--forget", FORGET, "--out", f"{home}/retrain-{seed}"],
    ]
    for name, (method, *flags) in (grid() if stage == "tune" else CHOSEN).items():
        start = ["unlearn", method, "--original", original, "--forget", FORGET]
        todo.append([*start, *common, *flags, "--out", f"{home}/{name}-{seed}"])
    return todo


def work(todo: list[list[str]]) -> int:
    """Run commands one after the other in this process; returns the worst exit code."""
    from untrain.cli.main import main

    worst = 0
    for command in todo:
        print("untrain", *command, flush=True)
        worst = max(worst, main(command))
    return worst


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stage", choices=SEEDS)
    parser.add_argument("--data-root", required=True)
    parser.add_argument("--out", default="runs/laptop")
    given = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    with ProcessPoolExecutor(2) as pool:
        seeds = SEEDS[given.stage]
        codes = pool.map(
            work, [commands(given.stage, given.data_root, given.out, s) for s in seeds]
        )
        raise SystemExit(max(codes))
