"""What is wrong with labelled images: counts, labels, keys, constants, pixels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from untrain.data.pixels.decode import shown
from untrain.errors import UserError

if TYPE_CHECKING:
    from untrain.data.images import Images

PART = 1000
"""Images that are looked at together."""
MOST = 100_000
"""Classes that labels without names may count to; more are other numbers, such as ids."""


def problems_in(images: Images) -> list[UserError]:
    """All problems of a data set, each with the images that it concerns."""
    problems = []
    for what, fix in (
        *_counts(images),
        *_labels(images),
        *_keys(images.keys),
        *_constants(images),
        *_pixels(images),
    ):
        problems.append(UserError(what, images.name, fix))
    return problems


def numbered(labels: np.ndarray, name: str) -> list[str]:
    """Class names for labels without names: the numbers from 0 to the greatest.

    Raises UserError for numbers that are no labels.
    """
    most = int(labels.max(initial=0))
    if most >= MOST:
        raise UserError(
            f"Labels go up to {most:,}: these look like other numbers, not like classes.",
            where=name,
            fix="Labels are integers from 0 to the number of classes minus one.",
        )
    return [str(label) for label in range(most + 1)]


def _shown(images: Images, rows: np.ndarray) -> str:
    """The keys of the images of these rows, the first ones."""
    return shown([str(key) for key in images.keys[rows[rows < len(images.keys)]]])


def _counts(images: Images) -> list[tuple[str, str]]:
    count, height, width, _ = images.x.shape
    found = []
    if count == 0 or height == 0 or width == 0:
        what = f"There are no pixels: {count} images of {width}x{height}."
        found.append((what, "Give images of at least one pixel."))
    if len(images.y) != count or len(images.keys) != count:
        what = f"{count} images, {len(images.y)} labels and {len(images.keys)} keys do not match."
        found.append((what, "Give one label and one key per image."))
    return found


def _labels(images: Images) -> list[tuple[str, str]]:
    labels, known = images.y.numpy(), len(images.classes)
    outside = np.flatnonzero((labels < 0) | (labels >= known))
    if len(outside) == 0:
        return []
    what = (
        f"Labels go from {labels.min()} to {labels.max()}, but there are {known} classes: "
        f"{len(outside)} of {len(labels)} lie outside ({_shown(images, outside)})."
    )
    return [(what, "Labels are integers from 0 to the number of classes minus one.")]


def _keys(keys: np.ndarray) -> list[tuple[str, str]]:
    names, counts = np.unique(keys, return_counts=True)
    if len(names) == len(keys):
        return []
    again = shown(names[counts > 1].astype(str).tolist())
    what = f"{len(keys) - len(names)} of the {len(keys)} keys are not unique: {again}."
    return [(what, "Give every image a key of its own.")]


def _constants(images: Images) -> list[tuple[str, str]]:
    channels, mean, std = images.channels, images.mean, images.std
    if len(mean) != len(std) or len(mean) not in (0, channels):
        what = f"{channels} channels, but mean {mean} and std {std}."
        return [(what, "Give both, one value per channel, or neither.")]
    found = []
    if not all(math.isfinite(m) and 0 <= m <= 1 for m in mean):
        fix = "Divide them by 255." if all(0 <= m <= 255 for m in mean) else "Give finite numbers."
        found.append((f"mean {mean} does not lie between 0 and 1.", fix))
    if not all(math.isfinite(s) and 0 < s <= 1 for s in std):
        fix = "Divide them by 255." if all(1 < s <= 255 for s in std) else "Give numbers above 0."
        found.append((f"std {std} does not lie above 0 and up to 1.", fix))
    return found


def _pixels(images: Images) -> list[tuple[str, str]]:
    if not images.x.is_floating_point() or images.x.numel() == 0:
        return []
    starts = range(0, len(images), PART)  # of a file in memory, a part at a time
    import torch

    whole = [torch.isfinite(images.x[at : at + PART]).flatten(1).all(1) for at in starts]
    bad = ~torch.cat(whole)
    if not bool(bad.any()):
        return []
    rows = bad.nonzero()[:, 0].numpy()
    what = f"{len(rows)} of {len(images)} images hold NaN or infinite values"
    return [(f"{what}: {_shown(images, rows)}.", "Remove or mend these images first.")]
