"""Choose values on val, or write the table of all methods, from the runs of `all_methods.py`.

python benchmarks/all_methods_table.py tune   --data-root DATA   # results/all-methods/tune.*
python benchmarks/all_methods_table.py report --data-root DATA   # random.*, class.*
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from all_methods import REQUESTS, RETRAINS, SEED, methods_of, name_of, points
from untrain.cli.audit import gather
from untrain.data.splits import load_split
from untrain.metrics import table
from untrain.metrics.audit import GAP, audit, measure
from untrain.metrics.evidence import View, collect, view
from untrain.progress import say
from untrain.runs import data_of, load_model, read

OUT = Path("results/all-methods")


def retrain(home: Path, request: str, seed: int) -> Path:
    return home / f"retrain{'' if request == 'random' else f'-{request}'}-{seed}"


def on_val(folder: Path, root: str, keys: np.ndarray | None = None) -> View:
    """What a choice may see of a run: train and val."""
    _, images = data_of(read(folder), root)
    split = load_split(folder / "split.npz", images)
    keys = images.keys[split.forget] if keys is None else keys
    none = split.test[:0]
    seen = collect(load_model(folder, images), images, replace(split, unseen=none, test=none))
    return view(seen, keys, choosing=True)


def tune(home: Path, root: str) -> dict[str, Any]:
    """The gap of every grid point to the Retrain of its seed, on val; and the least."""
    tried: dict[str, Any] = {}
    for request in REQUESTS:
        goal = measure(on_val(retrain(home, request, SEED["tune"]), root), ())
        rows = tried[request] = {}
        for method in methods_of(request, "tune"):
            rows[method] = []
            for values in points(method):
                folder = home / f"{name_of(request, method, values)}-{SEED['tune']}"
                if not (folder / "run.json").exists():  # it diverged: see the log of the runs
                    rows[method].append({"values": values, "gap": None})
                    continue
                found = measure(on_val(folder, root), ())
                gap = float(np.mean([abs(found[name] - goal[name]) for name in GAP]))
                shown = {name: round(found[name], 3) for name in (*GAP, "membership_auc")}
                rows[method].append({"values": values, "gap": round(gap, 2), **shown})
                say(f"{request} {method} {values}: gap {gap:.2f}")
        rows["retrain"] = {name: round(goal[name], 3) for name in (*GAP, "membership_auc")}
    chosen = {
        request: {
            method: min(
                (row for row in rows if row["gap"] is not None), key=lambda row: row["gap"]
            )["values"]
            for method, rows in grid.items()
            if method != "retrain"
        }
        for request, grid in tried.items()
    }
    chosen["class"] = chosen["random"] | chosen["class"]
    return {"tried": tried, "chosen": chosen}


def report(home: Path, root: str, request: str) -> None:
    """The table of a request: Markdown for reading, JSON for programs."""
    chosen = json.loads((OUT / "tune.json").read_text())["chosen"][request]
    seed = SEED["report"]
    runs = [home / f"original-{seed}"]
    runs += [home / f"{name_of(request, m, values)}-{seed}" for m, values in chosen.items()]
    runs = [folder for folder in runs if (folder / "run.json").exists()]
    retrains = tuple(retrain(home, request, one) for one in RETRAINS["report"])
    subjects, retrained, keys, title, *_ = gather(tuple(runs), retrains, root)
    made = audit(subjects, retrained, keys, title=title)
    OUT.joinpath(f"{request}.md").write_text(table.markdown(made) + "\n")
    OUT.joinpath(f"{request}.json").write_text(json.dumps(table.values(made), indent=1) + "\n")
    records = {folder.name: {**read(folder)} for folder in (*runs, *retrains)}
    for record in records.values():
        record.pop("curve")
    OUT.joinpath(f"{request}-runs.json").write_text(json.dumps(records, indent=1) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stage", choices=SEED)
    parser.add_argument("--data-root", required=True)
    parser.add_argument("--out", default="runs/laptop")
    given = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    home = Path(given.out) / given.stage
    if given.stage == "tune":
        OUT.joinpath("tune.json").write_text(
            json.dumps(tune(home, given.data_root), indent=1) + "\n"
        )
    else:
        for request in REQUESTS:
            report(home, given.data_root, request)
