"""Your own arrays, tensors or Dataset as `Images` and a `Split`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from untrain.data.checks import numbered
from untrain.data.images import Images
from untrain.data.pairs import LAYOUTS, pair, plain
from untrain.data.pixels.decode import shown
from untrain.data.pixels.room import joined
from untrain.data.sets.forget import select
from untrain.data.sets.lists import by_keys, by_positions
from untrain.data.sets.splits import NONE, Split, with_forget
from untrain.data.streams.augment import NAMES
from untrain.errors import Problems, UserError, unknown

FORMS = "Give a rule, a list of keys (strings) or of positions (integers), or a mask."
"""What says which images are forgotten."""


def assemble(
    train: Any,
    forget: str | Sequence[Any],
    test: Any,
    unseen: Any = None,
    *,
    val: Any = None,
    erased: str | Sequence[Any] | None = None,
    keys: Sequence[Any] | None = None,
    classes: Sequence[str] | None = None,
    augment: str = "crop+flip",
    layout: str = "",
    mean: Sequence[float] = (),
    std: Sequence[float] = (),
    stream: int = 0,
    seed: int = 0,
) -> tuple[Images, Split]:
    """One `Images` over all sets, and the split of it.

    Nothing is cut from what the model has seen: val and unseen are given or empty. The options
    are those of `untrain.Task`. Raises UserError for anything that does not fit together.
    """
    problems = Problems()
    if augment not in NAMES:
        problems.add(unknown("augmentation", augment, NAMES))
    if layout not in ("", *LAYOUTS):
        problems.add(unknown("layout", str(layout), [*LAYOUTS]))
        problems.raise_all()
    if stream < 0:
        problems.add(UserError(f"stream is {stream}.", "Task(stream=...)", "Use 0 for no chunks."))
    if isinstance(classes, int | str):
        what = f"classes is {classes!r}, no list of names."
        problems.add(UserError(what, "Task(classes=...)", "Give one name per class, in order."))
    given = {"train": train, "val": val, "unseen": unseen, "test": test}
    found = problems.attempt(_sets, given, layout)
    if found is not None and found["train"][0].is_floating_point() and np.size(mean) + np.size(std):
        what = "mean and std were given for floats, which are taken as normalised already."
        fix = "Leave them out, or give uint8 images, which they are for."
        problems.add(UserError(what, "Task(mean=..., std=...)", fix))
    problems.raise_all()
    sets = problems.settled(found)
    counts = {name: len(x) for name, (x, _) in sets.items()}
    count = counts["train"]
    names = [str(row) for row in range(count)] if keys is None else _keys(keys, count)
    names += [f"{name}/{i}" for name in sets if name != "train" for i in range(counts[name])]
    y = torch.cat([labels for _, labels in sets.values()])
    images = Images(
        x=joined([x for x, _ in sets.values()], on_disk=stream > 0),
        y=y,
        classes=[*map(str, () if classes is None else classes)]
        or numbered(y.numpy(), "Task(train=...)"),
        keys=np.asarray(names),
        mean=tuple(np.ravel(mean).tolist()),
        std=tuple(np.ravel(std).tolist()),
        augment=augment,
        chunk=stream,
    )
    ends = np.cumsum(list(counts.values()))
    places = {
        name: np.arange(end - counts[name], end) for name, end in zip(sets, ends, strict=True)
    }
    val_, unseen_ = places.get("val", NONE), places.get("unseen", NONE)
    split = Split(places["train"], NONE, val_, unseen_, places["test"])
    if erased is not None:
        split = with_forget(split, chosen(erased, images, split, seed, "erased")).settled()
    return images, with_forget(split, chosen(forget, images, split, seed))


def _keys(keys: Sequence[Any], count: int) -> list[str]:
    """The keys of the training images; raises UserError unless there is one string for each."""
    listed = list(keys)
    if len(listed) != count:
        raise UserError(
            f"{len(listed)} keys were given for {count} training images.",
            where="Task(keys=...)",
            fix="Give one key per training image.",
        )
    odd = [key for key in listed if not isinstance(key, str)]
    if odd:
        raise UserError(
            f"{len(odd)} of {count} keys are no strings: {shown([repr(key) for key in odd])}.",
            where="Task(keys=...)",
            fix="Give strings, here and in `forget`: integers in `forget` are positions.",
        )
    return [str(key) for key in listed]


def _sets(given: dict[str, Any], layout: str) -> dict[str, tuple[Tensor, Tensor]]:
    """Images and labels of each set that is given, all of one shape and type."""
    problems = Problems()
    for name in ("train", "test"):
        if given[name] is None:
            fix = "Give (images, labels), or a Dataset of such pairs."
            problems.add(UserError(f"There are no {name} images.", f"Task({name}=...)", fix))
    read = {name: problems.attempt(pair, value, name, layout) for name, value in given.items()}
    sets = {name: found for name, found in read.items() if found is not None}
    shapes = {name: (tuple(x.shape[1:]), x.dtype) for name, (x, _) in sets.items()}
    if len(set(shapes.values())) > 1:
        shown = "; ".join(f"{n}: {shape} {kind}" for n, (shape, kind) in shapes.items())
        problems.add(
            UserError(
                f"The sets have images of different shapes or types ({shown}).",
                where="untrain.Task",
                fix="Give all sets in one size and type.",
            )
        )
    problems.raise_all()
    return sets


def chosen(
    forget: str | Sequence[Any], images: Images, split: Split, seed: int, name: str = "forget"
) -> np.ndarray:
    """Training positions from a rule, keys, positions or a mask; name: of the argument."""
    if isinstance(forget, str):
        return select(forget, images, split.train, seed, split.earlier)
    found = positions_of(forget, images, split.train, name, split.erased)
    if len(found) in (0, len(split.retain)):
        left = " that are left" if split.earlier else ""
        raise UserError(
            f"{name} selects {len(found)} of the {len(split.retain)} training images{left}.",
            where=f"Task({name}=...)",
            fix="Select at least one image, and leave at least one to keep.",
        )
    return found


def positions_of(
    listed: Sequence[Any],
    images: Images,
    train: np.ndarray,
    name: str,
    erased: np.ndarray | None = None,
) -> np.ndarray:
    """Training positions from keys, positions or a mask; name: of the argument."""
    where = f"Task({name}=...)"
    try:
        entries = plain(sorted(listed) if isinstance(listed, set | frozenset) else listed)
    except (ValueError, TypeError) as error:
        what = f"{name} is no plain list of keys or positions."
        raise UserError(what, where, FORMS) from error
    if entries.size == 0:
        entries = np.zeros(0, dtype=np.int64)
    if entries.dtype == bool and entries.shape == train.shape:
        entries = np.flatnonzero(entries)
    if entries.ndim != 1 or entries.dtype.kind not in "iuUS":
        what = f"{name} holds {entries.dtype} of shape {entries.shape}."
        raise UserError(what, where, FORMS)
    read = by_positions if entries.dtype.kind in "iu" else by_keys
    return read([str(entry) for entry in entries], images, train, where, erased)
