"""A case from folders of runs: found, checked to belong together, and measured."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from untrain.config import ModelConfig, build, path_of
from untrain.data.images import Images
from untrain.data.splits import Split, key_hash, load_split, with_forget
from untrain.engine.device import Device
from untrain.engine.predict import predict
from untrain.errors import Problems, UserError
from untrain.files import file_hash
from untrain.metrics.evidence import Evidence, Outputs
from untrain.runs.gather import gather
from untrain.runs.load import data_of, described, load_model
from untrain.runs.record import read, root_of
from untrain.runs.sequence import rules_of
from untrain.task import Task
from untrain.verdict.case import Case, Party, Shelf
from untrain.verdict.ledger import candidates

PLACE = "audit"
"""Folder inside of the run's, for what an audit of it leaves."""


@dataclass(frozen=True)
class Asked:
    """Which folders an audit of one model is given.

    original: the model before; None looks for it beside the run. benchmark: count no candidates.
    rate: healing's learning rate; 0 is that of the Original's training.
    """

    run: Path
    original: Path | None = None
    retrains: tuple[Path, ...] = ()
    references: tuple[Path, ...] = ()
    root: str = ""
    benchmark: bool = False
    rate: float = 0.0
    device: Device = field(default_factory=Device)


def case_of(asked: Asked, problems: Problems | None = None) -> Case:
    """Everything that the audit of a run reads; evidence is collected where it is missing.

    Raises UserError, with all that is wrong, before anything is measured: folders that hold no
    run or another family's, a run that has forgotten nothing, references that have seen the
    forgotten or the unseen images, and records that do not say what the splits hold.
    """
    problems = problems or Problems()
    folder = path_of(str(asked.run)).resolve()
    run = problems.attempt(described, folder)
    before = problems.attempt(_original, folder, run, [asked.original] if asked.original else [])
    retrains = [path_of(str(one)).resolve() for one in asked.retrains]
    told = _told(folder, run, [folder, *retrains], problems)
    run, told, before = (
        problems.settled(run),
        problems.settled(told),
        problems.settled(before),
    )
    data, images = problems.settled(problems.attempt(data_of, run, asked.root))
    split = problems.settled(problems.attempt(_split, told, images))
    for reference in asked.references:
        problems.attempt(_check_reference, reference, images, split)
    first = tuple(one for one in before if one != folder)
    home = before[0] if before else folder
    found = gather((*first, folder), tuple(retrains), asked.root, problems)
    parties = [
        Party(
            one.label,
            one.evidence,
            partial(load_model, place, images),
            one.seed,
            described(place)["checkpoints"]["child"],
        )
        for place, one in zip(
            (*first, folder, *retrains), (*found.subjects, *found.retrains), strict=True
        )
    ]
    party = parties[len(first)]
    place = folder / PLACE
    choice = run.get("choice") or {}
    lr, batch = recipe(described(home), asked.rate)
    model: ModelConfig = build(ModelConfig, run["config"]["model"], f"{folder}/run.json")
    augment = "" if data.augment == "auto" else data.augment
    task = Task.of(images, split, augment=augment, make_model=model.spec(images).make)
    references = [_reference(one, images, split, party.evidence) for one in asked.references]
    count = candidates(home, split, images, party.weights, asked.benchmark)
    return Case(
        label=party.label,
        title=found.title,
        task=task,
        party=party,
        original=parties[0] if before else None,
        retrains=tuple(parties[len(first) + 1 :]),
        references=tuple(references),
        lr=lr,
        batch=batch,
        choices_saw_half=choice.get("by") in ("early", "tune"),
        choices_saw_all=looked(run) or choice.get("by") == "oracle",
        candidates=count,
        corrected=not asked.benchmark,
        log=log_of(folder, run, images, split),
        shelf=Shelf(place),
        device=asked.device,
    )


def _original(folder: Path, run: dict[str, Any], named: list[Path]) -> list[Path]:
    """The folder of the Original, or none: the one named, or beside this run the one that it began
    with. Raises UserError if there is no run where one is named."""
    for place in (path_of(str(one)).resolve() for one in named):
        described(place)
        return [place]
    if not rules_of(run):
        return [folder]
    for place in (
        path.parent for up in (folder.parent, folder.parent.parent) for path in _runs(up)
    ):
        if place != folder and _began(run, root_of(folder), read(place)):
            return [place]
    return []


def _began(run: dict[str, Any], root: str, other: dict[str, Any]) -> bool:
    """Whether the other is the model that this one was unlearned from; of a Retrain, which was not,
    the Original that it was trained beside: same data, training set, network and seed."""
    if other["checkpoints"]["child"] == root:
        return True
    alike = [
        (one["images"]["hash"], one["config"]["model"], one["config"]["seed"])
        for one in (run, other)
    ]
    held = [one["split"][name]["keys"] for one in (run, other) for name in ("unseen", "test")]
    fresh = not run["checkpoints"]["parent"] and other["label"] == "original"
    return fresh and alike[0] == alike[1] and held[:2] == held[2:]


