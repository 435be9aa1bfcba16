"""Data, networks and requests as people say them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

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


def of_class(name: str) -> str:
    """`class dog`; what is called a class already is not called so twice."""
    return name if name.lower().startswith("class ") else f"class {name}"


def forget(rules: str) -> str:
    """`random:0.1` is random 10 %, `class:truck` class truck; others as they are written."""
    return " + ".join(_forget(rule) for rule in rules.split(" + "))


def _forget(rule: str) -> str:
    if many := re.fullmatch(r"(.*) x(\d+)", rule):
        return f"{_forget(many[1])}, {many[2]} times in a row,"
    kind, _, what = rule.partition(":")
    if kind == "class":
        return of_class(what)
    if kind == "random" and re.fullmatch(r"\d*\.?\d+", what):
        value = float(what)
        return f"random {100 * value:g} %" if value < 1 else f"{value:g} random images"
    if kind in ("ids", "indices"):
        return "a list of images"
    return rule
