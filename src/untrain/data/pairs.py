"""Images and labels as users have them: arrays, tensors, or a Dataset of pairs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from untrain.errors import Problems, UserError
from untrain.models.own import broken

LAYOUTS = {"NHWC": 3, "NCHW": 1}
"""The axis of the channels in each layout."""
CHANNELS = (1, 3, 4)
"""Sizes by which the channel axis is recognised where not one reading alone is square."""
GRAY = ("1", "L", "LA", "La")
"""Modes of PIL's images that are gray."""
BANDS = 32
"""The most channels that an axis is taken for."""
BRIGHT = 16.0
"""Floats from 0 to more than this are no normalised images."""
WHOLE = "Give (images, labels), or a Dataset with a length that yields such pairs."


def pair(value: Any, name: str, layout: str = "", where: str = "") -> tuple[Tensor, Tensor]:
    """Images (N, H, W, C) and labels (N,) from a pair of arrays or a map-style Dataset.

    name: the argument, for errors. layout: NHWC or NCHW; "" to tell it from the shape.
    where: the source, for errors, if they are no arguments of a Task.
    Raises UserError with what is wrong with either.
    """
    where = where or f"Task({name}=...)"
    if not is_pair(value):
        value = gathered(value, name, where)
    problems = Problems()
    x = problems.attempt(_images, value[0], name, layout, where)
    count = len(value[0]) if _sized(value[0]) else -1
    y = problems.attempt(_labels, value[1], count, name, where)
    problems.raise_all()
    return problems.settled(x), problems.settled(y)


def is_pair(value: Any) -> bool:
    """Whether these are images and labels, and no list of two images with their labels."""
    if not (isinstance(value, tuple | list) and len(value) == 2):
        return False
    return not all(isinstance(one, Mapping) or _is_item(one) for one in value)


def _is_item(one: Any) -> bool:
    """Whether this is an image and its label."""
    if not (isinstance(one, tuple | list) and len(one) >= 2):
        return False
    image = isinstance(one[0], Image.Image) or getattr(one[0], "ndim", 0) >= 2
    return image and (isinstance(one[1], str | bytes | int) or getattr(one[1], "ndim", 1) == 0)


def items_of(value: Any, name: str, where: str, most: int | None = None) -> list[Any]:
    """The items of a Dataset, or the first ones. Raises UserError if one cannot be had."""
    items = []
    for at in range(len(value))[:most]:
        try:
            items.append(value[at])
        except UserError:
            raise
        except Exception as error:
            raise broken(f"{name}[{at}] fails", error, where) from error
    return items


def labels_in(value: Any, name: str, where: str) -> np.ndarray:
    """Labels as an array of one axis or more. Raises UserError if they are none."""
    fix = "Give one integer or name per image."
    try:
        array = plain(value)
    except ValueError as error:
        raise UserError(f"The labels of {name} differ in shape.", where, fix) from error
    if array.ndim == 0:
        raise UserError(f"The labels of {name} are a single {array.dtype}.", where, fix)
    return array


def gathered(value: Any, name: str, where: str) -> tuple[list[Any], list[Any]]:
    """The images and labels of a map-style Dataset. Raises UserError if it is none."""
    if not (_sized(value) and hasattr(value, "__getitem__")):
        fix = "Give its `.dataset`." if hasattr(value, "dataset") else WHOLE
        raise UserError(f"{name} is a {type(value).__name__}.", where, fix)
    items = items_of(value, name, where)
    for number, item in enumerate(items):
        if not (isinstance(item, tuple | list) and len(item) >= 2):
            what = f"{name}[{number}] is a {type(item).__name__}, not an image and its label."
            raise UserError(what, where, WHOLE)
    return [item[0] for item in items], [item[1] for item in items]


def _sized(value: Any) -> bool:
    return hasattr(value, "__len__") and getattr(value, "ndim", 1) != 0


