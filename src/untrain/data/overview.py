"""What was understood of a data set, in plain values: what a person checks before training."""

from __future__ import annotations

from typing import Any

import numpy as np

from untrain.data.duplicates import groups
from untrain.data.images import Images
from untrain.data.sets.splits import Split
from untrain.data.sources.labels import no_names, one_name

FEW = 10
"""Training images below which a class is counted as small."""
SHOWN = 5
"""Values of a column, and groups of equal images, that are given as examples."""
INNER = {"subclass_number", "test_part", "true_number"}
"""Columns that are no one's but the program's."""
TOLD = {"part", "subclass", "planted"}
"""Columns that folders and the program fill."""
SIGNS = set(",|=\"'") | {" "}
"""What a value in an example of a rule is kept free of, as rules may read it otherwise."""


def overview(images: Images, split: Split) -> dict[str, Any]:
    """Counts, keys, columns, rules that work, duplicates and the split, ready for JSON.

    split: the one that a run of this data would have, with nothing forgotten yet.
    """
    height, width = images.size
    return {
        "name": images.name,
        "hash": images.hash,
        "images": len(images),
        "parts": _parts(images),
        "height": height,
        "width": width,
        "stored": list(images.stored),
        "channels": images.channels,
        "files": images.files,
        "type": str(images.x.dtype).removeprefix("torch."),
        "bytes": images.x.nbytes,
        "mean": list(images.mean),
        "std": list(images.std),
        "augment": images.augment,
        "classes": classes(images, split),
        "balance": balance(images, split),
        "keys": images.keys[split.train[:3]].astype(str).tolist(),
        "columns": columns(images),
        "rules": rules(images, split),
        "split": split.sizes(),
        "uncovered": _uncovered(images, split),
        "bare": _bare(images, split),
        "names": {"same": one_name(images.classes), "none": no_names(images.classes)},
        "duplicates": duplicates(images, split),
    }


def _parts(images: Images) -> dict[str, int]:
    """Images of each part that the source itself names; {} where it names none."""
    if "part" not in images.table:
        return {}
    names, counts = np.unique(images.table["part"].astype(str), return_counts=True)
    return dict(sorted(zip(names.tolist(), counts.tolist(), strict=True), key=lambda one: -one[1]))


def _counts(images: Images, positions: np.ndarray) -> np.ndarray:
    """Images of each class among these positions."""
    return np.bincount(images.y.numpy()[positions], minlength=len(images.classes))


def classes(images: Images, split: Split) -> list[dict[str, Any]]:
    """Each class: its name, its images, and how many of them are trained on."""
    every, train = _counts(images, np.arange(len(images))), _counts(images, split.train)
    rows = zip(images.classes, every.tolist(), train.tolist(), strict=True)
    return [{"name": name, "images": count, "train": used} for name, count, used in rows]


def balance(images: Images, split: Split) -> dict[str, Any]:
    """How even the training set is: largest and smallest class, small ones, and empty ones."""
    counts = _counts(images, split.train)
    there = counts[counts > 0]
    return {
        "largest": int(there.max()),
        "smallest": int(there.min()),
        "ratio": float(there.max() / there.min()),
        "small": int(((counts > 0) & (counts < FEW)).sum()),
        "empty": [name for name, count in zip(images.classes, counts, strict=True) if count == 0],
    }


def columns(images: Images) -> list[dict[str, Any]]:
    """Each column: how many values it has, and the most frequent ones with their images."""
    found = []
    for name, cells in images.table.items():
        if name in INNER:
            continue
        values, counts = np.unique(cells.astype(str), return_counts=True)
        most = np.argsort(-counts, kind="stable")[:SHOWN]
        examples = {str(values[at]): int(counts[at]) for at in most}
        found.append({"name": name, "values": len(values), "examples": examples})
    return found


def rules(images: Images, split: Split) -> list[dict[str, Any]]:
    """Forget rules that work on these data, each with the training images that it selects."""
    train, total = split.train, len(split.train)
    counts = _counts(images, train)
    found = [("random:0.1", round(0.1 * total))]
    name = images.classes[int(counts.argmax())]
    if images.classes.count(name) == 1:
        found.append((f"class:{name}", int(counts.max())))
    for column, cells in images.table.items():
        if column in INNER or not SIGNS.isdisjoint(column):
            continue
        values, numbers = np.unique(cells[train].astype(str), return_counts=True)
        order = np.argsort(-numbers, kind="stable")
        usable = [at for at in order[:100] if values[at] and SIGNS.isdisjoint(values[at])]
        if usable and numbers.max() > 1:
            value = values[usable[0]]
            own = {"planted": "planted", "subclass": f"subclass:{value}"}
            rule = own.get(column, f"where:{column}={value}")
            found.append((rule, int(numbers[usable[0]])))
    return [{"rule": rule, "images": count} for rule, count in found if 0 < count < total]


def _uncovered(images: Images, split: Split) -> list[str]:
    """Classes that are trained on and have no unseen image, so that no audit can judge them."""
    lack = (_counts(images, split.train) > 0) & (_counts(images, split.unseen) == 0)
    return [name for name, missing in zip(images.classes, lack, strict=True) if missing]


def _bare(images: Images, split: Split) -> list[str]:
    """The keys of training images of which the columns of the user's own say nothing."""
    own = [cells for name, cells in images.table.items() if name not in {*INNER, *TOLD}]
    if not own:
        return []
    empty = np.logical_and.reduce([cells[split.train].astype(str) == "" for cells in own])
    return list(images.keys[split.train[empty]].astype(str).tolist())


def duplicates(images: Images, split: Split) -> dict[str, Any]:
    """Images with equal pixels: how many groups, how many of them cross sets or have two labels.

    leaks: groups with a training image and one that counts as never seen.
    """
    found = groups(images)
    y, trained = images.y.numpy(), np.isin(np.arange(len(images)), split.train)
    outside = np.isin(np.arange(len(images)), np.concatenate([split.val, split.unseen, split.test]))
    two = [group for group in found if len(np.unique(y[group])) > 1]
    leaks = [group for group in found if trained[group].any() and outside[group].any()]
    # those with two labels first: they are mistakes, whatever is to be forgotten
    ordered = two + [group for group in found if len(np.unique(y[group])) == 1]
    return {
        "groups": len(found),
        "images": sum(map(len, found)),
        "two_labels": len(two),
        "leaks": len(leaks),
        "examples": [_group(images, group) for group in ordered[:SHOWN]],
    }


def _group(images: Images, group: np.ndarray) -> list[dict[str, str]]:
    """The first images of a group: key and class."""
    return [
        {"key": str(images.keys[at]), "class": images.classes[int(images.y[at])]}
        for at in group[:SHOWN]
    ]
