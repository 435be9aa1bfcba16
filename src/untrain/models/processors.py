"""preprocessor_config.json: what transformers' image processors do to an image before the network.

Read for its constants; written so that a photo comes out as untrain has seen it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from untrain.errors import UserError
from untrain.models.ecosystems import Pictured, constants, tell

PROCESSOR = "preprocessor_config.json"
FIX = "Mend it, or say what the network was trained with: --normalise MEANS/DEVIATIONS."
BICUBIC = 3
"""As PIL numbers its filters."""


def described(about: Pictured) -> dict[str, Any]:
    """The settings with which a photo becomes what untrain makes of it: the shorter side is brought
    to the stored size, bicubic, and the middle is taken."""
    height, width = about.size
    squares = height == width and len(set(about.kept)) == 1
    how: dict[str, Any] = {"size": {"height": height, "width": width}, "do_center_crop": False}
    if squares:
        how = {"size": {"shortest_edge": about.kept[0]}, "do_center_crop": True}
    return {
        "image_processor_type": "CLIPImageProcessor",
        "do_convert_rgb": about.channels == 3,
        "do_resize": True,
        **how,
        "resample": BICUBIC,
        "crop_size": {"height": height, "width": width},
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": list(about.mean),
        "image_std": list(about.std),
    }


def constants_in(path: Path, where: str) -> str:
    """The constants of a preprocessor_config.json, as `--normalise` takes them; "" if it has none.

    where: the flag that led to it. Raises UserError, with the file and the value, if it cannot be
    read or does what untrain does not do.
    """

    def refused(what: str) -> UserError:
        return UserError(f"{path} {what}.", where, FIX)

    try:
        said = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise refused(f"cannot be read: {error}") from error
    if not isinstance(said, dict):
        raise refused(f"holds a {type(said).__name__}, and no settings by name")
    if said.get("do_flip_channel_order"):
        tell(f"warning: {path.name} turns red and blue around; untrain leaves them in their places")
    values = []
    if said.get("do_normalize") is not False:
        given = {name: said.get(name) for name in ("image_mean", "image_std")}
        lacking = [name for name, value in given.items() if value is None]
        if len(lacking) == 1:
            raise refused(f"lacks {lacking[0]}")
        values = [] if lacking else [numbers(said, name) for name in given]
        for name, found in zip(given, values, strict=False):
            if not found or (name == "image_std" and not all(one > 0 for one in found)):
                raise refused(f"gives {name}: {said[name]!r}, and no numbers to normalise with")
    return on_unit_scale(said, values, refused)


def numbers(said: Mapping[str, Any], name: str) -> list[float]:
    """The numbers of a setting, one or a list; empty if there is anything else in it."""
    found = said[name] if isinstance(said[name], list) else [said[name]]
    fine = all(type(one) in (int, float) and math.isfinite(one) for one in found)
    return [float(one) for one in found] if fine else []


def on_unit_scale(said: Mapping[str, Any], values: list[list[float]], refused: Any) -> str:
    """Constants for pixels on the scale [0, 1], also of a processor that leaves them on [0, 255].

    Raises what `refused` makes of it where the scale is not clear.
    """
    factor = said.get("rescale_factor", 1 / 255)
    rescales = said.get("do_rescale") is not False
    if said.get("rescale_offset"):
        raise refused("says rescale_offset, which untrain does not know")
    if rescales and not (type(factor) in (int, float) and math.isfinite(factor)):
        raise refused(f"gives rescale_factor: {factor!r}, and no number")
    if rescales and math.isclose(factor, 1 / 255, rel_tol=1e-3):
        return constants(*values) if values else "0/1" * (said.get("do_normalize") is False)
    if (factor == 1 or not rescales) and max(map(max, values), default=0) > 1:
        return constants(*([one / 255 for one in part] for part in values))
    what = f"rescale_factor: {factor:g}" if rescales else "do_rescale: false"
    raise refused(f"says {what}, so that the scale of the pixels is not clear")
