"""What an audit of one model reads: the model, the request, and the models to set beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from untrain.data.sets.splits import key_hash
from untrain.engine.device import Device
from untrain.errors import UserError
from untrain.files import TORN, write_arrays
from untrain.metrics.evidence import Evidence, Outputs, View, view
from untrain.progress import say
from untrain.task import Task

SMALL = 50
"""Forgotten images under which no population test can clear a model."""


@dataclass(frozen=True)
class Party:
    """A model that is set beside the one under audit. `weights` is the hash of its file."""

    label: str
    evidence: Evidence
    load: Callable[[], nn.Module]
    seed: int = 0
    weights: str = ""

    @property
    def width(self) -> int:
        """How many classes it answers with."""
        return int(self.evidence.sets["train"].logits.shape[1])


@dataclass(frozen=True)
class Shelf:
    """Keeps arrays that took training to make, so that a stopped audit goes on; or nothing."""

    folder: Path | None = None

    def get(
        self,
        name: str,
        about: Mapping[str, Any],
        make: Callable[[], dict[str, np.ndarray]],
        parts: tuple[str, ...] = ("forget", "unseen"),
    ) -> dict[str, np.ndarray]:
        """The arrays of this name and these settings, made where they are not there or lack parts.

        What could not be made is kept as no array at all. Where the folder cannot be written that
        is told, and the audit goes on.
        """
        if self.folder is None:
            return make()
        said = json.dumps(about, sort_keys=True, default=str)
        path = self.folder / f"{name}-{hashlib.sha256(said.encode()).hexdigest()[:12]}.npz"
        try:
            with path.open("rb") as file, np.load(file) as saved:
                wanted = {*parts, *saved.files} if saved.files else set()
                return {part: saved[part] for part in wanted}
        except TORN:
            made = make()
        try:
            write_arrays(path, made)
        except (
            UserError
        ) as error:  # a full disk or a folder of others: it can be shown all the same
            say(f"{error.what} It will be made again next time.")
        return made


@dataclass(frozen=True)
class Case:
    """One model under audit.

    task: what it was to forget: all requests together, where there were several.
    original: the model before; None where it is not at hand. retrains: trained as it was,
    without the forgotten images. references: trained without them in any way and any network.
    lr, batch: of the Original's training; healing uses them.
    chosen_on: keys of forgotten images that choices (checkpoint, hyper-parameters) have seen; the
    others are audited. choices_saw_all: whether a stop rule or the like has seen all of them.
    candidates: how many models have been audited for this request, this one included; alpha is
    divided by it.
    cut: the held-out sets that were cut off before anything trained, so that no model knows them;
    others were given, and may have been trained on.
    lacks: what of the training images was not available to the method, in sentences.
    log: what the page embeds about how the model was made.
    """

    label: str
    title: str
    task: Task
    party: Party
    original: Party | None = None
    retrains: tuple[Party, ...] = ()
    references: tuple[Party, ...] = ()
    lr: float = 0.05
    batch: int = 64
    chosen_on: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=str))
    choices_saw_all: bool = False
    candidates: int = 1
    corrected: bool = True
    cut: frozenset[str] = frozenset()
    lacks: tuple[str, ...] = ()
    log: dict[str, Any] = field(default_factory=dict)
    shelf: Shelf = Shelf()
    device: Device = field(default_factory=Device)

    def __post_init__(self) -> None:
        parties = [self.party, *filter(None, [self.original]), *self.never_saw]
        widths = {one.label: one.width for one in parties}
        if len(set(widths.values())) > 1:
            told = ", ".join(f"{label} {width}" for label, width in widths.items())
            raise UserError(
                f"The models have heads of different sizes: {told} outputs.",
                where="audit",
                fix="Name models of the same classes.",
            )

    @cached_property
    def forgotten(self) -> np.ndarray:
        """Keys of the forgotten images that are audited (N,)."""
        return np.setdiff1d(self.task.images.keys[self.task.split.forget], self.chosen_on)

    @property
    def kind(self) -> str:
        """class where a whole class is forgotten, small under SMALL images, else records."""
        if len(self.task.gone_classes()):
            return "class"
        return "small" if len(self.forgotten) < SMALL else "records"

    def view(self, party: Party) -> View:
        """The audited forgotten images and the unseen ones under a model."""
        return view(party.evidence, self.forgotten)

    @cached_property
    def unseen(self) -> np.ndarray:
        """Positions of the unseen images that were measured."""
        return self.task.images.positions(self.view(self.party).reference.keys)

    @cached_property
    def audited(self) -> np.ndarray:
        """Positions of the forgotten images that are audited."""
        return self.task.images.positions(self.view(self.party).forget.keys)

    @property
    def never_saw(self) -> tuple[Party, ...]:
        """Models that were trained without the forgotten images."""
        return (*self.retrains, *self.references)

    def about(self, **settings: Any) -> dict[str, Any]:
        """What arrays on the shelf belong to."""
        keys, split = self.task.images.keys, self.task.split
        return {
            "weights": self.party.weights,
            "retain": key_hash(keys[split.retain]),
            "audited": key_hash(self.forgotten),
            "unseen": key_hash(keys[self.unseen]),
            **settings,
        }


def rows_of(outputs: Outputs, keys: np.ndarray) -> np.ndarray:
    """Where these keys stand in a set of outputs."""
    order = np.argsort(outputs.keys)
    return np.asarray(order[np.searchsorted(outputs.keys, keys, sorter=order)])
