"""What a component's fields mean, read from its source, and which values they cannot have."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from dataclasses import fields
from textwrap import dedent
from typing import Any, Literal, Protocol, get_args, get_origin, get_type_hints

from untrain.errors import UserError

Ranges = Iterator[tuple[bool, str, str]]
"""Rules of hyper-parameters: whether one is met, the field, and what it must be."""


class Ranged(Protocol):
    """A dataclass that says what its fields must be."""

    def ranges(self) -> Ranges: ...


def field_texts(cls: type[Any]) -> dict[str, str]:
    """Field -> the text under it, in the order of the dataclass; "" where there is none.

    A subclass that repeats a field says what it means anew.
    """
    texts: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        if hasattr(base, "__dataclass_fields__"):
            texts |= own_texts(base)
    return {field.name: texts.get(field.name, "") for field in fields(cls)}


def own_texts(cls: type[Any]) -> dict[str, str]:
    """The same for the fields that stand in the class itself."""
    (tree,) = ast.parse(dedent(inspect.getsource(cls))).body
    assert isinstance(tree, ast.ClassDef)
    found = {}
    for node, after in zip(tree.body, tree.body[1:], strict=False):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            text = after.value if isinstance(after, ast.Expr) else None
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                found[node.target.id] = " ".join(text.value.split())
    return found


def sentence(cls: type[Any]) -> str:
    """What a component does, from the first line of its file: "CU: forget embeddings ..."."""
    first = (sys.modules[cls.__module__].__doc__ or cls.__doc__ or "").strip().partition("\n")[0]
    name, colon, rest = first.partition(": ")
    return (rest if colon else name).rstrip(".")


def settings(component: Any) -> dict[str, Any]:
    """All fields of a component by name, as a method's hyper-parameters."""
    return {f.name: getattr(component, f.name) for f in fields(component)}


def out_of_range(component: Ranged, prefix: str = "") -> list[UserError]:
    """An error for each rule that a component breaks; prefix: what stands before its flags."""
    return [
        refused(prefix + field, getattr(component, field), rule)
        for met, field, rule in component.ranges()
        if not met
    ]


def misfits(component: Any) -> list[UserError]:
    """Values that are none of a field's options, which Python lets through."""
    try:
        hints = get_type_hints(type(component))
    except NameError:  # a class inside of a function may name what only it can see
        return []
    options = {f.name: get_args(hints[f.name]) for f in fields(component)}
    return [
        refused(name, value, f"one of {', '.join(map(str, options[name]))}")
        for name, value in settings(component).items()
        if get_origin(hints[name]) is Literal and value not in options[name]
    ]


def refused(field: str, value: object, rule: str) -> UserError:
    """The error for a value, naming its flag."""
    flag = "--" + field.replace("_", "-")
    shown = repr(value) if isinstance(value, str) else value
    return UserError(f"{flag} {shown} is out of range.", flag, f"It must be {rule}.")
