"""The whole checkup as one dictionary, which `untrain doctor --json` prints."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from untrain.doctor import computing, packages, places
from untrain.engine import machine
from untrain.version import __version__


def checkup() -> dict[str, Any]:
    """What this machine has; under `troubles` what is missing, broken or slow, and what to do.

    Asks no network. Without a working torch the parts that need it are empty.
    """
    listed = packages.look()
    broken = {
        one.name for one in listed if one.group == "core" and (one.problem or not one.version)
    }
    working = not broken & {"torch", "numpy"}
    reading = working and not broken & {"pillow", "huggingface-hub"}
    found: dict[str, Any] = {
        "untrain": __version__,
        "machine": machine.describe() | {"gpu_driver": machine.gpu_driver()},
        "computing": computing.look() if working else {},
        "packages": [asdict(one) for one in listed],
        "image_cache": places.image_cache() if reading else {},
        "hub": places.hub() if reading else {},
        "digits": places.digits(),
        "here": places.look(Path()),
    }
    troubles = [*packages.troubles(listed), *places.troubles(found)]
    if found["computing"]:
        troubles += computing.troubles(found["machine"], found["computing"])
    found["troubles"] = [asdict(one) for one in troubles]
    found["works"] = not any(one.level == "core" for one in troubles)
    return found
