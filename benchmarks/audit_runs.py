"""Make the runs of the audit study: 10,000 CIFAR-10 images, `laptop` preset.

    python benchmarks/audit_runs.py random --data-root DATA    # 2,000 forgotten at random
    python benchmarks/audit_runs.py class  --data-root DATA    # every truck, with its controls

Values of learning rate and weight are those that another study chose on val, on another split and
seed (results/all-methods/tune.json); nothing here has looked at the forgotten images to choose.
Every run is an `untrain` command that is printed before it starts. One process of one thread;
runs that are there already are skipped, so that it can be stopped and started.
"""

from __future__ import annotations

import argparse
import os

from laptop_runs import work

RULE = {"random": "random:2000", "class": "class:truck"}
METHODS = {
    "retrain-short": ["retrain-short", "--epochs", "10"],
    "ft": ["ft", "--epochs", "10", "--lr", "0.1"],
    "ga": ["ga", "--lr", "0.003"],
    "random-label": ["random-label", "--lr", "0.02"],
    "not": ["not", "--lr", "0.1"],
    "cu": ["cu", "--lr", "0.03", "--stop", "auto"],
    "coun": ["coun", "--lr", "0.1", "--lam", "0.3"],
}
CLASS = {
    "mask-class": ["mask-class"],
    "cu": ["cu", "--lr", "0.01", "--stop", "none"],
    "ft": ["ft", "--epochs", "10", "--lr", "0.1"],
}
RETRAINS = {"random": (0, 1, 2), "class": (0, 1)}


def commands(request: str, root: str, out: str, seed: int = 0) -> list[list[str]]:
    """All commands of a request: the Original and a Retrain, the methods, further Retrains."""
    common = ["--preset", "laptop", "--threads", "1", "--data-root", root]
    train = ["train", *common, "--limit", "10000"]
    original, rule = f"{out}/original-{seed}", RULE[request]
    retrains = [
        [*train, "--seed", str(one), "--forget", rule, "--out", f"{out}/{request}/retrain-{one}"]
        for one in RETRAINS[request]
    ]
    todo = [[*train, "--seed", str(seed), "--out", original], retrains[0]]
    for name, (method, *flags) in (METHODS if request == "random" else CLASS).items():
        start = ["unlearn", method, "--original", original, "--forget", rule]
        folder = f"{out}/{request}/{name}-{seed}"
        todo.append([*start, *common, "--seed", str(seed), *flags, "--out", folder])
    return todo + retrains[1:]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("request", choices=RULE)
    parser.add_argument("--data-root", required=True)
    parser.add_argument("--out", default="runs/audit")
    given = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    raise SystemExit(work(commands(given.request, given.data_root, given.out)))