def _array(value: Any, kind: str, name: str, where: str) -> Tensor:
    """A tensor on the CPU; raises UserError for what holds other things than numbers."""
    if isinstance(value, Tensor):
        return value.detach().cpu().to_dense()
    try:
        listed = isinstance(value, list)
        array = np.stack([plain(v) for v in alike(value)]) if listed else plain(value)
    except ValueError as error:
        what = f"The {kind} of {name} differ in shape, or there are none."
        fix = f"Give {kind} of one shape."
        if kind == "images" and not where.startswith("Task("):
            fix = "Bring them to one size with --size 64, or another number of pixels."
        raise UserError(what, where, fix) from error
    if array.dtype.kind not in "biuf":
        what = f"The {kind} of {name} are {array.dtype}, not numbers."
        fix = "Give class numbers, and their names as classes=[...]."
        raise UserError(what, where, fix if kind == "labels" else "Give pixels.")
    array = np.ascontiguousarray(array, array.dtype.newbyteorder("="))
    return torch.from_numpy(array if array.flags.writeable else array.copy())


def alike(values: Sequence[Any]) -> list[Any]:
    """The same things, images of PIL as gray ones if all are, else as RGB."""
    modes = {value.mode for value in values if isinstance(value, Image.Image)}
    mode = "L" if modes <= set(GRAY) else "RGB"
    return [v.convert(mode) if isinstance(v, Image.Image) else v for v in values]


def plain(value: Any) -> np.ndarray:
    """An array of anything; what it holds is looked at later."""
    return np.asarray(value.detach().cpu().to_dense() if isinstance(value, Tensor) else value)


def _labels(value: Any, count: int, name: str, where: str) -> Tensor:
    """Labels, int64 (N,)."""
    y = _array(value, "labels", name, where)
    if y.ndim == 1 and len(y) == count and not y.is_floating_point():
        return y.to(torch.int64)
    fix = "Give one integer label per image."
    if y.ndim == 2 and y.shape[1] > 1:
        fix += " One-hot rows become labels by .argmax(1)."
    raise UserError(
        f"{name} has {count} images and labels of shape {tuple(y.shape)}, type {y.dtype}.",
        where=where,
        fix=fix,
    )


def _images(value: Any, name: str, layout: str, where: str) -> Tensor:
    """(N, H, W, C) from (N, H, W), (N, H, W, C) or (N, C, H, W); uint8 or float32."""
    x = _array(value, "images", name, where)
    if x.ndim == 3:
        x, layout = x[..., None], "NHWC"
    what = f"{name} has images of shape {tuple(x.shape)}"
    if x.ndim != 4 or 0 in x.shape:
        fix = "Give some as (N, H, W), (N, H, W, C) or (N, C, H, W)."
        raise UserError(f"{what}.", where, fix)
    axis = LAYOUTS[layout] if layout else channel_axis(x)
    if not axis:
        _, a, b, c = x.shape
        raise UserError(
            f"{what}: NHWC would be {c} channels of {a}x{b}, NCHW {a} channels of {b}x{c}.",
            where=where,
            fix='Say which, with layout="NHWC" or layout="NCHW".'
            if where.startswith("Task(")
            else "Give them as (N, H, W, C) with square images, or in files of their own.",
        )
    if axis == 1:
        x = x.permute(0, 2, 3, 1)
    fix = "Give uint8, or floats that are normalised already."
    if x.dtype != torch.uint8 and not x.is_floating_point():
        raise UserError(f"{name} has images of type {x.dtype}.", where, fix)
    x = (x if x.dtype == torch.uint8 else x.float()).contiguous()
    low, high = (float(end) for end in x.aminmax())
    if x.is_floating_point() and low >= 0 and BRIGHT < high < math.inf:
        scale = "0..255 floats" if high <= 255.5 else "numbers that are not normalised"
        what = f"{name} has pixels from {low:g} to {high:g}: they look like {scale}."
        raise UserError(what, where, fix)
    return x


def channel_axis(x: Tensor) -> int:
    """3 for images (N, H, W, C), 1 for (N, C, H, W); 0 where it is not clear.

    Where one reading alone has square images, it is taken; else the one that has a usual number
    of channels; else the one with far fewer.
    """
    first, middle, last = x.shape[1:]
    if first == middle == last:
        return 3 if last == 1 else 0
    if middle in (first, last):
        axis = 3 if middle == first else 1
        return axis if x.shape[axis] <= BANDS else 0
    usual = [axis for axis in (3, 1) if x.shape[axis] in CHANNELS]
    if usual:
        return usual[0] if len(usual) == 1 else 0
    few, many = sorted((first, last))
    if few > min(BANDS, middle) or many < 2 * few:
        return 0
    return 1 if first == few else 3
