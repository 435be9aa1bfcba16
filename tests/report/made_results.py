"""Result files as real runs leave them, of any size, with numbers that look like life.

write(folder, methods=3, seeds=3)      a store with a study's listing
write(folder, loose=True)              folders of runs
report(methods=12, seeds=10)           the same, read as a `Report`
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from made_audits import AUDITS, joint_of, verdict_of

from untrain.bench.audits import hashed, place
from untrain.report.data import Report

METHODS = ("coun", "ft", "neggrad-plus", "salun", "l1-sparse", "scrub", "not", "ga", "bad-teacher")
CIFAR10 = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


@dataclass(frozen=True, kw_only=True)
class Made:
    """What is to be written.

    methods: how many, or their labels. classes: how many, or their names. rule: of each request;
    requests: how many one after the other. blocks: networks. grid: two settings of each method.
    audits: names of what was measured; "verdict" and "joint" are among them. failed, missing: rows
    whose first seed failed, or never ran. quick: fewer points in joint files.
    """

    methods: int | Sequence[str] = 3
    seeds: int = 3
    classes: int | Sequence[str] = 10
    rule: str = "random:0.1"
    requests: int = 1
    blocks: int = 1
    grid: bool = False
    original: bool = True
    retrain: bool = True
    audits: Sequence[str] = (*AUDITS, "verdict", "joint")
    failed: Sequence[str] = ()
    missing: Sequence[str] = ()
    loose: bool = False
    listing: bool = True
    title: str = "Synthetic study"
    data: str = "cifar10"
    points: int = 240
    seed: int = 0

    @cached_property
    def labels(self) -> list[str]:
        if not isinstance(self.methods, int):
            return list(self.methods)
        more = [f"method-{k}" for k in range(self.methods)]
        return [*METHODS, *more][: self.methods]

    @cached_property
    def names(self) -> list[str]:
        if not isinstance(self.classes, int):
            return list(self.classes)
        return CIFAR10 if self.classes == 10 else [f"class {k}" for k in range(self.classes)]


@dataclass(frozen=True, kw_only=True)
class Run:
    """One of the runs. near: how good it is, from 0, as Original, to 1, as Retrain."""

    made: Made
    label: str
    seed: int
    rules: tuple[str, ...]
    model: str = "resnet18"
    near: float = 1.0
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def told(self) -> list[Any]:
        return [self.label, self.seed, self.rules, self.model, dict(self.settings), self.made.data]

    @cached_property
    def address(self) -> str:
        return digest(self.told)[:16]

    @cached_property
    def weights(self) -> str:
        return digest(["weights", *self.told])

    @property
    def chance(self) -> np.random.Generator:
        return np.random.default_rng([self.made.seed, int(self.address[:8], 16)])

    @property
    def folder(self) -> str:
        more = f"-{self.model}" * (self.made.blocks > 1) + "".join(
            f"-{k}{v}" for k, v in self.settings.items()
        )
        last = f"-{len(self.rules)}" * (self.made.requests > 1)
        name = f"{self.label}{more}{last}-{self.seed}".replace("/", "_")
        return name.replace("<", "_").replace(">", "_").replace('"', "_")


def write(folder: Path, **options: Any) -> Path:
    """Write a store with its listing, or loose folders of runs; returns the folder."""
    made = Made(**options)
    runs = runs_of(made)
    for run in runs:
        write_run(at(folder, run), run)
    for _, label, run in cells_of(made):
        if label in made.failed and run.seed == 0:
            told = {
                "what": "ft diverged at epoch 3 (loss nan).",
                "where": "",
                "fix": "Try a lower lr.",
            }
            dump(at(folder, run) / "failed.json", {"kind": "refused", "code": 4, **told})
    if "joint" in made.audits:
        _write_joint(folder, made, runs)
    if not made.loose:
        dump(folder / "store.json", {"schema": 1, "what": "runs of untrain bench"})
        if made.listing:
            dump(folder / "studies" / "synthetic-laptop.json", listing_of(made))
    return folder


def report(folder: Path | None = None, **options: Any) -> Report:
    """What is read of such files; of a folder, if one is given, without writing anything."""
    from untrain.report.reading import read_report

    if folder is not None:
        return read_report([folder])
    with tempfile.TemporaryDirectory() as place:
        return read_report([write(Path(place) / "results", **options)])


def at(folder: Path, run: Run) -> Path:
    return folder / run.folder if run.made.loose else folder / "runs" / run.address


def digest(what: Any) -> str:
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()


def dump(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False) + "\n")


def cells_of(made: Made) -> list[tuple[int, str, Run]]:
    """(block, label, run) in the study's order; the Original stands in each block."""
    found: list[tuple[int, str, Run]] = []
    stages = [(made.rule,) * (k + 1) for k in range(made.requests)]
    models = ["resnet18", "vgg16", "vit", "resnet34"][: made.blocks]
    points = [{}, *([{"lam": 1.0}] if made.grid else [])]
    for number, (model, rules) in enumerate((m, r) for m in models for r in stages):
        for seed in range(made.seeds):
            base = Run(made=made, label="original", seed=seed, rules=(), model=model, near=0.0)
            if made.original:
                found.append((number, "original", base))
            if made.retrain:
                found.append(
                    (number, "retrain", replace(base, label="retrain", rules=rules, near=1.0))
                )
            for place_, label in enumerate(made.labels):
                for point in points:
                    settings = ({"lam": 0.3} | point) if made.grid else {}
                    near = 1 - 0.9 * (place_ + len(point) / 2) / max(4, len(made.labels))
                    run = replace(base, label=label, rules=rules, near=near, settings=settings)
                    found.append((number, label, run))
    return found


