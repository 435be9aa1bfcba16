"""Turn the runs of laptop_runs.py into the committed table: tables, values, paired differences.

python benchmarks/laptop_table.py tune   --data-root DATA     # the grid, measured on val
python benchmarks/laptop_table.py report --data-root DATA     # the table, on test and unseen
"""

from __future__ import annotations

import argparse
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import t

from untrain.files import atomic, write_json
from untrain.metrics.audit import GAP, Audit, Row, audit
from untrain.metrics.table import markdown, values
from untrain.runs.gather import gather
from untrain.runs.record import read


def differences(made: Audit) -> str:
    """Method against method, paired by seed: mean difference and its 95 % Student interval."""
    retrain = made.row("retrain")
    methods = [row for row in made.rows if row.label not in ("original", "retrain")]
    lines = ["| difference | n | UA | AUC | gap (paired) |", "|---|---|---|---|---|"]
    for one, other in combinations(sorted(methods, key=lambda row: row.label), 2):
        assert one.seeds == other.seeds == retrain.seeds
        cells = [
            interval(np.subtract(one.values[name], other.values[name]), digits)
            for name, digits in (("unlearn_accuracy", 2), ("membership_auc", 3))
        ]
        cells.append(interval(gaps(one, retrain) - gaps(other, retrain), 2))
        names = f"{one.label} - {other.label}"
        lines.append(f"| {names} | {len(one.seeds)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def gaps(row: Row, retrain: Row) -> np.ndarray:
    """The average gap of each seed to the Retrain of the same seed, (seeds,)."""
    return np.abs(np.subtract([row.values[m] for m in GAP], [retrain.values[m] for m in GAP])).mean(
        0
    )


def interval(sample: np.ndarray, digits: int) -> str:
    half = t.ppf(0.975, len(sample) - 1) * sample.std(ddof=1) / len(sample) ** 0.5
    mean = sample.mean()
    return f"{mean:+.{digits}f} [{mean - half:+.{digits}f}, {mean + half:+.{digits}f}]"


def facts(folder: Path) -> dict[str, Any]:
    """What can be said of a run without its weights; no path of a machine."""
    run = read(folder)
    config = run["config"]
    data = {k: v for k, v in config["data"].items() if k != "data_root"}
    kept = {name: run[name] for name in ("key", "label", "images", "split", "checkpoints", "cost")}
    return {
        "run": folder.name,
        **kept,
        "config": config | {"data": data},
        "environment": run["environment"],
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stage", choices=("tune", "report"))
    parser.add_argument("--data-root", required=True)
    parser.add_argument("--runs", default="runs/laptop")
    parser.add_argument("--out", type=Path, default=Path("results/laptop-random10"))
    given = parser.parse_args()
    folders = sorted(path.parent for path in Path(given.runs, given.stage).glob("*/run.json"))
    retrains = tuple(f for f in folders if read(f)["label"] == "retrain")
    others = tuple(f for f in folders if f not in retrains)
    found = gather(others, retrains, given.data_root)
    choosing = given.stage == "tune"
    made = audit(found.subjects, found.retrains, found.keys, title=found.title, choosing=choosing)
    for row in made.rows:  # two runs shared the machine: seconds would mislead
        row.values.pop("seconds", None)
        row.values.pop("relative_seconds", None)
    parts = [markdown(made)]
    if given.stage == "report":
        parts += ["### Method against method, paired by seed", differences(made)]
    with atomic(given.out / f"{given.stage}.md") as draft:
        draft.write_text("\n\n".join(parts) + "\n")
    write_json(given.out / f"{given.stage}.json", values(made))
    write_json(given.out / f"{given.stage}-runs.json", [facts(f) for f in (*others, *retrains)])
