"""A recipe as TOML text, in the order in which its values are given."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from untrain.files import atomic

BARE = re.compile(r"[A-Za-z0-9_-]+")


def write(path: Path, tables: Mapping[str, Mapping[str, Any]], head: str = "") -> None:
    """Write tables by name, tables of their own among their values. head: a comment above.

    Raises UserError if the file cannot be written.
    """
    comment = "".join(f"# {line}\n" for line in head.splitlines())
    blocks = [block(name, table) for name, table in tables.items()]
    with atomic(path) as draft:
        draft.write_text("\n".join([comment, *blocks] if comment else blocks), encoding="utf-8")


def block(name: str, table: Mapping[str, Any]) -> str:
    """A table, and those inside it below."""
    flat = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
    lines = [f"[{name}]", *(f"{quoted(key)} = {text(value)}" for key, value in flat.items())]
    below = [
        block(f"{name}.{quoted(key)}", value) for key, value in table.items() if key not in flat
    ]
    return "\n".join(["\n".join(lines) + "\n", *below])


def quoted(key: str) -> str:
    return key if BARE.fullmatch(key) else json.dumps(key, ensure_ascii=False)


def text(value: Any) -> str:
    """A value of TOML: text, a number, yes or no, a list, or a table in one line.

    Raises ValueError for anything else.
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{quoted(k)} = {text(one)}" for k, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        long = any(isinstance(one, Mapping) for one in value)
        items = [text(one) for one in value]
        return "[\n" + "".join(f"  {one},\n" for one in items) + "]" if long else listed(items)
    raise ValueError(f"TOML has no {type(value).__name__}")


def listed(items: list[str]) -> str:
    return f"[{', '.join(items)}]"
