"""On which line of a TOML file a key stands, so that a message can name it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any

Path = tuple[str | int, ...]
"""A key of a document: ("methods", 0, "lam") is `lam` of the first [[methods]]."""
TOKEN = re.compile(
    r"""\"{3}(?:\\.|[^\\])*?\"{3,5}(?!")|'{3}.*?'{3,5}(?!')"""  # texts over several lines
    r"""|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|\#[^\n]*|[^"'#\[\]{}\n]+|.""",
    re.DOTALL,
)
BRACKETS = {"[": 1, "{": 1, "]": -1, "}": -1}


def lines_of(text: str) -> dict[Path, int]:
    """Key -> its line, from 1. Keys inside of a value, as of an inline table, are not listed.

    text: valid TOML.
    """
    found: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    for number, statement in statements(text):
        header = re.match(r"\[\[(.+)\]\]|\[(.+)\]", statement)
        if header:
            several, one = header.groups()
            table = _placed(_keys(several or one), counts)
            if several:
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            found[table] = number
        else:
            path = (*table, *_keys(statement[: _equals(statement)]))
            for length in range(len(table) + 1, len(path) + 1):
                found.setdefault(path[:length], number)
    return found


def statements(text: str) -> Iterator[tuple[int, str]]:
    """Headers and `key = value`, each with the line on which it begins, without comments."""
    begun, kept, depth, number = 1, "", 0, 1
    for match in TOKEN.finditer(text + "\n"):
        piece = match.group()
        if piece == "\n" and depth == 0:
            if kept.strip():
                yield begun, kept.strip()
            kept = ""
        elif not piece.startswith("#"):
            begun = begun if kept.strip() else number
            kept += piece
            depth += BRACKETS.get(piece, 0)
        number += piece.count("\n")


def _equals(statement: str) -> int:
    """Where the sign between a key and its value stands; a quoted key may hold one too."""
    bare = re.sub(r"\"(?:\\.|[^\"\\])*\"|'[^']*'", lambda m: "_" * len(m.group()), statement)
    return bare.index("=")


def _keys(dotted: str) -> Path:
    """The parts of a dotted key, as TOML reads them."""
    value: Any = tomllib.loads(f"{dotted} = 0")
    parts: list[str] = []
    while isinstance(value, dict):
        ((part, value),) = value.items()
        parts.append(part)
    return tuple(parts)


def _placed(path: Path, counts: dict[Path, int]) -> Path:
    """A header's path with the number of the entry where it goes through an array of tables."""
    placed: Path = ()
    for place, part in enumerate(path):
        placed = (*placed, part)
        if placed in counts and place < len(path) - 1:
            placed = (*placed, counts[placed])
    return placed
