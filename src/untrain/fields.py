"""What a component and its fields mean, read from its source: docstrings under fields and files."""

from __future__ import annotations

import ast
import inspect
import sys
from dataclasses import fields
from textwrap import dedent
from typing import Any


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
