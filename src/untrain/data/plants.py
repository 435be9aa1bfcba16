"""Mistakes and poison, planted into training images to see whether forgetting removes them.

    flips:0.1            a tenth of the training images get another label, drawn evenly
    flips:0.4:3>9        two fifths of the 3s are labelled 9
    confusion:3,9:100    50 images of 3 and 50 of 9 exchange their labels (Goel et al. 2022)
    patch:0.05:0         a twentieth, of all classes but 0, get a bright square in the corner
                         at the bottom right, and the label 0: a backdoor

A share with a point, or a number of images; classes by name or number. Held-out and test images
stay as they are. The forget rule `planted` names what was planted, `planted:0.5` one half of it.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from untrain.data.images import Images
from untrain.data.plant_rules import Plant, parse
from untrain.data.trigger import SIDE, stamped
from untrain.errors import UserError
from untrain.rng import numpy_rng

if TYPE_CHECKING:
    from untrain.data.sets.splits import Split

COLUMNS = ("planted", "true_label", "true_number")
"""What planting adds to the table: "yes" or "", the name of the class an image had, its number."""


def planted(images: Images, split: Split, spec: str, seed: int = 0) -> Images:
    """The same data set with something planted into its training images.

    spec: see above. seed: the split seed, which draws the images. The table gains COLUMNS. Pixels
    that are not changed are shared. Raises UserError for a spec that is wrong, or for which there
    are too few images.
    """
    where = f"--plant {spec}"
    taken = [name for name in COLUMNS if name in images.table]
    if taken:
        what = f"The data have a column '{taken[0]}' of their own."
        raise UserError(what, where, "Rename it, or plant nothing.")
    plant = parse(spec, images.classes)
    height, width = images.size
    if plant.kind == "patch" and min(height, width) < 2 * SIDE:
        what = f"Images of {width}x{height} pixels are too small for a patch of {SIDE}x{SIDE}."
        raise UserError(what, where, "Plant flips or a confusion.")
    truth = images.y.numpy()
    rows, labels = _drawn(plant, truth, split.train, seed, images.classes, where)
    y = images.y.clone()
    y[torch.from_numpy(rows)] = torch.from_numpy(labels)
    marks = np.full(len(images), "", dtype="<U3")
    marks[rows] = "yes"
    names = np.asarray(images.classes)[truth]
    return replace(
        images,
        x=stamped(images, rows) if plant.kind == "patch" else images.x,
        y=y,
        table=images.table | dict(zip(COLUMNS, (marks, names, truth.copy()), strict=True)),
        hash=images.hash and f"{images.hash}+{_digest(plant, seed, images.keys[rows], labels)}",
    )


def _drawn(
    plant: Plant, truth: np.ndarray, train: np.ndarray, seed: int, classes: list[str], where: str
) -> tuple[np.ndarray, np.ndarray]:
    """Positions, sorted, and the label that each of them gets."""
    if plant.kind == "confusion":
        a, b = plant.classes
        halves = [
            _some(train[truth[train] == one], int(plant.amount) // 2, seed, classes[one], where)
            for one in (a, b)
        ]
        rows = np.sort(np.concatenate(halves))
        return rows, np.where(truth[rows] == a, b, a)
    pool = plant.eligible(truth, train)
    of = train if plant.kind == "patch" else pool
    told = f"class {classes[plant.classes[0]]}" if plant.kind == "flips" and plant.classes else ""
    rows = _some(pool, plant.count(len(of)), seed, told, where)
    if plant.classes:
        return rows, np.full(len(rows), plant.classes[-1])
    there = np.unique(truth[train])
    if len(there) < 2:
        what = "There is one class only, so that no label is wrong."
        raise UserError(what, where, "Give images of at least two classes.")
    step = numpy_rng(seed, "plant", "labels").integers(1, len(there), len(rows))
    return rows, there[(np.searchsorted(there, truth[rows]) + step) % len(there)]


def _some(pool: np.ndarray, count: int, seed: int, told: str, where: str) -> np.ndarray:
    """That many of the positions, sorted; told: the class they are of."""
    if not 1 <= count <= len(pool):
        kind = f" of {told}" if told else " that can be changed"
        what = f"{count} images are to be changed, and there are {len(pool)} training images{kind}."
        raise UserError(what, where, "Plant at least one, and no more than there are.")
    order = numpy_rng(seed, "plant", told).permutation(len(pool))
    return np.sort(pool[order[:count]])


def _digest(plant: Plant, seed: int, keys: np.ndarray, labels: np.ndarray) -> str:
    """What tells a planted data set from the one it was made of: 16 hexadecimal digits."""
    said = f"{plant.kind} {seed} {'/'.join(map(str, keys))} {labels.tolist()}"
    return f"planted-{hashlib.sha256(said.encode()).hexdigest()[:16]}"


def planted_rows(
    rule: str, images: Images, train: np.ndarray, seed: int, erased: np.ndarray
) -> np.ndarray:
    """What the forget rule `planted`, or `planted:0.5`, names of the training positions.

    Of equal seeds a smaller share is part of a larger one; a later request goes on where `erased`,
    what earlier ones took, ends. Raises UserError where nothing was planted, or nothing is left.
    """
    where, value = f"--forget {rule}", rule.partition(":")[2]
    try:
        share = float(value) if ":" in rule else 1.0
    except ValueError:
        share = -1.0
    if not 0 < share <= 1:
        what = f"'{value}' is no share between 0 and 1."
        raise UserError(what, where, "Write planted for all of them, or planted:0.5 for one half.")
    marks = images.table.get("planted")
    there = train[marks[train] == "yes"] if marks is not None else train[:0]
    if not len(there):
        what = f"Nothing was planted into {images.name}."
        raise UserError(what, where, "Train the Original with --plant, such as --plant flips:0.1.")
    order = there[numpy_rng(seed, "forget", "planted").permutation(len(there))]
    left = order[~np.isin(order, erased)]
    if not len(left):
        what = f"Earlier requests have erased all {len(there)} images that were planted."
        raise UserError(what, where, "Leave this request out.")
    count = round(share * len(there))
    if not count:
        what = f"A share of {value} of the {len(there)} planted images rounds to 0."
        raise UserError(what, where, f"{1 / len(there):.1g} is one image.")
    return left[:count]


class PlantedArrays(NamedTuple):
    """Arrays with something planted: images (N, H, W, C) and labels (N,), NumPy or torch as given
    to torch's `from_numpy`; positions (n,) that were changed; true labels (N,)."""

    images: np.ndarray
    labels: np.ndarray
    positions: np.ndarray
    true_labels: np.ndarray


def planted_arrays(train: Any, spec: str, seed: int = 0, layout: str = "") -> PlantedArrays:
    """Your own arrays with something planted; what is given stays as it is.

        made = planted_arrays((images, labels), "flips:0.1")
        task = untrain.Task((made.images, made.labels), forget=made.positions, test=(x, y))

    train: `(images, labels)` or a Dataset of such pairs, as for `untrain.Task`.
    layout: NHWC or NCHW, where the shape does not tell. Raises UserError like `planted`.
    """
    from untrain.data.checks import numbered
    from untrain.data.pairs import pair
    from untrain.data.sets.splits import NONE, Split

    x, y = pair(train, "train", layout)
    keys = np.arange(len(x)).astype(str)
    images = Images(x, y, numbered(y.numpy(), "train"), keys)
    made = planted(images, Split(np.arange(len(x)), NONE, NONE, NONE, NONE), spec, seed)
    rows = np.flatnonzero(made.table["planted"] == "yes")
    return PlantedArrays(made.x.numpy(), made.y.numpy(), rows, made.table["true_number"])
