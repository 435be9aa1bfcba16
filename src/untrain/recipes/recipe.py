"""A TOML file of values that --recipe loads: packaged with its evidence, or a user's own.

    [coun]               what a method takes, named like the flags
    lr = 0.1

    [ft.contrastive]     what a term takes where it is added to that method; [contrastive]
    lam = 0.3            alone: to any

    [about]              where the values come from; nothing reads it but `untrain list recipes`

Keys at the top of a file are flags of any part of a run; a method's table stands over them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from untrain.config import path_of
from untrain.errors import MISSING, Problems, UserError, unknown
from untrain.files import readable
from untrain.registry import methods, terms

HOME = Path(__file__).parent
ABOUT = "about"
"""The table of evidence."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What a file holds.

    name: of a packaged recipe, or the path that was named. top: flat values, and tables of terms.
    methods: fields by name of the method, tables of terms among them. about: its evidence.
    """

    name: str
    top: Mapping[str, Any]
    methods: Mapping[str, Mapping[str, Any]]
    about: Mapping[str, Any]

    def holds(self, method: str) -> bool:
        """Whether it has a table for the method; of a recipe of methods, it is untuned if not."""
        return method in self.methods

    def obstacles(self) -> list[UserError]:
        """Tables that are neither a method's nor a term's."""
        listed = terms.names()
        found = [_unknown(key, [*methods.names(), *listed]) for key in _strays(self.top)]
        for method, table in self.methods.items():
            below = [f"{method}.{term}" for term in listed]
            found += [_unknown(f"{method}.{key}", below) for key in _strays(table)]
        return found


def names() -> list[str]:
    """The packaged recipes, sorted."""
    return sorted(path.stem for path in HOME.glob("*.toml"))


def read(name: str) -> Recipe:
    """A file that exists, else the packaged recipe of that name.

    Raises UserError if there is none, or with all tables in it that nothing takes.
    """
    recipe, problems = load(name), Problems()
    problems.add(*recipe.obstacles())
    problems.raise_all()
    return recipe


def load(name: str) -> Recipe:
    """The same, whatever tables it holds. Raises UserError for what is no TOML file."""
    path = found(name)
    try:
        with readable(path, "--recipe"):
            content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not valid TOML: {error}.", "--recipe", "Mend it.") from error
    about = content.pop(ABOUT, {}) if isinstance(content.get(ABOUT), dict) else {}
    listed = methods.names()
    tables = {key: value for key, value in content.items() if isinstance(value, dict)}
    mine = {key: table for key, table in tables.items() if key.replace("_", "-") in listed}
    top = {key: value for key, value in content.items() if key not in mine}
    return Recipe(
        name=name,
        top=spelled(top),
        methods={key.replace("_", "-"): spelled(table) for key, table in mine.items()},
        about=about,
    )


def found(name: str) -> Path:
    """The file that a path or the name of a packaged recipe means. Raises UserError."""
    path = path_of(name)
    if path.is_file():
        return path
    if name in names():
        return HOME / f"{name}.toml"
    if path.is_dir():
        raise UserError(f"{path} is a folder.", "--recipe", "Name a TOML file.")
    if path.suffix or len(path.parts) > 1:
        raise UserError(f"No file {path}.", "--recipe", "Check the path.", MISSING)
    raise unknown("recipe", name, names(), "Name a TOML file, or one of: untrain list recipes")


def values(recipe: Recipe, method: str, added: Sequence[str] = ()) -> dict[str, Any]:
    """What it holds for a method: fields, and a dict of fields for each term that is added.

    The method's own table stands over what stands at the top; of a method without a table that is
    all. Types are not checked.
    """
    own = recipe.methods.get(method, {})
    given = {name: value for name, value in recipe.top.items() if name not in terms.names()}
    given |= {name: value for name, value in own.items() if name not in terms.names()}
    for term in added:
        table = {**_table(recipe.top, term), **_table(own, term)}
        given |= {term: table} if table else {}
    return given


def spelled(table: Mapping[str, Any]) -> dict[str, Any]:
    """The same with names as fields have them, in tables too: `weight-decay` is weight_decay."""
    tables = {key: spelled(value) for key, value in table.items() if isinstance(value, dict)}
    flat = {k.replace("-", "_"): value for k, value in table.items() if k not in tables}
    return flat | tables


def _table(values: Mapping[str, Any], term: str) -> Mapping[str, Any]:
    found = values.get(term, {})
    return found if isinstance(found, dict) else {}


def _strays(table: Mapping[str, Any]) -> list[str]:
    return [k for k, value in table.items() if isinstance(value, dict) and k not in terms.names()]


def _unknown(table: str, known: Iterable[str]) -> UserError:
    what = unknown("table", f"[{table}]", (f"[{name}]" for name in known)).what
    fix = "A table is a method's or a term's; other keys stand at the top, named like the flags."
    return UserError(what.replace("'", ""), "--recipe", fix)
