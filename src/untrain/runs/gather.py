"""Runs side by side: read, found to belong together, and measured where they are not yet."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from untrain.config import path_of
from untrain.data.images import Images
from untrain.data.sets.splits import Split, key_hash, load_split
from untrain.errors import Problems, UserError
from untrain.metrics.audit import Subject
from untrain.metrics.evidence import load_evidence
from untrain.runs.load import data_of, described, load_model
from untrain.runs.measure import measured
from untrain.runs.record import read, rules_of


class Gathered(NamedTuple):
    """What an audit takes: evidence of all runs, and what was forgotten.

    keys: of all that was forgotten. requests: those of each request, in order.
    """

    subjects: list[Subject]
    retrains: list[Subject]
    keys: np.ndarray
    title: str
    requests: list[np.ndarray]


def gather(
    runs: tuple[Path, ...],
    retrain: tuple[Path, ...],
    root: str = "",
    problems: Problems | None = None,
) -> Gathered:
    """Evidence of all runs, which is collected where it is asked for the first time.

    Raises UserError unless all runs are of one data set and training set, and all that forgot
    anything forgot the same images, in whatever requests; with all problems, and those found
    before, before anything is measured.
    """
    problems = problems or Problems()
    runs, retrain = (tuple(path_of(str(f)).resolve() for f in fs) for fs in (runs, retrain))
    known = _described(runs, retrain, problems)
    images, splits = _sets(known, root, problems)
    if runs and len(splits) == len({*runs, *retrain}):
        problems.attempt(_check_sets, images, list(splits.values()))
    problems.raise_all()
    images = problems.settled(images)
    labels = _labels([known[folder] for folder in runs])
    subjects = [subject(folder, label, images) for folder, label in zip(runs, labels, strict=True)]
    retrains = [subject(folder, "retrain", images) for folder in retrain]
    # runs of fewer, larger requests forgot the same images: the finest division has the columns
    told = max(splits, key=lambda folder: len(splits[folder].requests))
    keys = images.keys[splits[told].forgotten]
    requests = [images.keys[at] for at in splits[told].requests]
    title = _title(known[runs[0]], known[told], images, len(keys), len(splits[runs[0]].train))
    return Gathered(subjects, retrains, keys, title, requests)


def _described(
    runs: tuple[Path, ...], retrain: tuple[Path, ...], problems: Problems
) -> dict[Path, dict[str, Any]]:
    """The records of those runs that can be read; refuses what is no Retrain, or named twice."""
    folders = (*runs, *retrain)
    found = {folder: problems.attempt(described, folder) for folder in folders}
    known = {folder: run for folder, run in found.items() if run is not None}
    weights = [known[folder]["checkpoints"]["child"] for folder in folders if folder in known]
    twice = [
        folder for folder, run in known.items() if weights.count(run["checkpoints"]["child"]) > 1
    ]
    if twice:
        what = f"A run is named twice: {', '.join(map(str, twice))}."
        problems.add(UserError(what, "untrain audit", "Name it once; a copy says nothing new."))
    for folder in retrain:
        if folder in known and known[folder]["label"] != "retrain":
            what = f"{folder.name} is a run of '{known[folder]['label']}', not of Retrain."
            fix = "Train one: untrain train --forget RULE ..."
            problems.add(UserError(what, "--retrain", fix))
    problems.attempt(_check_family, list(known.values()))
    return known


def _sets(
    known: Mapping[Path, dict[str, Any]], root: str, problems: Problems
) -> tuple[Images | None, dict[Path, Split]]:
    """The images of the runs and the split of each; checks those weights that will be measured."""
    first = next(iter(known.values()), None)
    _, images = problems.attempt(data_of, first, root) or (None, None)
    found = {}
    for folder, run in known.items():
        # of other images its split would say nothing, and that is told already
        own = images if first and run["images"]["hash"] == first["images"]["hash"] else None
        split = problems.attempt(load_split, folder / "split.npz", own)
        if split is not None:
            found[folder] = split
        if load_evidence(folder / "evidence.npz", run["checkpoints"]["child"]) is None:
            problems.attempt(load_model, folder, own)
    return images, found


def _title(
    first: dict[str, Any], told: dict[str, Any], images: Images, forgotten: int, trained: int
) -> str:
    """What the table is of: data, network, requests."""
    model = first["config"]["model"]["model"] or "default model"
    rules = ", then ".join(rules_of(told))
    return f"{images.name} / {model} / forget {rules}: {forgotten} of {trained} training images"


def _check_sets(images: Images, splits: list[Split]) -> None:
    """Refuse runs of different training sets, or that forgot different images or none at all."""
    trained = {_hash(images, split.train) for split in splits}
    forgot = {_hash(images, split.forgotten) for split in splits if split.requests}
    for found, what in ((trained, "were trained on"), (forgot, "forgot")):
        if len(found) > 1:
            raise UserError(
                f"The runs {what} {len(found)} different sets of images.",
                where="untrain audit",
                fix="Audit runs of one data set, split seed and forget rule at a time; of several "
                "requests, runs of one stage.",
            )
    if not forgot:
        raise UserError(
            "None of these runs has forgotten anything.",
            where="untrain audit",
            fix="Name an unlearned run, or a Retrain (untrain train --forget RULE).",
        )


def _check_family(described: list[dict[str, Any]]) -> None:
    """Refuse runs of different images or networks, and methods of another Original."""
    for name, found in (
        ("data sets", {run["images"]["hash"] for run in described}),
        ("networks", {_network(run["config"]["model"]) for run in described}),
    ):
        if len(found) > 1:
            raise UserError(
                f"The runs are of {len(found)} different {name}.",
                where="untrain audit",
                fix="Audit runs of one data set and network at a time.",
            )
    originals = {r["checkpoints"]["child"] for r in described if r["label"] == "original"}
    for run in described:
        checkpoints = run["checkpoints"]
        root = checkpoints.get("root", checkpoints["parent"])
        if originals and root and root not in originals:
            raise UserError(
                f"A run of '{run['label']}' (seed {run['config']['seed']}) started from another "
                "model than the Original named here.",
                where="untrain audit",
                fix="Name the Original that it was unlearned from.",
            )


def _network(model: dict[str, Any]) -> str:
    """Which network it is: a field at its default is as one that an older version did not have."""
    return json.dumps({name: value for name, value in model.items() if value}, sort_keys=True)


def _hash(images: Images, positions: Any) -> str:
    return key_hash(images.keys[positions])


def subject(folder: Path, label: str, images: Images) -> Subject:
    """A run with its evidence, which is collected the first time it is asked for."""
    run = read(folder)
    known = {name: run["cost"][name] for name in ("seconds", "flops")}
    cost = {name: float(value) for name, value in known.items() if value is not None}
    notes = tuple(run.get("notes", ()))  # runs of the first version have none
    return Subject(label, measured(folder, images), run["config"]["seed"], cost, notes)


def _labels(described: list[dict[str, Any]]) -> list[str]:
    """A label per run: the method, and the settings in which runs of one label differ."""
    settings = [_settings(run["config"]) for run in described]
    labels = []
    for run, mine in zip(described, settings, strict=True):
        pairs = zip(described, settings, strict=True)
        peers = [theirs for other, theirs in pairs if other["label"] == run["label"]]
        differ = [k for k in mine if len({str(peer.get(k)) for peer in peers}) > 1]
        labels.append(" ".join([run["label"], *(f"{name}={mine[name]}" for name in differ)]))
    return labels


def _settings(config: dict[str, Any]) -> dict[str, Any]:
    """Hyper-parameters of a run's method, and those of its terms as `contrastive.lam`."""
    terms = {f"{t['name']}.{k}": v for t in config["terms"] for k, v in t.items()}
    return {**config["method"], **terms, **config.get("select", {}), **config.get("at_hand", {})}
