"""The constants that images are normalised with, where a network was trained with others."""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace

from untrain.data.images import Images
from untrain.errors import UserError

KNOWN = {
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "half": ((0.5,), (0.5,)),
}
"""Mean and standard deviation by name, on the scale [0, 1]."""
KEPT = "Leave it out; where a network's own constants came in by themselves, give --normalise=."
"""What to do for images that are normalised already."""
FORM = "Name imagenet or half, or give numbers: 0.5,0.5,0.5/0.25,0.25,0.25 (means/deviations)."


def normalised(images: Images, given: str) -> Images:
    """The same images with other constants; "" leaves them. Other constants, another hash.

    given: a name in KNOWN, or MEANS/DEVIATIONS with a number per channel, or one for all.
    Raises UserError for anything else, and for images that are floats.
    """
    if not given:
        return images
    if images.x.is_floating_point():
        what = "The images are floats, which are taken as normalised already."
        raise UserError(what, f"--normalise {given}", KEPT)
    mean, std = KNOWN.get(given) or numbers(given)
    mean, std = (one * images.channels if len(one) == 1 else one for one in (mean, std))
    if {len(mean), len(std)} != {images.channels}:
        what = f"{len(mean)} means and {len(std)} deviations for {images.channels} channels."
        raise UserError(what, f"--normalise {given}", "Give one for each channel, or one for all.")
    digest = hashlib.sha256(f"{mean} {std}".encode()).hexdigest()[:16]
    told = images.hash and f"{images.hash}+normalised-{digest}"
    return replace(images, mean=mean, std=std, hash=told)


def numbers(given: str) -> tuple[tuple[float, ...], ...]:
    """Means and deviations from text. Raises UserError if they are none."""
    parts = given.split("/")
    try:
        mean, std = (tuple(float(one) for one in part.split(",")) for part in parts)
    except ValueError as error:
        what = f"'{given}' gives no means and deviations."
        raise UserError(what, f"--normalise {given}", FORM) from error
    if not all(map(math.isfinite, mean)) or not all(0 < one < math.inf for one in std):
        what = "Means must be numbers, and deviations positive numbers."
        raise UserError(what, f"--normalise {given}", FORM)
    return mean, std
