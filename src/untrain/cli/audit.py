"""`untrain audit RUN ... --retrain RUN ...`: the table against Retrain."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from untrain.errors import UserError
from untrain.progress import say

if TYPE_CHECKING:
    import numpy as np

    from untrain.data.images import Images
    from untrain.data.splits import Split
    from untrain.metrics.audit import Subject


@dataclass(frozen=True, kw_only=True)
class AuditOptions:
    """Which models, and how the table is printed."""

    runs: tuple[Path, ...] = ()
    """Folders of the Original and of unlearned models; equal settings are seeds of one row."""
    retrain: tuple[Path, ...] = ()
    """Folders of Retrains of the same forgotten images; two or more show the floor of the gap."""
    data_root: str = ""
    """Folder with local data, if it has moved since."""
    choosing: bool = False
    """Measure on val instead of test and unseen: for hyper-parameters and other choices."""
    exact_mia: bool = False
    """Fit the full SVM for MIA efficacy (slow) instead of the binned one."""
    json: bool = False
    """Print everything as JSON."""
    md: bool = False
    """Print a Markdown table."""


def run(args: list[str]) -> int:
    import tyro

    options = tyro.cli(
        Annotated[AuditOptions, tyro.conf.arg(name="")],
        args=_ordered(args),
        prog="untrain audit",
        description="Measure models against Retrain: RUN ... [--retrain RUN ...]",
        config=(tyro.conf.FlagCreatePairsOff,),
    )
    if not options.runs:
        raise UserError("No run is named.", "untrain audit", "Name the folders of runs to audit.")
    from untrain.metrics import table
    from untrain.metrics.audit import audit

    found = gather(options.runs, options.retrain, options.data_root)
    made = audit(
        found.subjects,
        found.retrains,
        found.keys,
        requests=found.requests,
        title=found.title,
        choosing=options.choosing,
        exact_mia=options.exact_mia,
    )
    if options.choosing:
        made.notes.insert(0, "Measured on val: these numbers are for choosing, not for reporting.")
    if options.json:
        print(json.dumps(table.values(made), indent=2))
    elif options.md:
        print(table.markdown(made))
    elif sys.stdout.isatty():
        print(table.text(made))
    else:
        print(table.tsv(made))
        say("\n".join(table.sentences(made)))
    return 0


def _ordered(args: list[str]) -> list[str]:
    """Folders before the first flag are the runs."""
    first = next((place for place, arg in enumerate(args) if arg.startswith("-")), len(args))
    return [*(["--runs", *args[:first]] if first else []), *args[first:]]


class Gathered(NamedTuple):
    """What an audit takes: evidence of all runs, and what was forgotten.

    keys: of all that was forgotten. requests: those of each request, in order.
    """

    subjects: list[Subject]
    retrains: list[Subject]
    keys: np.ndarray
    title: str
    requests: list[np.ndarray]


def gather(runs: tuple[Path, ...], retrain: tuple[Path, ...], root: str = "") -> Gathered:
    """Evidence of all runs, which is collected where it is asked for the first time.

    Raises UserError unless all runs are of one data set and training set, and all that forgot
    anything forgot the same images, in whatever requests.
    """
    from untrain.data.splits import load_split
    from untrain.runs.load import data_of
    from untrain.runs.record import read
    from untrain.runs.sequence import rules_of

    described = {folder.resolve(): read(folder) for folder in (*runs, *retrain)}
    if len(described) < len(runs) + len(retrain):
        raise UserError("A run is named twice.", "untrain audit", "Name each folder once.")
    runs, retrain = (tuple(f.resolve() for f in folders) for folders in (runs, retrain))
    for folder in retrain:
        if described[folder]["label"] != "retrain":
            raise UserError(
                f"{folder.name} is a run of '{described[folder]['label']}', not of Retrain.",
                where="--retrain",
                fix="Train one: untrain train --forget RULE ...",
            )
    first = described[runs[0]]
    _, images = data_of(first, root)
    splits = {folder: load_split(folder / "split.npz", images) for folder in described}
    _check_sets(images, list(splits.values()))
    _check_family([described[folder] for folder in (*runs, *retrain)])
    labels = _labels([described[folder] for folder in runs])
    subjects = [subject(folder, label, images) for folder, label in zip(runs, labels, strict=True)]
    retrains = [subject(folder, "retrain", images) for folder in retrain]
    # runs of fewer, larger requests forgot the same images: the finest division has the columns
    told = max(splits, key=lambda folder: len(splits[folder].requests))
    keys = images.keys[splits[told].forgotten]
    model = first["config"]["model"]["model"] or "default model"
    rules = ", then ".join(rules_of(described[told]))
    title = f"{images.name} / {model} / forget {rules}: {len(keys)} of "
    title += f"{len(splits[runs[0]].train)} training images"
    requests = [images.keys[at] for at in splits[told].requests]
    return Gathered(subjects, retrains, keys, title, requests)


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
        ("networks", {json.dumps(run["config"]["model"]) for run in described}),
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


def _hash(images: Images, positions: Any) -> str:
    from untrain.data.splits import key_hash

    return key_hash(images.keys[positions])


def subject(folder: Path, label: str, images: Images) -> Subject:
    """A run with its evidence, which is collected the first time it is asked for."""
    from untrain.data.splits import load_split
    from untrain.metrics.audit import Subject
    from untrain.metrics.evidence import collect, load_evidence
    from untrain.runs.load import load_model
    from untrain.runs.record import read

    run = read(folder)
    weights, path = run["checkpoints"]["child"], folder / "evidence.npz"
    evidence = load_evidence(path, weights)
    if evidence is None:
        split = load_split(folder / "split.npz", images)
        evidence = collect(load_model(folder, images), images, split, f"measuring {folder}")
        evidence.save(path, weights)
    cost = {name: float(run["cost"][name]) for name in ("seconds", "flops")}
    notes = tuple(run.get("notes", ()))  # runs of the first version have none
    return Subject(label, evidence, run["config"]["seed"], cost, notes)


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
    return {**config["method"], **terms}
