"""How often does the audit accuse an exact model? Retrain seeds x pseudo-requests of unseen images.

    python benchmarks/calibration.py digits                      # results/audit/calibration-*
    python benchmarks/calibration.py cifar10 --data-root DATA

Each model is trained on images of which none is in any pseudo-request, so that it is exact for all
of them: every FAIL is false, and every PASS right. Healing does not depend on the request either
(it trains on the same retained images), so that it is done once per seed and read for each. Only
relearning trains per request; it is done on digits, for the first few requests of a seed and size.
The positive control is left out: nothing was ever there to be seen. Seeds that are there already
are skipped, so that it can be stopped and started.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from untrain.config import DataConfig
from untrain.data.images import Images
from untrain.data.sets.splits import NONE, Split
from untrain.engine import machine
from untrain.engine.device import Device
from untrain.engine.loop import Loop
from untrain.engine.predict import predict
from untrain.files import atomic, write_json
from untrain.methods.retrain import Retrain
from untrain.metrics.estimate import clopper_pearson
from untrain.metrics.evidence import Evidence, Outputs
from untrain.models.build import ModelSpec
from untrain.progress import say
from untrain.rng import numpy_rng
from untrain.runs.record import commit
from untrain.task import Task
from untrain.verdict.case import Case, Party, Shelf
from untrain.verdict.findings import Finding
from untrain.verdict.goals import Goal, Terms
from untrain.verdict.healing import EPOCHS, RATES, answers, heal
from untrain.verdict.level import healing
from untrain.verdict.pace import relearning
from untrain.verdict.population import destination, level_test, shape
from untrain.verdict.records import known_attacks, records
from untrain.verdict.rule import judge, share

DEALS = 2000
"""Of each permutation test: enough for a p-value of 0.0005, and the level of a test is 0.01."""
TESTS = ("level", "shape", "attacks", "records", "destination", "healing")


@dataclass(frozen=True)
class Study:
    """train: images trained on. never: others, from which requests and their references are drawn.

    unseen: images left as reference. sizes: of the requests, each with how many of them a seed
    gets. relearned: of these, how many are relearned.
    """

    data: str
    model: ModelSpec
    recipe: Retrain
    train: int
    never: int
    unseen: int
    sizes: dict[int, int]
    relearned: int
    seeds: int = 20


STUDIES = {
    "digits": Study(
        data="digits",
        model=ModelSpec("small", classes=10, channels=1, width=8),
        recipe=Retrain(epochs=20, batch=32, lr=0.1, schedule="linear", warmup=0.15),
        train=500,
        never=1297,
        unseen=997,
        sizes={50: 50, 100: 50, 300: 50},
        relearned=5,
    ),
    "cifar10": Study(
        data="cifar10",
        model=ModelSpec("small", classes=10, channels=3, width=16),
        recipe=Retrain(epochs=15, batch=64, lr=0.1, schedule="linear", warmup=0.15),
        train=5000,
        never=12_000,
        unseen=5000,
        sizes={300: 5, 1000: 50, 2000: 5},
        relearned=0,
    ),
}


@dataclass(frozen=True)
class Sliced(Shelf):
    """A shelf on which the healing of all never seen images lies; a request takes its rows."""

    rows: dict[str, np.ndarray] = field(default_factory=dict)
    healed: dict[str, np.ndarray] = field(default_factory=dict)
    norms: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def get(
        self,
        name: str,
        about: Mapping[str, Any],
        make: Callable[[], dict[str, np.ndarray]],
        parts: tuple[str, ...] = (),
    ) -> dict[str, np.ndarray]:
        if name == "norms":
            return {part: self.norms[rows] for part, rows in self.rows.items()}
        if name != "healing":
            return make()
        sliced = {part: self.healed["logits"][:, rows] for part, rows in self.rows.items()}
        return {**sliced, "lr": self.healed["lr"], "epoch": self.healed["epoch"]}


def one_seed(study: Study, images: Images, seed: int, device: Device) -> list[dict[str, Any]]:
    """Train an exact model, heal it, and audit all pseudo-requests: a row each."""
    order = numpy_rng(0, "calibration", "train").permutation(len(images))
    retain, never = np.split(order[: study.train + study.never], [study.train])
    retain, never = np.sort(retain), np.sort(never)
    split = Split(retain=retain, forget=NONE, val=NONE, unseen=never, test=NONE)
    task = Task.of(images, split, make_model=study.model.make)
    loop = Loop(study.recipe, task, study.model.make(seed), seed=seed, device=device)
    model = loop.run().model
    watched = {"never": never}
    found = [
        point
        for ratio in RATES
        for point in heal(
            model,
            task,
            watched,
            lr=ratio * study.recipe.lr,
            epochs=EPOCHS,
            batch=study.recipe.batch,
            device=device,
        )
    ]
    healed = {
        "logits": np.stack([point.sets["never"].logits for point in found]),
        "lr": np.array([point.lr for point in found]),
        "epoch": np.array([point.epoch for point in found]),
    }
    plain = answers(loop.model, task, never)
    norms = predict(model, images, never)[1].double().norm(dim=1).numpy()
    rows = []
    for size, count in study.sizes.items():
        for number in range(count):
            drawn = numpy_rng(seed, "calibration", "request", size, number).permutation(len(never))
            mine = np.sort(drawn[:size])
            other = np.sort(drawn[size : size + study.unseen])
            asked = replace(split, forget=never[mine], unseen=never[other])
            evidence = evidence_of(plain, mine, other)
            case = Case(
                label=f"seed {seed}",
                title=study.data,
                task=replace_split(task, asked),
                party=Party("retrain", evidence, lambda: model, seed),
                lr=study.recipe.lr,
                batch=study.recipe.batch,
                shelf=Sliced(rows={"forget": mine, "unseen": other}, healed=healed, norms=norms),
                device=device,
            )
            rows.append(row_of(case, size, number, number < study.relearned))
        say(f"seed {seed}, {size} images: {count} requests")
    return rows


def replace_split(task: Task, split: Split) -> Task:
    """The same task with another split."""
    return Task.of(task.images, split, augment=task.augment, make_model=task.make_model)


def evidence_of(plain: Outputs, mine: np.ndarray, other: np.ndarray) -> Evidence:
    """What an audit reads: the pseudo-request as if it had been trained on."""
    none = plain.take(NONE)
    sets = {"train": plain.take(mine), "unseen": plain.take(other), "val": none, "test": none}
    return Evidence(sets, np.zeros((0, 0)), np.zeros(0))


def row_of(case: Case, size: int, number: int, relearned: bool) -> dict[str, Any]:
    """All tests of one pseudo-request, and the verdict of the rule, with and without relearning."""
    terms = Terms(alpha=share([*TESTS, "relearning"]), deals=DEALS)
    half, none = Goal(0.5), Goal(0.0)
    tests: dict[str, Finding] = {
        "level": level_test(case, terms, half),
        "shape": shape(case, terms),
        "attacks": known_attacks(case, terms),
        "records": records(case, terms),
        "destination": destination(case, terms),
        "healing": healing(case, terms, none, half),
    }
    row: dict[str, Any] = {"size": size, "request": number, "seed": case.party.seed}
    row["verdict"] = judge([], list(tests.values())).word
    if relearned:
        tests["relearning"] = relearning(case, terms)
        row["with relearning"] = judge([], list(tests.values())).word
    for name, one in tests.items():
        row[name] = {
            "state": one.state,
            "value": one.value,
            "error": (one.high - one.low) / 3.92,
            "p": one.p,
            "margin": one.margin,
        }
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study", choices=STUDIES)
    parser.add_argument("--data-root", default="")
    parser.add_argument("--out", default="results/audit", type=Path)
    parser.add_argument("--seeds", default=0, type=int, help="fewer seeds, for a first look")
    given = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    study, device = STUDIES[given.study], Device(threads=1)
    images, _ = DataConfig(data=study.data, data_root=given.data_root).load()
    kept = Path(f"runs/calibration-{given.study}")
    rows: list[dict[str, Any]] = []
    for seed in range(given.seeds or study.seeds):
        path = kept / f"{seed}.json"
        if not path.exists():
            write_json(path, one_seed(study, images, seed, device))
        rows += json.loads(path.read_text())
    with atomic(given.out / f"calibration-{given.study}.md") as draft:
        draft.write_text(table(study, rows))
    write_json(given.out / f"calibration-{given.study}.json", summary(study, rows))


def summary(study: Study, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Counts per size."""
    about = machine.describe() | {"torch": torch.__version__, "commit": commit()}
    found: dict[str, Any] = {"study": study.data, "train": study.train, **about, "sizes": {}}
    for size in study.sizes:
        mine = [row for row in rows if row["size"] == size]
        again = [row for row in mine if "with relearning" in row]
        fails = {
            name: sum(row[name]["state"] == "fail" for row in mine if name in row)
            for name in (*TESTS, "relearning")
        }
        found["sizes"][str(size)] = {
            "requests": len(mine),
            "seeds": len({row["seed"] for row in mine}),
            "FAIL": sum(row["verdict"].startswith("FAIL") for row in mine),
            "PASS": sum(row["verdict"] == "PASS" for row in mine),
            "relearned": len(again),
            "FAIL with relearning": sum(r["with relearning"].startswith("FAIL") for r in again),
            "PASS with relearning": sum(r["with relearning"] == "PASS" for r in again),
            "fails": fails,
            "passes": {
                name: sum(row[name]["state"] == "pass" for row in mine if name in row)
                for name in (*TESTS, "relearning")
            },
            "clears AUC": clears(mine, "level", 0.5),
            "clears healing": clears(mine, "healing", 0.0),
        }
    return found


def clears(rows: list[dict[str, Any]], name: str, goal: float) -> float:
    """The smallest margin inside which 80 % of these 90 % intervals lie."""
    reach = [abs(row[name]["value"] - goal) + 1.645 * row[name]["error"] for row in rows]
    return float(np.quantile(reach, 0.8))


def table(study: Study, rows: list[dict[str, Any]]) -> str:
    """Markdown: a line per size."""
    lines = [
        "| forgotten | requests | false FAIL (95 %) | PASS | fails by test | margin that clears: "
        "AUC | healing |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for size, one in summary(study, rows)["sizes"].items():
        low, high = clopper_pearson(one["FAIL"], one["requests"])
        fails = ", ".join(f"{name} {count}" for name, count in one["fails"].items() if count)
        lines.append(
            f"| {size} | {one['requests']} ({one['seeds']} seeds) | {one['FAIL']} = "
            f"{one['FAIL'] / one['requests']:.1%} ({low:.1%} to {high:.1%}) | "
            f"{one['PASS'] / one['requests']:.0%} | {fails or 'none'} | "
            f"{one['clears AUC']:.3f} | {100 * one['clears healing']:.1f} points |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
