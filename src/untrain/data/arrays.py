"""Your own arrays, tensors or Dataset as `Images` and a `Split`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from untrain.data.augment import NAMES
from untrain.data.forget import by_keys, by_positions, select
from untrain.data.images import Images
from untrain.data.splits import NONE, Split, with_forget
from untrain.errors import UserError, unknown

CHANNELS = (1, 3, 4)
"""Sizes by which the channel axis is recognised."""


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
    mean: Sequence[float] = (),
    std: Sequence[float] = (),
    seed: int = 0,
) -> tuple[Images, Split]:
    """One `Images` over all sets, and the split of it.

    Nothing is cut from what the model has seen: val and unseen are given or empty. The options
    are those of `untrain.Task`. Raises UserError for anything that does not fit together.
    """
    given = {"train": train, "val": val, "unseen": unseen, "test": test}
    for name in ("train", "test"):
        if given[name] is None:
            raise UserError(
                f"There are no {name} images.",
                where=f"Task({name}=...)",
                fix="Give (images, labels), or a Dataset of such pairs.",
            )
    sets = {name: pair(value, name) for name, value in given.items() if value is not None}
    shapes = {name: (tuple(x.shape[1:]), x.dtype) for name, (x, _) in sets.items()}
    if len(set(shapes.values())) > 1:
        shown = "; ".join(f"{n}: {shape} {kind}" for n, (shape, kind) in shapes.items())
        raise UserError(
            f"The sets have images of different shapes or types ({shown}).",
            where="untrain.Task",
            fix="Give all sets in one size and type.",
        )
    if augment not in NAMES:
        raise unknown("augmentation", augment, NAMES)
    counts = {name: len(x) for name, (x, _) in sets.items()}
    count = counts["train"]
    if keys is not None and len(keys) != count:
        raise UserError(
            f"{len(keys)} keys were given for {count} training images.",
            where="Task(keys=...)",
            fix="Give one key per training image.",
        )
    names = [str(key) for key in (range(count) if keys is None else keys)]
    names += [f"{name}/{i}" for name in sets if name != "train" for i in range(counts[name])]
    y = torch.cat([labels for _, labels in sets.values()])
    images = Images(
        x=torch.cat([x for x, _ in sets.values()]),
        y=y,
        classes=[str(c) for c in classes] if classes else [str(c) for c in range(int(y.max()) + 1)],
        keys=np.asarray(names),
        mean=tuple(mean),
        std=tuple(std),
        augment=augment,
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


def chosen(
    forget: str | Sequence[Any], images: Images, split: Split, seed: int, name: str = "forget"
) -> np.ndarray:
    """Training positions from a rule, keys, positions or a mask; name: of the argument."""
    train = split.train
    if isinstance(forget, str):
        return select(forget, images, train, seed, split.earlier)
    entries = np.asarray(forget)
    if entries.size == 0:
        entries = np.zeros(0, dtype=np.int64)
    if entries.dtype == bool and entries.shape == train.shape:
        entries = np.flatnonzero(entries)
    if entries.ndim != 1 or entries.dtype.kind not in "iuUS":
        raise UserError(
            f"{name} holds {entries.dtype} of shape {entries.shape}.",
            where=f"Task({name}=...)",
            fix="Give a rule, a list of keys (strings) or of positions (integers), or a mask.",
        )
    read = by_positions if entries.dtype.kind in "iu" else by_keys
    listed = [str(entry) for entry in entries]
    found = read(listed, images, train, f"Task({name}=...)", split.erased)
    if len(found) in (0, len(split.retain)):
        left = " that are left" if split.earlier else ""
        raise UserError(
            f"{name} selects {len(found)} of the {len(split.retain)} training images{left}.",
            where=f"Task({name}=...)",
            fix="Select at least one image, and leave at least one to keep.",
        )
    return found


def pair(value: Any, name: str) -> tuple[Tensor, Tensor]:
    """Images (N, H, W, C) and labels (N,) from a pair of arrays or a map-style Dataset."""
    if not (isinstance(value, tuple | list) and len(value) == 2):
        if not (hasattr(value, "__len__") and hasattr(value, "__getitem__")):
            raise UserError(
                f"{name} is a {type(value).__name__}.",
                where=f"Task({name}=...)",
                fix="Give (images, labels), or a Dataset with a length that yields such pairs.",
            )
        items = [value[i] for i in range(len(value))]
        value = np.stack([np.asarray(item[0]) for item in items]), [int(item[1]) for item in items]
    x, y = torch.as_tensor(np.asarray(value[0])), torch.as_tensor(np.asarray(value[1]))
    if len(x) != len(y) or y.ndim != 1 or y.is_floating_point():
        raise UserError(
            f"{name} has {len(x)} images and labels of shape {tuple(y.shape)}, type {y.dtype}.",
            where=f"Task({name}=...)",
            fix="Give one integer label per image.",
        )
    return channels_last(x, name), y.to(torch.int64)


def channels_last(x: Tensor, name: str) -> Tensor:
    """(N, H, W, C) from (N, H, W), (N, H, W, C) or (N, C, H, W); uint8 or float32."""
    if x.ndim == 3:
        x = x[..., None]
    if x.ndim != 4 or not ({x.shape[1], x.shape[3]} & set(CHANNELS)):
        raise UserError(
            f"{name} has images of shape {tuple(x.shape)}.",
            where=f"Task({name}=...)",
            fix="Images are (N, H, W), (N, H, W, C) or (N, C, H, W) with 1, 3 or 4 channels.",
        )
    if x.shape[3] not in CHANNELS:
        x = x.permute(0, 2, 3, 1)
    if x.dtype == torch.uint8 or x.is_floating_point():
        return (x if x.dtype == torch.uint8 else x.float()).contiguous()
    raise UserError(
        f"{name} has images of type {x.dtype}.",
        where=f"Task({name}=...)",
        fix="Give uint8, or floats that are normalised already.",
    )
