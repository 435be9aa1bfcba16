"""A finished run as audits take it: each part is made when it is first asked for, and once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from untrain.data.images import Images
from untrain.data.sets.splits import Split, forget_each, key_hash, load_split
from untrain.metrics.embed import embed
from untrain.metrics.embeddings import Embeddings, sample
from untrain.metrics.evidence import UNSEEN, Evidence, View, collect, load_evidence, view
from untrain.runs.load import load_model
from untrain.runs.measure import measured
from untrain.runs.record import read, rules_of


@dataclass
class Measured:
    """A run in its folder, and the images that it was made of.

    rules: the requests that an Original is measured for; of any other run they are its own.
    device: where its model runs.
    """

    folder: Path
    images: Images
    rules: tuple[str, ...] = ()
    device: str = "cpu"

    def __post_init__(self) -> None:
        self.record: dict[str, Any] = read(self.folder)
        own = rules_of(self.record)
        self.forgetful = bool(own)
        """Whether it has forgotten anything itself: an Original has not."""
        self.rules = own or self.rules

    @property
    def about(self) -> dict[str, Any]:
        """What its values depend on."""
        own = [request["keys"] for request in self.record.get("requests", ())]
        return {
            "weights": self.record["checkpoints"]["child"],
            "rules": list(self.rules),
            "requests": own or [key_hash(keys) for keys in self.requests],
        }

    @cached_property
    def split(self) -> Split:
        """Its split, after the requests that it is measured for."""
        split = load_split(self.folder / "split.npz", self.images)
        if self.forgetful or not self.rules:
            return split
        seed = self.record["config"]["data"].get("split_seed", 0)
        return forget_each(split, self.rules, self.images, seed)[-1]

    @cached_property
    def requests(self) -> list[np.ndarray]:
        """The keys of each request, in order."""
        return [self.images.keys[at] for at in self.split.requests]

    @cached_property
    def model(self) -> nn.Module:
        return load_model(self.folder, self.images).to(self.device)

    @cached_property
    def evidence(self) -> Evidence:
        if self.device == "cpu":
            return measured(self.folder, self.images)
        path, weights = self.folder / "evidence.npz", self.about["weights"]
        found = load_evidence(path, weights)
        if found is None:
            found = collect(self.model, self.images, self.split, f"measuring {self.folder}")
            found.save(path, weights)
        return found

    @cached_property
    def view(self) -> View:
        return view(self.evidence, self._forgotten)

    @cached_property
    def choosing(self) -> View | None:
        """The same with val in place of test and unseen; None without val."""
        if not len(self.evidence.sets["val"]):
            return None
        return view(self.evidence, self._forgotten, choosing=True)

    @property
    def _forgotten(self) -> np.ndarray:
        return np.asarray(self.images.keys[self.split.forgotten])

    @cached_property
    def sets(self) -> dict[str, np.ndarray]:
        """Positions of retain, forget, unseen (those of the evidence) and test.

        Where none were held out, test images stand in for unseen ones.
        """
        split, keys = self.split, self.images.keys
        unseen = self.images.positions(self.evidence.sets["unseen"].keys)
        if not len(unseen):
            unseen = np.sort(split.test[sample(keys[split.test], "stands in", UNSEEN)])
        gone = split.forgotten
        retain = np.setdiff1d(split.train, gone)
        return {"retain": retain, "forget": gone, "unseen": unseen, "test": split.test}

    @cached_property
    def embeddings(self) -> Embeddings:
        """Of the images of all requests; they are not kept, as the values made of them are."""
        return embed(self.model, self.images, self.sets, f"embedding {self.folder}")

    @property
    def names(self) -> list[str]:
        """The name of each class that the model knows."""
        width = self.view.forget.logits.shape[1]
        classes = list(self.images.classes)
        return [*classes, *(str(k) for k in range(len(classes), width))]
