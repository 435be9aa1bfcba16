"""What may be said of an unlearned model in public: numbers and kinds, never which images.

No key, no rule, no command, no hash of keys: a rule such as where:user=17 names a person, and who
has all keys could find the forgotten ones by their hash.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from untrain.files import TORN
from untrain.metrics.accuracy import accuracy
from untrain.metrics.evidence import load_evidence
from untrain.models.build import ModelSpec
from untrain.models.ecosystems import Pictured
from untrain.version import __version__

SCHEMA = 1
"""Of untrain.json."""
VERDICT = Path("audit") / "verdict.json"


def facts(folder: Path, run: Mapping[str, Any], spec: ModelSpec, about: Pictured) -> dict[str, Any]:
    """The content of untrain.json, from which the card is written."""
    config, checkpoints = run["config"], run["checkpoints"]
    rules = [request["rule"] for request in run.get("requests", [])]
    counts = [request["images"] for request in run.get("requests", [])]
    environment = run.get("environment", {})
    return {
        "schema": SCHEMA,
        "label": run["label"],
        "paper": run.get("paper", ""),
        "model": {
            "name": public(spec.name),
            "package": spec.ecosystem.prefix if spec.ecosystem else "",
            "width": spec.width,
            "pretrained": Path(spec.pretrained).name,
            "classes": list(about.classes),
            "channels": about.channels,
            "size": list(about.size),
            "mean": list(about.mean),
            "std": list(about.std),
            "stored": list(about.kept),
        },
        "data": {
            "name": run["images"].get("name", ""),
            "planted": config["data"].get("plant", ""),
            "resized": bool(config["data"].get("size", 0)),
            "images": {name: part["images"] for name, part in run.get("split", {}).items()},
        },
        "forgotten": [
            {"rule": rule.partition(":")[0], "images": count}
            for rule, count in zip(rules, counts, strict=True)
        ],
        "method": dict(config["method"]),
        "terms": [dict(term) for term in config["terms"]],
        "seed": config["seed"],
        "chosen_by": run.get("choice", {}).get("by", ""),
        "lineage": {
            "weights": checkpoints["child"],
            "parent": checkpoints["parent"],
            "root": checkpoints.get("root", ""),
        },
        "versions": {
            "untrain": __version__,
            "trained_with": environment.get("untrain", ""),
            "commit": environment.get("commit", ""),
            "torch": environment.get("torch", ""),
            "package": version(spec),
        },
        "ended": run.get("time", {}).get("ended", ""),
        "accuracy": accuracies(folder, checkpoints["child"]),
        "audit": verdict(folder, checkpoints["child"]),
    }


def version(spec: ModelSpec) -> str:
    """The package that the network is of, with its version."""
    found = spec.ecosystem
    return f"{found.package} {getattr(found.library, '__version__', '')}" if found else ""


def public(name: str) -> str:
    """The name of a network without the path that may stand in it."""
    prefix, _, rest = name.partition(":")
    return f"{prefix}:{Path(rest).name}" if prefix == "hf" and Path(rest).is_absolute() else name


def accuracies(folder: Path, weights: str) -> dict[str, float]:
    """Percent right on each set, from the evidence that an audit has left; empty without one."""
    evidence = load_evidence(folder / "evidence.npz", weights)
    if evidence is None:
        return {}
    found = {name: accuracy(evidence.sets[name]) for name in ("test", "unseen")}
    try:
        with np.load(folder / "split.npz") as saved:
            train = evidence.sets["train"]
            for name in ("retain", "forget"):
                found[name] = accuracy(train.take(np.isin(train.keys, saved[name])))
    except TORN:
        pass
    return {name: round(value, 2) for name, value in found.items() if np.isfinite(value)}


def verdict(folder: Path, weights: str) -> dict[str, Any]:
    """What the last audit of these weights has found; empty if there was none.

    Its sentences may name images, so that only words and numbers are taken.
    """
    try:
        said = json.loads((folder / VERDICT).read_text())
        if said["log"]["checkpoints"]["child"] != weights:
            return {}
        tests = [
            {name: one[name] for name in ("key", "state", "value", "low", "high", "margin", "sees")}
            for one in said["findings"]
            if one["state"] != "off"
        ]
        changes = [
            {name: one[name] for name in ("name", "before", "after")} for one in said["utility"]
        ]
        terms = {name: said["terms"][name] for name in ("margin", "epochs", "candidates")}
        return {"verdict": said["verdict"], "tests": tests, "utility": changes, **terms}
    except TORN:
        return {}
