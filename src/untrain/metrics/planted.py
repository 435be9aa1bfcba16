"""What became of planted mistakes: labels still repeated, true labels known, backdoors open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.stats import norm

from untrain.data.images import Images
from untrain.data.plant_rules import Plant, parse
from untrain.metrics.details import MISSING
from untrain.metrics.estimate import Estimate, wilson
from untrain.metrics.evidence import Evidence, Outputs


@dataclass(frozen=True)
class Planting:
    """What was planted and how much of it a request names.

    spec: as it was given. keys: of the planted training images (n,). truth: the numbers of the
    classes that they had (n,). found: which of them are forgotten, bool (n,). classes: all names.
    beside: how many images are forgotten that were not planted.
    """

    spec: str
    plant: Plant
    keys: np.ndarray
    truth: np.ndarray
    found: np.ndarray
    classes: list[str]
    beside: int = 0

    @property
    def whole(self) -> bool:
        """Whether a Retrain of the request never saw anything of it, and so is the goal."""
        return bool(self.found.all())

    @property
    def groups(self) -> dict[str, np.ndarray]:
        """Masks over `keys`: all of them, or those found and those missed."""
        if self.found.all() or not self.found.any():
            return {"S": np.ones(len(self.keys), dtype=bool)}
        return {"found": self.found, "missed": ~self.found}


class Answers(NamedTuple):
    """One model: its evidence, and its outputs on test images with the trigger, if there is one."""

    label: str
    evidence: Evidence
    triggered: Outputs | None = None


def planting(images: Images, spec: str, trained: np.ndarray, forget_keys: np.ndarray) -> Planting:
    """What `planted(images, ..., spec)` has done; trained: keys of the training images."""
    rows = np.flatnonzero(images.table["planted"] == "yes")
    rows = rows[np.isin(images.keys[rows], trained)]
    keys = images.keys[rows]
    truth, found = images.table["true_number"][rows], np.isin(keys, forget_keys)
    plant, beside = parse(spec, images.classes), len(forget_keys) - int(found.sum())
    return Planting(spec, plant, keys, truth, found, images.classes, beside)


def measure(one: Answers, about: Planting) -> dict[str, Estimate]:
    """Every measure that applies, in %, with the binomial error of its images."""
    plant, test = about.plant, one.evidence.sets["test"]
    made: dict[str, Estimate] = {}
    rows = _rows(one.evidence.sets["train"], about.keys)
    for name, chosen in about.groups.items():
        seen, truth = rows.take(chosen), about.truth[chosen]
        made[f"repeated_{name}"] = share(seen.predictions == seen.labels)
        made[f"recovered_{name}"] = share(seen.predictions == truth)
        if plant.kind == "confusion":
            made[f"ic_err_{name}"] = share(seen.predictions != truth)
    if plant.kind == "patch":
        return made | _backdoor(one, plant.classes[0])
    touched = np.isin(test.labels, plant.classes[: 2 if plant.kind == "confusion" else 1])
    right = test.predictions == test.labels
    if plant.kind == "confusion":
        a, b = plant.classes
        made["fgt_err_test"] = share(confused(test.predictions, test.labels, a, b)[touched])
        made["ic_err_test"] = share(~right[touched])
    elif plant.classes:
        made["called_test"] = share(test.predictions[touched] == plant.classes[1])
    if not plant.classes:
        return made | {"corrective_accuracy": share(right)}
    accuracies = {"corrective_accuracy": share(right[touched])}
    return made | accuracies | {"kept_accuracy": share(right[~touched])}


def confused(predictions: np.ndarray, labels: np.ndarray, a: int, b: int) -> np.ndarray:
    """Which images of a are called b, or those of b called a: bool (N,)."""
    either = ((labels == a) & (predictions == b)) | ((labels == b) & (predictions == a))
    return np.asarray(either)


def _backdoor(one: Answers, target: int) -> dict[str, Estimate]:
    """Attack success: triggered test images of other classes that are called the target."""
    test = one.evidence.sets["test"]
    made = {"kept_accuracy": share(test.predictions == test.labels)}
    if one.triggered is None:
        return made
    plain, seen = _rows(test, one.triggered.keys), one.triggered
    other = seen.labels != target
    made["attack_success"] = share(seen.predictions[other] == target)
    made["plain_rate"] = share(plain.predictions[other] == target)
    made["corrective_accuracy"] = share((seen.predictions == seen.labels)[other])
    return made


def share(hits: np.ndarray) -> Estimate:
    """Percent of hits; the error is that of Wilson's interval, so that none has an error too."""
    count = len(hits)
    if not count:
        return MISSING
    low, high = wilson(int(hits.sum()), count)
    return Estimate(100 * float(hits.mean()), 100 * (high - low) / 2 / float(norm.ppf(0.975)))


def _rows(outputs: Outputs, keys: np.ndarray) -> Outputs:
    """The rows of these keys, in their order."""
    order = np.argsort(outputs.keys)
    at = order[np.searchsorted(outputs.keys, keys, sorter=order)]
    if not np.array_equal(outputs.keys[at], keys):
        raise ValueError("the outputs lack some of the keys")
    return outputs.take(at)
