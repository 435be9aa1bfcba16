"""What trackers are told of a run: settings, counts, the curve and the cost; no keys of images."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from untrain.version import __version__

if TYPE_CHECKING:
    from untrain.runs.plan import Plan

Value = str | int | float | bool
OPEN = {"random", "class", "subclass", "planted"}
"""Kinds of forget rules that name no image and nobody whose images they are."""


@dataclass(frozen=True)
class About:
    """A run as a tracker knows it from its first step on."""

    name: str
    """What lists of runs show: the label, and the name of its folder if that is another one."""
    identity: str
    """Of this run in this folder: the same run somewhere else is another one."""
    settings: dict[str, Value]
    """By flat names: method.lr, data.limit, ..."""
    tags: dict[str, str]


def about(plan: Plan, folder: Path) -> About:
    """What is known of a run before it trains."""
    key, place = plan.key(), folder.absolute()
    own = f"{place.parent.name}-{place.name}" if place.name.isdigit() else place.name
    sizes = {f"images.{name}": str(size) for name, size in plan.split.sizes().items()}
    for number, images in enumerate(plan.split.requests, 1):
        sizes[f"request.{number}.images"] = str(len(images))
    told = {"key": key, "label": plan.label, "version": __version__}
    told |= {"requests": str(len(plan.rules)), **sizes}
    return About(
        name=own if own == plan.label else f"{plan.label} {own}",
        identity=hashlib.sha256(f"{key} {place}".encode()).hexdigest()[:12],
        settings=settings(plan.config()),
        tags=tagged(told),
    )


def settings(config: Mapping[str, Any]) -> dict[str, Value]:
    """The settings of a run under flat names, as plain values."""
    found: dict[str, Any] = {}
    for part, values in config.items():
        if part == "terms":
            found |= {f"{term['name']}.{n}": v for term in values for n, v in term.items()}
        elif isinstance(values, dict):
            found |= {f"{part}.{name}": value for name, value in values.items()}
        else:
            found[part] = values
    found["forget"] = public(config["forget"])
    plain = (str, int, float, bool)
    return {n: v if isinstance(v, plain) else json.dumps(v) for n, v in found.items()}


def public(rule: str) -> str:
    """A forget rule without whom it names: who asked to be forgotten stays in the run's folder."""
    kind = rule.partition(":")[0]
    return rule if kind in OPEN or not rule else f"{kind}:..."


def measured(row: Mapping[str, Any]) -> dict[str, float]:
    """A row of the curve by names; passes of several roles have a loss each."""
    role = row.get("role", "")
    told = {name: float(row[name]) for name in ("epoch", "lr", "seconds")}
    return {f"loss/{role}" if role else "loss": float(row["loss"]), **told}


def cost(run: Mapping[str, Any]) -> dict[str, float]:
    """What a finished run has cost."""
    return {f"cost/{name}": float(value) for name, value in run["cost"].items()}


def environment(run: Mapping[str, Any]) -> dict[str, str]:
    """What the numbers of a finished run depend on besides its settings."""
    names = ("commit", "device", "precision", "threads", "python", "torch")
    known = run["environment"]
    return tagged({name: str(known[name]) for name in names if known.get(name)})


def tagged(words: Mapping[str, str]) -> dict[str, str]:
    """Tags under untrain's own name, apart from those of others."""
    return {f"untrain.{name}": word for name, word in words.items()}
