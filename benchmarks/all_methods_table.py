"""Choose values on val, or write the table of all methods, from the runs of `all_methods.py`.

python benchmarks/all_methods_table.py tune   --data-root DATA   # results/all-methods/tune.*
python benchmarks/all_methods_table.py report --data-root DATA   # random.*, class.*
"""

from __future__ import annotations

import argparse
import json
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from all_methods import CLASS_BESIDE, GRID, REQUESTS, RETRAINS, SEED, methods_of, name_of, points
from laptop_table import facts
from untrain.data.sets.splits import load_split
from untrain.files import atomic, write_json
from untrain.metrics.audit import GAP, Audit, Row, audit, measure
from untrain.metrics.evidence import collect, view
from untrain.metrics.remarks import DESTROYED
from untrain.metrics.table import markdown, values
from untrain.progress import say
from untrain.runs.gather import gather, subject
from untrain.runs.load import data_of, load_model
from untrain.runs.record import read

OUT = Path("results/all-methods")


def retrain(home: Path, request: str, seed: int) -> Path:
    return home / f"retrain{'' if request == 'random' else f'-{request}'}-{seed}"


def on_val(folder: Path, root: str) -> dict[str, float] | None:
    """The measures of a run that a choice may see, on train and val; kept beside the run."""
    if not (folder / "run.json").exists():  # it diverged: see the log of the runs
        return None
    run, kept = read(folder), folder / "val.json"
    if kept.exists():
        found: dict[str, float] = json.loads(kept.read_text())
        return found
    torch.set_num_threads(1)
    _, images = data_of(run, root)
    split = load_split(folder / "split.npz", images)
    seen = replace(split, unseen=split.test[:0], test=split.test[:0])
    evidence = collect(load_model(folder, images), images, seen)
    found = measure(view(evidence, images.keys[split.forget], choosing=True), ())
    found = {name: round(found[name], 3) for name in (*GAP, "membership_auc")}
    write_json(kept, found)
    return found


def tune(home: Path, root: str) -> dict[str, Any]:
    """The gap of every grid point to the Retrain of its seed, on val; and the least."""
    made: dict[str, Any] = {"tried": {}, "chosen": {}}
    with ProcessPoolExecutor(2) as pool:
        for request in REQUESTS:
            goal = on_val(retrain(home, request, SEED["tune"]), root)
            assert goal is not None, "the Retrain of the tuning seed is missing"
            rows: list[dict[str, Any]] = []
            grid = [(m, point) for m in methods_of(request, "tune") for point in points(m)]
            folders = [home / f"{name_of(request, *one)}-{SEED['tune']}" for one in grid]
            measured = pool.map(on_val, folders, [root] * len(folders))
            for (method, point), found in zip(grid, measured, strict=True):
                gap = np.mean([abs(found[name] - goal[name]) for name in GAP]) if found else np.inf
                rows.append({"method": method, "values": point, "gap": round(float(gap), 2)})
                rows[-1] |= found or {"diverged": True}
                say(f"{request} {method} {point}: gap {gap:.2f}")
            best = {
                method: min((r for r in rows if r["method"] == method), key=lambda r: r["gap"])
                for method in methods_of(request, "tune")
            }
            made["tried"][request] = [{"method": "retrain", **goal}, *rows]
            made["chosen"][request] = {method: row["values"] for method, row in best.items()}
    beside = {method: made["chosen"]["random"][method] for method in CLASS_BESIDE}
    made["chosen"]["class"] |= beside
    return made


def report(home: Path, root: str, request: str) -> None:
    """The table of a request: Markdown for reading, JSON for programs."""
    chosen = json.loads((OUT / "tune.json").read_text())["chosen"][request]
    seed = SEED["report"]
    runs = [home / f"original-{seed}"]
    runs += [home / f"{name_of(request, m, point)}-{seed}" for m, point in chosen.items()]
    runs = [folder for folder in runs if (folder / "run.json").exists()]
    retrains = [retrain(home, request, one) for one in RETRAINS["report"]]
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(collected, [*runs, *retrains], [root] * (len(runs) + len(retrains))))
    found = gather(tuple(runs), tuple(retrains), root)
    made = audit(found.subjects, found.retrains, found.keys, title=found.title)
    for row in made.rows:  # two runs shared the machine: seconds would mislead
        row.values.pop("seconds", None)
        row.values.pop("relative_seconds", None)
    with atomic(OUT / f"{request}.md") as draft:
        draft.write_text(f"{summary(made, chosen)}\n\n{markdown(made)}\n")
    write_json(OUT / f"{request}.json", values(made))
    write_json(OUT / f"{request}-runs.json", [facts(folder) for folder in (*runs, *retrains)])


def collected(folder: Path, root: str) -> None:
    """Measure a run, so that the audit finds its evidence."""
    os.environ["OMP_NUM_THREADS"] = "1"
    torch.set_num_threads(1)
    subject(folder, "", data_of(read(folder), root)[1])


COLUMNS = ("retain_accuracy", "unlearn_accuracy", "test_accuracy", "mia_efficacy")


def summary(made: Audit, chosen: dict[str, dict[str, str]]) -> str:
    """One line a model, the nearest to Retrain first: before (Original) and after."""
    original, goal = made.row("original"), made.row("retrain")
    methods = [row for row in made.rows if row not in (original, goal)]
    methods.sort(key=lambda row: row.gap["average"])
    gone = "gone_test_accuracy" in goal.values
    head = ["model", "chosen", "tried", "FLOPs", "RA", "UA", "TA", "MIA", "AUC"]
    head += [*["TA gone"] * gone, "average gap", "mark"]
    lines = [head, ["---"] * len(head)]
    for row in (original, goal, *methods):
        name = row.label.split(" ")[0]
        cells = [name, spelled(chosen.get(name, {})), tried(name)]
        cells.append(f"{row.mean('relative_flops'):.2f}x")
        cells += [f"{row.mean(column):.1f}" for column in COLUMNS]
        cells.append(f"{row.mean('membership_auc'):.3f}")
        cells += [f"{row.mean('gone_test_accuracy'):.1f}"] * gone
        floor = f"floor {goal.gap['floor']:.2f}"
        cells += [floor if row is goal else f"{row.gap['average']:.2f}"]
        cells.append("" if row in (original, goal) else mark(row, original, goal))
        lines.append(cells)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def mark(row: Row, original: Row, goal: Row) -> str:
    """did nothing: the Original within the floor. destroyed, retain lost: ten points of test or
    of retain accuracy below Retrain."""
    distance = np.mean([abs(row.mean(name) - original.mean(name)) for name in GAP])
    if distance <= goal.gap["floor"]:
        return "did nothing"
    if goal.mean("test_accuracy") - row.mean("test_accuracy") > DESTROYED:
        return "destroyed"
    lost = goal.mean("retain_accuracy") - row.mean("retain_accuracy")
    return "retain lost" if lost > DESTROYED else ""


def spelled(values: dict[str, str]) -> str:
    return ", ".join(f"{flag} {value}" for flag, value in values.items())


def tried(method: str) -> str:
    grid = GRID.get(method, {})
    return "; ".join(f"{flag} {', '.join(v)}" for flag, v in grid.items() if flag and len(v) > 1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stage", choices=SEED)
    parser.add_argument("--data-root", required=True)
    parser.add_argument("--out", default="runs/laptop")
    given = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    home = Path(given.out) / given.stage
    if given.stage == "tune":
        write_json(OUT / "tune.json", tune(home, given.data_root))
    else:
        for request in REQUESTS:
            report(home, given.data_root, request)