def _runs(folder: Path) -> list[Path]:
    """Runs in a folder and those one below it that still have their weights."""
    found = sorted([*folder.glob("run.json"), *folder.glob("*/run.json")])
    return [path for path in found if path.with_name("model.safetensors").is_file()]


def _told(
    folder: Path, run: dict[str, Any] | None, others: list[Path], problems: Problems
) -> Path | None:
    """The run that says what was forgotten: this one, or for a model that has forgotten nothing
    (an Original, as a control) a Retrain that has."""
    if run is None:
        return None
    for place in others:
        about = problems.attempt(described, place)
        if about is not None and rules_of(about):
            return place
    problems.add(
        UserError(
            f"{folder.name} has forgotten nothing.",
            where="untrain audit",
            fix="Name an unlearned run, or with an Original a Retrain (--retrain).",
        )
    )
    return None


def _split(folder: Path, images: Images) -> Split:
    """What a run has forgotten, in all of its requests. Raises UserError if run.json and split.npz
    do not say the same."""
    split, run = load_split(folder / "split.npz", images), described(folder)
    said = {name: part["keys"] for name, part in run["split"].items()}
    found = split.hashes(images)
    differ = sorted(name for name in said if said[name] != found.get(name))
    if differ:
        raise UserError(
            f"run.json and split.npz differ about {', '.join(differ)}.",
            where=str(folder),
            fix="One of them was changed, so that nothing can be shown. Make the run again.",
        )
    return with_forget(replace(split, earlier=(), forget=split.forgotten), split.forgotten)


def _check_reference(folder: Path, images: Images, split: Split) -> None:
    """Refuse a reference of other data, or one that has seen forgotten or unseen images."""
    place = path_of(str(folder)).resolve()
    run = described(place)
    if run["images"]["hash"] != images.hash:
        what = f"{folder} is of another data set."
        raise UserError(what, "--reference", "Train it on the same files.")
    retain = load_split(place / "split.npz", images).retain
    for name, at in (("forgotten", split.forgotten), ("unseen", split.unseen)):
        seen = len(np.intersect1d(retain, at))
        if seen:
            raise UserError(
                f"{folder} was trained on {seen} of the {name} images.",
                where="--reference",
                fix="Train it with the same --forget, --limit, --holdout and --split-seed.",
            )


def _reference(folder: Path, images: Images, split: Split, like: Evidence) -> Party:
    """A model of any network, measured on the forgotten and the unseen images."""
    place = path_of(str(folder)).resolve()
    run, load = described(place), partial(load_model, place, images)
    weights = run["checkpoints"]["child"]
    unseen = images.positions(
        (like.sets["unseen"] if len(like.sets["unseen"]) else like.sets["test"]).keys
    )
    about = {"weights": weights, "forget": key_hash(images.keys[split.forgotten])}

    def make() -> dict[str, np.ndarray]:
        at = np.concatenate([split.forgotten, unseen])
        return {"logits": predict(load(), images, at, f"measuring {folder}")[0].numpy()}

    logits = Shelf(place / PLACE).get("reference", about, make)["logits"]
    labels, count = images.y.numpy(), len(split.forgotten)
    mine = Outputs(logits[:count], labels[split.forgotten], images.keys[split.forgotten])
    other = Outputs(logits[count:], labels[unseen], images.keys[unseen])
    none = other.take(np.zeros(len(other), dtype=bool))
    sets = {"train": mine, "unseen": other, "val": none, "test": none}
    return Party("reference", Evidence(sets, np.zeros((0, 0)), np.zeros(0)), load, 0, weights)


def recipe(run: dict[str, Any], rate: float) -> tuple[float, int]:
    """Learning rate and batch size that healing takes from a training."""
    method = run["config"]["method"]
    return rate or float(method.get("lr", 0.05)), int(method.get("batch", 64))


def looked(run: dict[str, Any]) -> bool:
    """Whether a rule of the method itself has measured its accuracy on the forgotten images."""
    return bool(run.get("measured", {}).get("forget"))


def log_of(folder: Path, run: dict[str, Any], images: Images, split: Split) -> dict[str, Any]:
    """What was done to which data: the process, of which behaviour is only a sign."""
    parts = ("command", "label", "key", "requests", "checkpoints", "cost", "environment", "time")
    log = {name: run[name] for name in (*parts, "choice", "notes") if name in run}
    hashes = split.hashes(images)
    return {
        **log,
        "seed": run["config"]["seed"],
        "images": {"hash": images.hash, "name": images.name},
        "keys_before": key_hash(images.keys[split.train]),
        "keys_after": hashes["retain"],
        "keys_forgotten": hashes["forget"],
        "keys_unseen": hashes["unseen"],
        "run_json": file_hash(folder / "run.json"),
    }
