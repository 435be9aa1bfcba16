"""A case from folders of runs: found, checked to belong together, and measured."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from untrain.config import ModelConfig, build, path_of
from untrain.data.images import Images
from untrain.data.sets.halves import tune_half
from untrain.data.sets.splits import Split, key_hash, load_split
from untrain.engine.device import Device
from untrain.engine.predict import predict
from untrain.errors import Problems, UserError
from untrain.files import file_hash
from untrain.metrics.audit import Subject
from untrain.metrics.evidence import Evidence, Outputs
from untrain.runs.gather import gather
from untrain.runs.load import data_of, described, load_model
from untrain.runs.record import read
from untrain.task import Task
from untrain.verdict.case import Case, Party, Shelf
from untrain.verdict.family import check_reference, check_twice, find_original, told_by, true_split
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
    before = problems.attempt(
        find_original, folder, run, [asked.original] if asked.original else []
    )
    retrains = [path_of(str(one)).resolve() for one in asked.retrains]
    told = told_by(folder, run, [folder, *retrains], problems)
    for reference in asked.references:
        problems.attempt(described, path_of(str(reference)))
    run, told, before = (
        problems.settled(run),
        problems.settled(told),
        problems.settled(before),
    )
    home = before[0] if before else folder
    data, images = problems.settled(problems.attempt(data_of, run, asked.root))
    split = problems.settled(problems.attempt(true_split, told, images))
    for reference in asked.references:
        problems.attempt(check_reference, reference, images, split)
    found_recipe = problems.attempt(recipe, described(home), asked.rate)
    problems.attempt(check_twice, [folder, *retrains], asked.references)
    first = tuple(one for one in before if one != folder)
    found = gather((*first, folder), tuple(retrains), asked.root, problems)
    places = (*first, folder, *retrains)
    subjects = (*found.subjects, *found.retrains)
    parties = [party_of(*pair, images) for pair in zip(places, subjects, strict=True)]
    party = parties[len(first)]
    lr, batch = problems.settled(found_recipe)
    looks = {one.get("looked") for one in (run.get("choice") or {}, *run.get("choices_before", []))}
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
        chosen_on=chosen_on(told, images) if "half" in looks else np.zeros(0, dtype=str),
        choices_saw_all="all" in looks,
        candidates=count,
        corrected=not asked.benchmark,
        cut=cut_off(described(home), images),
        lacks=tuple(run.get("at_hand", ())),
        log=log_of(folder, run, images, split),
        shelf=Shelf(folder / PLACE),
        device=asked.device,
    )


def cut_off(first: dict[str, Any], images: Images) -> frozenset[str]:
    """The held-out sets that were cut off before the first model of a chain was trained."""
    if first["config"]["method"].get("name") == "imported":
        return frozenset()
    part = set(images.table.get("part", np.zeros(0, dtype=str)).tolist())
    return frozenset({"val", "unseen"} - part)


def party_of(place: Path, subject: Subject, images: Images) -> Party:
    """A run with its evidence, its weights to be loaded when they are asked for."""
    weights = read(place)["checkpoints"]["child"]
    load = partial(load_model, place, images)
    return Party(subject.label, subject.evidence, load, subject.seed, weights)


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

    logits = Shelf(place / PLACE).get("reference", about, make, ("logits",))["logits"]
    labels, count = images.y.numpy(), len(split.forgotten)
    mine = Outputs(logits[:count], labels[split.forgotten], images.keys[split.forgotten])
    other = Outputs(logits[count:], labels[unseen], images.keys[unseen])
    none = other.take(np.zeros(len(other), dtype=bool))
    sets = {"train": mine, "unseen": other, "val": none, "test": none}
    return Party("reference", Evidence(sets, np.zeros((0, 0)), np.zeros(0)), load, 0, weights)


def chosen_on(folder: Path, images: Images) -> np.ndarray:
    """Keys of the half of each request that choices may see."""
    labels = images.y.numpy()
    requests = load_split(folder / "split.npz", images).requests
    halves = [at[tune_half(images.keys[at], labels[at])] for at in requests]
    return np.asarray(images.keys[np.concatenate(halves)])


def recipe(run: dict[str, Any], rate: float) -> tuple[float, int]:
    """Learning rate and batch size that healing takes from a training; those of the `laptop`
    preset where it is not known. Raises UserError for a rate under the training's."""
    method = run["config"]["method"]
    known = float(method.get("lr", 0.0))
    if 0 < rate < known:
        raise UserError(
            f"--healing-lr {rate:g} is under the rate of the training, {known:g}: that would heal "
            "less than a further training does.",
            where="--healing-lr",
            fix="Leave it out, or take a higher one.",
        )
    return rate or known or 0.05, int(method.get("batch", 64))


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
        **{f"keys_{name}": digest for name, digest in hashes.items()},
        "run_json": file_hash(folder / "run.json"),
    }
