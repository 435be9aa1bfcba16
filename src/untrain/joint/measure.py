"""Measures Original, Retrain and one run of each method together, and keeps what it finds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from untrain.data.images import Images
from untrain.data.sets.splits import key_hash, load_split
from untrain.errors import UserError
from untrain.joint import alignment, embedding, kept, layers
from untrain.metrics.embeddings import Embeddings
from untrain.metrics.evidence import Evidence, view
from untrain.progress import say
from untrain.runs.embed import embedded
from untrain.runs.measure import measured
from untrain.runs.record import read, rules_of

FIRST = ("original", "retrain")
"""Onto the axes of the first of these that is there, the features of all others are turned."""


class Member(NamedTuple):
    """A finished run. row: its name in tables, `original` and `retrain` among them."""

    row: str
    folder: Path
    seed: int = 0


def measure(
    members: Sequence[Member], images: Images, *, deep: bool = False, seed: int = 0
) -> dict[str, Any]:
    """What `untrain.joint.kept.read` gives; measured only where it is not kept yet.

    members: of one data set, split and request, the models side by side. deep: collect the
    embeddings of each model, for 2,500 images a set, CKA of layers and alignment; else the features
    that evidence has are laid out, and the other two are empty. seed: of images and layout.
    Raises UserError if none has forgotten anything, they have forgotten different images, two are
    of one row, or fewer than two are given.
    """
    rules, keys = _asked(members, images)
    weights = {one.row: str(read(one.folder)["checkpoints"]["child"]) for one in members}
    path = kept.place(_home(members), rules, weights.values())
    known = kept.load(path)
    if known and known["embedding"]["about"]["seed"] == seed and (known["layers"] or not deep):
        return kept.named(known, {weights[one.row]: one.row for one in members})
    members = sorted(members, key=lambda one: FIRST.index(one.row) if one.row in FIRST else 2)
    evidence = {one.row: measured(one.folder, images) for one in members}
    made: dict[str, Embeddings] = {}
    if deep:
        made = {one.row: embedded(one.folder, images, evidence[one.row], keys) for one in members}
    content = {
        "schema": kept.SCHEMA,
        "rules": list(rules),
        "models": [
            {"row": one.row, "weights": weights[one.row], "seed": one.seed} for one in members
        ],
        "classes": _names(images, next(iter(evidence.values()))),
        "embedding": embedding.laid_out(evidence, made, keys, seed),
        "layers": layers.compared(made),
        "alignment": {
            row: alignment.values(view(evidence[row], keys), one) | alignment.views(one)
            for row, one in made.items()
        },
    }
    try:
        kept.write(path, content)
    except UserError as error:  # what was measured can be shown all the same
        say(f"{error.what} It will be measured again next time.")
    return content


def _asked(members: Sequence[Member], images: Images) -> tuple[tuple[str, ...], np.ndarray]:
    """The rules and keys of what was forgotten."""
    where = ", ".join(str(one.folder) for one in members)
    fix = "Name runs of one request, an Original or a Retrain among them."
    if len({one.row for one in members}) < max(2, len(members)):
        raise UserError("At least two models of different names are compared.", where, fix)
    found = {}
    for one in members:
        rules = rules_of(read(one.folder))
        if rules:
            split = load_split(one.folder / "split.npz", images)
            keys = np.asarray(images.keys[split.forgotten])
            found[key_hash(keys)] = (rules, keys)
    if len(found) != 1:
        what = f"The runs have forgotten {len(found)} different sets of images."
        raise UserError(what if found else "None of the runs has forgotten anything.", where, fix)
    return next(iter(found.values()))


def _home(members: Sequence[Member]) -> Path:
    folders = {one.row: one.folder for one in members}
    first = members[0].folder
    return folders.get("retrain") or folders.get("original") or first


def _names(images: Images, evidence: Evidence) -> list[str]:
    """The name of each class that the models know."""
    width = evidence.sets["train"].logits.shape[1]
    return [*images.classes, *(str(k) for k in range(len(images.classes), width))]
