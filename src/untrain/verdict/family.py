"""Which runs belong to the one under audit: its Original, what was forgotten, its references."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from untrain.config import path_of
from untrain.data.images import Images
from untrain.data.sets.splits import Split, load_split, with_forget
from untrain.errors import Problems, UserError
from untrain.runs.load import described
from untrain.runs.record import read, root_of, rules_of


def find_original(folder: Path, run: dict[str, Any], named: list[Path]) -> list[Path]:
    """The folder of the Original, or none: the one named, or beside this run the one that it began
    with. Raises UserError if there is no run where one is named."""
    for place in (path_of(str(one)).resolve() for one in named):
        if rules_of(run) and not began(run, root_of(folder), described(place)):
            what = f"{folder.name} began with another model than {place.name}."
            raise UserError(what, "--original", "Name the Original that it was unlearned from.")
        return [place]
    if not rules_of(run):
        return [folder]
    near = [path.parent for up in (folder.parent, folder.parent.parent) for path in runs_near(up)]
    found = [one for one in near if one != folder and began(run, root_of(folder), read(one))]
    return sorted(found, key=lambda one: read(one)["config"]["seed"] != run["config"]["seed"])[:1]


def began(run: dict[str, Any], root: str, other: dict[str, Any]) -> bool:
    """Whether the other is the model that this one was unlearned from; of a Retrain, which was not,
    an Original that it was trained beside: same data, training set and network."""
    if other["checkpoints"]["child"] == root:
        return True
    alike = [(one["images"]["hash"], one["config"]["model"]) for one in (run, other)]
    held = [one["split"][name]["keys"] for one in (run, other) for name in ("unseen", "test")]
    fresh = not run["checkpoints"]["parent"] and other["label"] == "original"
    return fresh and alike[0] == alike[1] and held[:2] == held[2:]


def runs_near(folder: Path) -> list[Path]:
    """Runs in a folder and those one below it that still have their weights."""
    found = sorted([*folder.glob("run.json"), *folder.glob("*/run.json")])
    return [path for path in found if path.with_name("model.safetensors").is_file()]


def told_by(
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


def true_split(folder: Path, images: Images) -> Split:
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
    return in_one(split)


def in_one(split: Split) -> Split:
    """The same split with all requests as one, which is how an audit judges them."""
    return with_forget(replace(split, earlier=(), forget=split.forgotten), split.forgotten)


def check_reference(folder: Path, images: Images, split: Split) -> None:
    """Refuse a reference of other data, or one that has seen forgotten or unseen images."""
    place = path_of(str(folder)).resolve()
    run = described(place)
    if run["images"]["hash"] != images.hash:
        what = f"{folder} is of another data set."
        raise UserError(what, "--reference", "Train it on the same files.")
    if run["checkpoints"]["parent"]:
        raise UserError(
            f"{folder} was unlearned from a model that may have seen the images.",
            where="--reference",
            fix="Name models that were trained from fresh weights: untrain train --forget RULE.",
        )
    retain = load_split(place / "split.npz", images).retain
    for name, at in (("forgotten", split.forgotten), ("unseen", split.unseen)):
        seen = len(np.intersect1d(retain, at))
        if seen:
            raise UserError(
                f"{folder} was trained on {seen} of the {name} images.",
                where="--reference",
                fix="Train it with the same --forget, --limit, --holdout and --split-seed.",
            )


def check_twice(others: list[Path], references: Sequence[Path]) -> None:
    """Refuse a reference that is named twice, as one too, or is the model under audit: it would
    count for several."""
    places = [*others, *(path_of(str(one)).resolve() for one in references)]
    weights = [described(place)["checkpoints"]["child"] for place in places]
    twice = [
        place.name for place, one in zip(places, weights, strict=True) if weights.count(one) > 1
    ]
    if twice:
        what = f"A model is named twice: {', '.join(twice)}."
        raise UserError(what, "--reference", "Name each once; a copy says nothing new.")
