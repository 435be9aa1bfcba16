"""Which runs are compared with each other: one data set, one network, one request."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from untrain.bench.asking.cells import called
from untrain.bench.job import Block
from untrain.bench.kept.retold import placeless
from untrain.bench.numbers.ties import UNRANKED
from untrain.report.reading.portable import shortened
from untrain.report.reading.runs import Folder, spelled

APART = ("limit", "holdout", "size", "val", "unseen", "test", "plant")
"""Data settings that make other sets of the same images."""
Kind = tuple[str, str]
"""Of what runs must be of one: images with their sets, and network."""
Set = tuple[Block, tuple[str, ...], list[Folder]]


def blocks_of(folders: Sequence[Folder]) -> list[Set]:
    """Blocks with the rules of their requests and their runs; a run without requests stands in all
    blocks of its kind, and in none if there is no other run."""
    found: dict[tuple[Kind, tuple[str, ...]], list[Folder]] = {}
    for folder in folders:
        if folder.rules:
            rules = spelled(folder.rules, folder.run)
            found.setdefault((kind_of(folder), rules), []).append(folder)
    for folder in folders:
        if not folder.rules:
            for (kind, _), members in found.items():
                if kind == kind_of(folder):
                    members.append(folder)
    ordered = sorted(found, key=lambda one: (one[0], len(one[1]), one[1]))
    firsts = {kind: next(m[0] for (k, _), m in found.items() if k == kind) for kind, _ in ordered}
    names = {kind: _named(first, list(firsts.values())) for kind, first in firsts.items()}
    return [
        (
            Block(
                data=names[kind][0], model=names[kind][1], forget=called([*map(shortened, rules)])
            ),
            rules,
            found[kind, rules],
        )
        for kind, rules in ordered
    ]


def kind_of(folder: Folder) -> Kind:
    config = folder.run["config"]
    sets = {name: config["data"].get(name) for name in APART if config["data"].get(name)}
    images = json.dumps([folder.run["images"].get("hash", ""), sets], sort_keys=True)
    network = {name: value for name, value in config["model"].items() if value}
    return images, json.dumps(network, sort_keys=True)


def _named(folder: Folder, others: Sequence[Folder]) -> tuple[str, str]:
    """Data set and network, with what sets them apart from those of other kinds."""
    told = []
    for part, first, keys in (
        ("data", "data", APART),
        ("model", "model", ("width", "head", "pretrained")),
    ):
        mine = folder.run["config"][part]
        theirs = [other.run["config"][part] for other in others]
        alike = [one for one in theirs if one.get(first) == mine.get(first)]
        wide = [key for key in keys if len({str(one.get(key) or "") for one in alike}) > 1]
        name = folder.run["images"].get("name") if part == "data" else network(folder)
        more = [f"{key} {_short(mine.get(key))}" for key in wide if mine.get(key)]
        told.append(", ".join([_short(name or mine.get(first)), *more]))
    clash = [o for o in others if o is not folder and kind_of(o)[1] == kind_of(folder)[1]]
    same_name = [
        o for o in clash if o.run["images"].get("name") == folder.run["images"].get("name")
    ]
    if any(o.run["images"].get("hash") != folder.run["images"].get("hash") for o in same_name):
        told[0] += f", files {str(folder.run['images'].get('hash', ''))[:8]}"
    return told[0], told[1]


def network(folder: Folder) -> str:
    """Which network a run has, as `ModelConfig.spec` chooses it where none is named."""
    small = (folder.run["images"].get("size") or [32])[0] < 28
    named = folder.run["config"]["model"].get("model") or ("small" if small else "resnet18")
    return placeless(str(named))


def _short(value: Any) -> str:
    return placeless(str(value))


def settings_of(folders: Sequence[Folder]) -> list[tuple[Folder, dict[str, Any]]]:
    """Each run with the settings that differ between runs of its label. Originals and Retrains are
    one row each, whatever their settings."""
    every = [_settings(folder.run) for folder in folders]
    found = []
    for folder, mine in zip(folders, every, strict=True):
        peers = [
            theirs
            for other, theirs in zip(folders, every, strict=True)
            if other.label == folder.label
        ]
        differ = [
            name for name in mine if len({str(peer[name]) for peer in peers if name in peer}) > 1
        ]
        found.append(
            (folder, {} if folder.label in UNRANKED else {name: mine[name] for name in differ})
        )
    return found


def _settings(run: Mapping[str, Any]) -> dict[str, Any]:
    """Hyper-parameters of a run's method, and those of its terms as `contrastive.lam`."""
    config = run["config"]
    terms = {
        f"{term['name']}.{key}": value
        for term in config["terms"]
        for key, value in term.items()
        if key != "name"
    }
    chosen = {name: value for name, value in config.get("select", {}).items() if name != "retrain"}
    method = {name: value for name, value in config["method"].items() if name != "name"}
    return {**method, **terms, **chosen}
