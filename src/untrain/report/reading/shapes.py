"""Shapes of what JSON files hold: kinds of values by their place, and what is wrong with one.

A mapping is an object: key -> shape; `key?` may be absent, `*` is every other key, `#` every other
key, a number of a class each. A list of one shape is a list of such values, a frozenset one of its
words, a type any value of it; True and False are no numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Shape = Mapping[str, Any]
HUGE = 1e100
"""No value is larger: sums and squares of them are finite."""


@dataclass(frozen=True)
class Number:
    """A finite number in [low, high]. whole: an integer. none: null stands for one that could not
    be had."""

    low: float = -HUGE
    high: float = HUGE
    whole: bool = False
    none: bool = False

    def fits(self, value: Any) -> bool:
        if value is None:
            return self.none
        kinds = (int,) if self.whole else (int, float)
        return type(value) in kinds and self.low <= value <= self.high


@dataclass(frozen=True)
class Maybe:
    """Null, or of a shape."""

    shape: Any


@dataclass(frozen=True)
class Also:
    """Of a shape, and as a check wants it, which says what is wrong in words, or ""."""

    shape: Any
    check: Callable[[Any], str]


def wrong(content: Any, shape: Any, where: str = "") -> str:
    """The first value that is not of its shape, in words; "" if there is none."""
    match shape:
        case Maybe():
            return "" if content is None else wrong(content, shape.shape, where)
        case Also():
            problem = wrong(content, shape.shape, where)
            told = "" if problem else shape.check(content)
            return f"{told} at {where.rstrip('.')}" if told and where else problem or told
        case Number():
            return "" if shape.fits(content) else _told(where, _unlike(content))
        case frozenset():
            fits = isinstance(content, str) and content in shape
            return "" if fits else _told(where, "of another kind")
        case Mapping():
            return _object(content, shape, where)
        case list():
            return _list(content, shape[0], where)
    fits = isinstance(content, shape) and not (isinstance(content, bool) and shape is int)
    return "" if fits else _told(where, "of another kind")


def _object(content: Any, shape: Shape, where: str) -> str:
    if not isinstance(content, Mapping):
        return _told(where, "no object")
    known = {name.rstrip("?") for name in shape}
    for key, inner in shape.items():
        if key in "*#":
            if problem := _others(content, known, key, inner, where):
                return problem
            continue
        name = key.rstrip("?")
        if name not in content:
            if name == key:
                return f"lacks {where}{name}"
            continue
        if problem := wrong(content[name], inner, f"{where}{name}."):
            return problem
    return ""


def _others(content: Mapping[str, Any], known: set[str], kind: str, inner: Any, where: str) -> str:
    for name in content:
        if name in known:
            continue
        if kind == "#" and not name.isdecimal():
            return _told(f"{where}{name}", "no class")
        if problem := wrong(content[name], inner, f"{where}{name}."):
            return problem
    return ""


def _list(content: Any, inner: Any, where: str) -> str:
    if not isinstance(content, list):
        return _told(where, "no list")
    if isinstance(inner, Number):  # of thousands
        odd = [each for each in content if not inner.fits(each)]
        return _told(where, _unlike(odd[0])) if odd else ""
    return next(filter(None, (wrong(each, inner, where) for each in content)), "")


def _unlike(value: Any) -> str:
    if type(value) not in (int, float):
        return "of another kind"
    return "out of its range" if math.isfinite(value) else "no finite number"


def _told(where: str, what: str) -> str:
    return f"has something that is {what} at {where.rstrip('.')}"
