"""An entry of [[methods]] as it was written, with what its names stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from dataclasses import fields as fields_of
from typing import TYPE_CHECKING, Any, Literal

from untrain.bench.asking.document import Document
from untrain.bench.asking.lines import Path as Key
from untrain.bench.asking.values import check_keys, typed
from untrain.errors import Problems, UserError
from untrain.registry import methods, terms

if TYPE_CHECKING:
    from untrain.methods.contract import Method, Term


@dataclass(frozen=True, kw_only=True)
class Keys:
    """Keys of an entry beside the fields of its method."""

    name: str = ""
    label: str = ""
    add: str | list[str] = field(default_factory=list)
    preset: str = ""
    recipe: str = ""
    grid: Literal["", "search"] = ""
    select: Literal["none", "early", "oracle"] = "none"
    available: float = 1.0
    forget_data: bool = True


GRIDDED = ("select", "available", "forget_data")
"""Keys of which a list is a grid, as it is of a field."""


@dataclass(frozen=True)
class Asked:
    """An entry as it was written, with what its names stand for."""

    doc: Document
    at: Key
    keys: Keys
    method: type[Method]
    added: dict[str, type[Term]]
    table: Mapping[str, Any]

    @property
    def where(self) -> str:
        return self.doc.where(*self.at)


def read_entry(doc: Document, at: Key, table: dict[str, Any], problems: Problems) -> Asked | None:
    """The entry with its method and terms; None where these do not exist, which is told."""
    known = [f.name for f in fields_of(Keys)]
    own = {k: v for k, v in table.items() if k in known}
    single = {k: v for k, v in own.items() if not (k in GRIDDED and isinstance(v, list))}
    sound = {k: v for k, v in single.items() if typed(doc, (*at, k), Keys, k, v, problems)}
    keys = Keys(**sound)
    if "name" in table and "name" not in sound:
        return None
    if not keys.name:
        fix = f"Say which: {', '.join(methods.names())}."
        problems.add(UserError("An entry of [[methods]] has no name.", doc.where(*at), fix))
        return None
    wanted = [keys.add] if isinstance(keys.add, str) else keys.add
    method = _get(doc, (*at, "name"), methods, keys.name, problems)
    added = {name: _get(doc, (*at, "add"), terms, name, problems) for name in filter(None, wanted)}
    if method is None or None in added.values():
        return None
    names = [f.name for f in fields_of(method)]
    tables = [name for name, value in table.items() if isinstance(value, dict)]
    absent = [name for name in tables if name not in added and name in terms.names()]
    for name in absent:
        what = f"'{name}' has values here, but the term is not added."
        problems.add(
            UserError(what, doc.where(*at, name), f'Write add = "{name}", or take it out.')
        )
    given = [name for name in table if name not in (*known, *added, *absent)]
    check_keys(doc, at, given, [*names, *known, *added], problems)
    return Asked(doc, at, keys, method, added, table)


def _get(doc: Document, at: Key, registry: Any, name: str, problems: Problems) -> Any:
    try:
        return registry.get(name)
    except UserError as error:
        problems.add(UserError(error.what, doc.where(*at), error.fix, error.code))
        return None