def runs_of(made: Made) -> list[Run]:
    """Those that are finished, each once."""
    found = {run.address: run for _, label, run in cells_of(made)}
    lost = {*made.failed, *made.missing}
    return [run for run in found.values() if not (run.label in lost and run.seed == 0)]


def listing_of(made: Made) -> dict[str, Any]:
    """STORE/studies/synthetic-laptop.json."""
    cells = cells_of(made)
    blocks: dict[int, dict[str, str]] = {}
    rows = []
    for number, label, run in cells:
        told = made.rule if len(_rules(cells, number)) == 1 else ""
        forget = told or f"{made.rule} x{len(_rules(cells, number))}"
        blocks[number] = {"data": made.data, "model": run.model, "forget": forget}
        rows.append(
            {
                "block": number,
                "label": label,
                "address": run.address,
                "rules": list(_rules(cells, number)),
                "seeds": {"split": 0, "train": run.seed, "unlearn": run.seed},
                "settings": dict(run.settings),
            }
        )
    order = [_row(label, run) for _, label, run in cells]
    return {
        "schema": 1,
        "study": "synthetic",
        "size": "laptop",
        "title": made.title,
        "about": "Made up, to look at pages.",
        "command": "untrain bench run synthetic",
        "choosing": False,
        "evaluate_seeds": [0],
        "over": ["retain_accuracy", "unlearn_accuracy", "test_accuracy", "mia_efficacy"],
        "blocks": list(blocks.values()),
        "order": list(dict.fromkeys(order)),
        "cells": rows,
    }


def _rules(cells: Sequence[tuple[int, str, Run]], number: int) -> tuple[str, ...]:
    return max((run.rules for block, _, run in cells if block == number), key=len)


def _row(label: str, run: Run) -> str:
    told = ", ".join(f"{name} {value}" for name, value in run.settings.items())
    return f"{label} ({told})" if told else label


def write_run(folder: Path, run: Run) -> None:
    """run.json and all that was measured of it."""
    dump(folder / "run.json", record_of(run))
    rules = [(run.made.rule,) * (k + 1) for k in range(run.made.requests)]
    for asked in [run.rules] if run.rules else rules:
        for name in run.made.audits:
            if name in AUDITS:
                values = AUDITS[name](run, asked)
                content = {"schema": 1, "audit": name, "seeds": [0], "weights": run.weights}
                content |= {"rules": list(asked), "requests": [digest(r) for r in asked]}
                own = () if run.rules else asked
                dump(place(folder, name, own), content | {"values": values})
    if "verdict" in run.made.audits and run.label not in ("retrain",) and run.seed == 0:
        dump(folder / "audit" / "verdict.json", verdict_of(run))


def _write_joint(folder: Path, made: Made, runs: Sequence[Run]) -> None:
    """One for each block, in the folder of its Retrain, or else of its Original."""
    for model in dict.fromkeys(run.model for run in runs):
        for rules in dict.fromkeys(run.rules for run in runs if run.rules and run.model == model):
            beside = [
                r for r in runs if r.model == model and r.seed == 0 and r.rules in ((), rules)
            ]
            hosts = [r for r in beside if r.label == "retrain"] or beside
            content = joint_of(beside, rules)
            name = f"joint-{hashed([m['weights'] for m in content['models']])[:12]}.json"
            dump(at(folder, hosts[0]) / "measures" / name, content)


