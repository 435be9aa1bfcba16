"""A study file as it was written: its values, with the size laid over, and where each stands."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from untrain.bench.asking.lines import Path as Key
from untrain.bench.asking.lines import lines_of
from untrain.config import path_of
from untrain.errors import MISSING, UserError, unknown

FOLDER = Path(__file__).parents[2] / "studies"
"""Where the packaged studies lie."""
INDEX = FOLDER / "index.toml"
SIZE = "laptop"
"""The size that is taken where none is asked for: a user's file as it stands, unless it says what
is different there."""


@dataclass(frozen=True)
class Document:
    """path: the file. tree: its values. lines: where each key stands."""

    path: Path
    tree: dict[str, Any]
    lines: dict[Key, int]

    def where(self, *key: str | int) -> str:
        """The file, and the line of a key or of the nearest one around it."""
        while key and key not in self.lines:
            key = key[:-1]
        line = f", line {self.lines[key]}" if key else ""
        return f"{self.path.name if self.path.parent == FOLDER else self.path}{line}"


def packaged() -> list[str]:
    """Names of the packaged studies, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.toml") if path != INDEX)


def also() -> dict[str, str]:
    """Other names of packaged studies: a table of the paper whose runs are those of another."""
    return tomllib.loads(INDEX.read_text(encoding="utf-8"))


def titled(name: str) -> str:
    """The title of a packaged study."""
    return str(tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))["title"])


def find(name: str) -> Path:
    """The file of a study: a path, or the name of a packaged one.

    Raises UserError for a name that does not exist, with the nearest one.
    """
    path = path_of(name)
    if path.is_file():
        return path
    known = also() | {each: each for each in packaged()}
    if name in known:
        return FOLDER / f"{known[name]}.toml"
    if path.is_dir():
        raise UserError(f"{name} is a folder.", "STUDY", "Name a TOML file, or a packaged study.")
    if path.suffix == ".toml" or len(path.parts) > 1:
        raise UserError(f"No file {name}.", "STUDY", "Check the path.", MISSING)
    raise unknown("study", name, sorted(known), "See: untrain bench list")


def document(name: str, size: str = SIZE) -> Document:
    """A study file at a size. Raises UserError where there is none, or it is no TOML."""
    path = find(name)
    try:
        text = path.read_text(encoding="utf-8-sig").replace("\r\n", "\n")
        tree = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not valid TOML: {error}.", str(path), "Mend it.") from error
    except OSError as error:
        raise UserError(
            f"{path} cannot be read: {error.strerror}.", str(path), "", MISSING
        ) from error
    found = Document(path, tree, lines_of(text))
    sizes = tree.pop("sizes", {})
    if not isinstance(sizes, dict) or not all(isinstance(over, dict) for over in sizes.values()):
        fix = "Write tables: [sizes.laptop], and below it what is different there."
        raise UserError("'sizes' is no table of tables.", found.where("sizes"), fix)
    itself = [SIZE] if not sizes or path.parent != FOLDER else []
    if size not in (known := [*dict.fromkeys([*sizes, *itself])]):
        fix = f"It has: {', '.join(known)}. Take one of these"
        fix += "." if path.parent == FOLDER else f", or add [sizes.{size}]."
        raise UserError(f"The study has no size '{size}'.", f"{found.where()}, --size {size}", fix)
    _lay(tree, sizes.get(size, {}), (), ("sizes", size), found.lines)
    return found


def _lay(
    base: dict[str, Any], over: dict[str, Any], at: Key, over_at: Key, lines: dict[Key, int]
) -> None:
    """Lay a table over another in place, deeply; entries of [[methods]] are matched by row."""
    for name, value in over.items():
        key, source = (*at, name), (*over_at, name)
        if name == "methods" and _rows(base.get(name)) and _rows(value):
            _lay_rows(base[name], value, key, source, lines)
        elif isinstance(base.get(name), dict) and isinstance(value, dict):
            _lay(base[name], value, key, source, lines)
        else:
            base[name] = value
            _move(lines, source, key)


def _lay_rows(
    base: list[Any], over: list[Any], at: Key, over_at: Key, lines: dict[Key, int]
) -> None:
    """Lay entries over those of the same row; others are added behind them."""
    for number, entry in enumerate(over):
        places = [place for place, known in enumerate(base) if _row(known) == _row(entry)]
        if places:
            for place in places[:1]:
                _lay(base[place], entry, (*at, place), (*over_at, number), lines)
        else:
            base.append(entry)
            _move(lines, (*over_at, number), (*at, len(base) - 1))


def _rows(value: Any) -> bool:
    """Whether it is a list of tables."""
    return isinstance(value, list) and all(isinstance(entry, dict) for entry in value)


def _row(entry: dict[str, Any]) -> str:
    """What an entry is matched by: its label, or its method and terms."""
    added = entry.get("add", [])
    named = [entry.get("name", ""), *(added if isinstance(added, list) else [added])]
    return str(entry.get("label") or "+".join(map(str, filter(None, named))))


def _move(lines: dict[Key, int], source: Key, key: Key) -> None:
    """Let a key and what is below it stand where the source stands."""
    for old in [old for old in lines if old[: len(key)] == key]:
        del lines[old]
    for other in [other for other in lines if other[: len(source)] == source]:
        lines[(*key, *other[len(source) :])] = lines[other]
