"""Names of data, networks and requests as people say them, and places without their machine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from untrain.bench.job import Block

DATA = {
    "digits": "digits",
    "cifar10": "CIFAR-10",
    "cifar100": "CIFAR-100",
    "tiny-imagenet": "Tiny-ImageNet",
    "tiny-imagenet-32": "Tiny-ImageNet (32 px)",
}
MODELS = {
    "": "default network",
    "small": "small network",
    "resnet18": "ResNet-18",
    "resnet34": "ResNet-34",
    "resnet50": "ResNet-50",
    "resnet101": "ResNet-101",
    "vgg16": "VGG-16",
    "vit": "ViT",
}


def titled(blocks: Sequence[Block]) -> str:
    """`CIFAR-10, ResNet-18, random 10 % forgotten`; of several blocks what they share."""
    asked = [forget(one) for one in dict.fromkeys(block.forget for block in blocks)]
    named = [
        list(dict.fromkeys(data(block.data) for block in blocks)),
        list(dict.fromkeys(model(block.model) for block in blocks)),
    ]
    parts = [" and ".join(names) if len(names) < 3 else f"{len(names)} sets" for names in named]
    told = " and ".join(asked) if len(asked) < 3 else f"{len(asked)} requests, each"
    return ", ".join([*dict.fromkeys(parts), f"{told} forgotten"])


def data(name: str) -> str:
    head, comma, rest = name.partition(",")
    kind, colon, path = head.partition(":")
    told = Path(path).name if colon and kind != "python" else head
    return DATA.get(told, told) + comma + rest


def model(name: str) -> str:
    head, comma, rest = name.partition(",")
    return MODELS.get(head, head) + comma + rest


def forget(rules: str) -> str:
    """`random:0.1` is random 10 %, `class:truck` class truck; others as they are written."""
    return " + ".join(_forget(rule) for rule in rules.split(" + "))


def _forget(rule: str) -> str:
    if many := re.fullmatch(r"(.*) x(\d+)", rule):
        return f"{_forget(many[1])}, {many[2]} times in a row,"
    kind, _, what = rule.partition(":")
    if kind == "class":
        return f"class {what}"
    if kind == "random" and re.fullmatch(r"\d*\.?\d+", what):
        value = float(what)
        return f"random {100 * value:g} %" if value < 1 else f"{value:g} random images"
    if kind in ("ids", "indices"):
        return "a list of images"
    return rule


def shortened(rule: str) -> str:
    """The rule with eight signs of each pseudonym, of which it may have 64."""
    return re.sub(r"(sha256:[0-9a-f]{8})[0-9a-f]{56}", r"\1…", rule)


def addresses(paths: Sequence[Path], named: Sequence[Path]) -> dict[Path, str]:
    """What each folder is called, each differently: its path, as far as it is not of one machine.

    named: the places that the reader named, in or beside which the folders lie.
    """
    around = [up for place in named for up in (place.parent, place.parent.parent)]
    found: dict[Path, str] = {}
    for path in paths:
        told, inside = portable(path), [up for up in around if path.is_relative_to(up)]
        if told == path.name and inside:
            told = str(path.relative_to(inside[0]))
        again = sum(other == told or other.startswith(f"{told} (") for other in found.values())
        found[path] = f"{told} ({again + 1})" if again else told
    return found


def portable(path: Path) -> str:
    """A path as its reader would type it; of one from the root, what is below the working folder,
    or else its name alone, as its place is of one machine."""
    if not path.is_absolute():
        return str(path)
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else path.name


def ended(runs: Iterable[Mapping[str, Any]]) -> str:
    """When the last of these runs ended."""
    times = [run.get("time") for run in runs]
    return max((str(time.get("ended", "")) for time in times if isinstance(time, dict)), default="")