def record_of(run: Run) -> dict[str, Any]:
    """run.json with all keys that real ones have."""
    chance, made = run.chance, run.made
    trained = 5000
    gone = [trained // 10] * len(run.rules)
    epochs = 20 if run.label in ("original", "retrain") else 5
    seconds = epochs * (18 + chance.random())
    spoiled = 0.0 if run.label in ("original", "retrain") else 1 - run.near
    original = replace(run, label="original", rules=(), near=0.0, settings={})
    before = replace(run, rules=run.rules[:-1]) if len(run.rules) > 1 else original
    fresh = run.label in ("original", "retrain")
    name = "retrain" if fresh else run.label.partition("+")[0]
    sizes = {"retain": trained - sum(gone), "forget": gone[-1] if gone else 0}
    sizes |= {"val": 2500, "unseen": 42500, "test": 10000}
    return {
        "schema": 1,
        "key": run.address,
        "label": run.label,
        "paper": "Nobody et al. 2026",
        "command": f"untrain bench run synthetic --store runs # {run.label}",
        "config": {
            "data": _data(made),
            "model": {"model": run.model, "width": 16, "head": "", "pretrained": ""},
            "method": {"name": name, "epochs": epochs, "batch": 64, "lr": 0.1, **run.settings},
            "terms": [{"name": "contrastive", "lam": 0.3, "tau": 0.1}] * ("+" in run.label),
            "forget": run.rules[-1] if run.rules else "",
            "seed": run.seed,
        },
        "fields": {
            "epochs": {"default": 10, "text": "Passes over the data."},
            "batch": {"default": 256, "text": "Images in a step."},
            "lr": {"default": 0.1, "text": "Learning rate."},
            "lam": {"default": 1.0, "text": "Weight of the contrastive term."},
        },
        "images": {
            "name": made.data,
            "hash": digest([made.data, made.names]),
            "classes": made.names,
            "channels": 3,
            "size": [32, 32],
            "stored": [32, 32],
            "mean": [0.5, 0.5, 0.5],
            "std": [0.2, 0.2, 0.2],
        },
        "split": {
            part: {"images": count, "keys": digest([part, run.rules if part != "val" else ""])}
            for part, count in sizes.items()
        }
        | {part: {"images": sizes[part], "keys": digest(part)} for part in ("unseen", "test")},
        "requests": [
            {"rule": rule, "images": count, "keys": digest([rule, k])}
            for k, (rule, count) in enumerate(zip(run.rules, gone, strict=True))
        ],
        "checkpoints": {
            "parent": "" if fresh else before.weights,
            "root": "" if fresh else original.weights,
            "child": run.weights,
        },
        "cost": {
            "seconds": seconds,
            "steps": epochs * 71,
            "samples": epochs * 4500,
            "flops": epochs * 1.9e12 * (1.5 if "+" in run.label or run.label == "coun" else 1.0),
            "peak_memory": 1.8e9,
        },
        "curve": [
            {
                "epoch": epoch + 1,
                "loss": 2.3 * float(np.exp(-4 * epoch / epochs)) + 0.1 * chance.random() + spoiled,
                "lr": 0.1 * (1 - epoch / epochs),
                "seconds": seconds / epochs,
            }
            for epoch in range(epochs)
        ],
        "notes": ["It forgot more than it was asked to."] * (run.label == "ga"),
        "environment": {
            "untrain": "0.1.0",
            "commit": "0" * 40,
            "numerics": {"engine": 1, "data": 1},
            "device": "cpu",
            "processor": "AMD EPYC",
            "precision": "32-true",
            "threads": 1,
            "python": "3.11.7",
            "torch": "2.13.0+cpu",
        },
        "time": {"started": "2026-11-20T10:00:00Z", "ended": f"2026-11-20T10:{run.seed:02}:30Z"},
    }


def _data(made: Made) -> dict[str, Any]:
    return {
        "data": made.data,
        "data_root": "",
        "key": "",
        "label": "",
        "size": 0,
        "stream": 0,
        "limit": 5000,
        "holdout": 0.1,
        "test": "",
        "val": "",
        "unseen": "",
        "plant": "",
        "split_seed": 0,
        "augment": "flip",
        "normalise": "",
    }
