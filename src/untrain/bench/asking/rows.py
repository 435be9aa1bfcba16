"""An entry's own values, over its defaults: a row for each point of the grid that they span."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields as fields_of
from itertools import product
from typing import Any

from untrain.bench.asking.asked import GRIDDED, Asked, Keys
from untrain.bench.asking.lines import Path as Key
from untrain.bench.asking.study import Entry
from untrain.bench.asking.values import alternatives, check_keys, made
from untrain.errors import Problems, UserError

IN_LABEL = ("select", "available")
"""Keys that the label tells of."""


def _axes(asked: Asked, problems: Problems) -> dict[Key, list[Any]]:
    """The entry's own values by key, (field,) or (term, field), each with its alternatives."""
    doc, at, table = asked.doc, asked.at, asked.table
    axes: dict[Key, list[Any]] = {}
    for key in (f.name for f in fields_of(asked.method)):
        if key in table:
            part = asked.method
            axes[(key,)] = alternatives(doc, (*at, key), part, key, table[key], problems)
    for name, term in asked.added.items():
        inside = table.get(name, {})
        if not isinstance(inside, dict):
            fix = f"Write its keys as {name}.lam = 0.3."
            problems.add(UserError(f"'{name}' is no table.", doc.where(*at, name), fix))
            continue
        known = [f.name for f in fields_of(term)]
        check_keys(doc, (*at, name), inside, known, problems)
        for key in (key for key in inside if key in known):
            place = (*at, name, key)
            axes[(name, key)] = alternatives(doc, place, term, key, inside[key], problems)
    for key in GRIDDED:
        if isinstance(table.get(key), list):
            axes[(key,)] = alternatives(doc, (*at, key), Keys, key, table[key], problems)
    return axes | _searched(asked, axes, problems)


def _searched(asked: Asked, axes: Mapping[Key, Any], problems: Problems) -> dict[Key, list[Any]]:
    """The search space that stands beside the method's fields, where the entry asks for it."""
    if asked.keys.grid != "search":
        return {}
    where = asked.doc.where(*asked.at, "grid")
    space = dict(asked.method.search)
    if not space:
        fix = "Write the values that are to be tried as lists: lr = [0.03, 0.1]."
        what = f"'{asked.method.name}' has no search space."
        problems.add(UserError(what, where, fix))
    for key in [key for key in space if (key,) in axes]:
        what = f"{key} has a value of its own, and the search space has it too."
        fix = f"Leave {key} out, or write lists instead of grid."
        problems.add(UserError(what, asked.doc.where(*asked.at, key), fix))
    return {(key,): list(values) for key, values in space.items()}


def rows_of(asked: Asked, base: dict[str, Any], problems: Problems) -> list[Entry]:
    """A row for each point of the grid."""
    axes = _axes(asked, problems)
    wide = [key for key, values in axes.items() if len(values) > 1]
    rows = []
    for point in product(*axes.values()):
        chosen = dict(zip(axes, point, strict=True))
        row = _row(asked, base, chosen, problems)
        if row is not None:
            told = {".".join(map(str, key)): chosen[key] for key in wide if key[0] not in IN_LABEL}
            rows.append(Entry(**row, settings=told, where=asked.where))
    return rows


def _row(
    asked: Asked, base: dict[str, Any], chosen: Mapping[Key, Any], problems: Problems
) -> dict[str, Any] | None:
    """What one row is made of; None where its values are refused, which is told."""
    doc, at = asked.doc, asked.at
    own = {str(key[0]): value for key, value in chosen.items() if len(key) == 1}
    around = {key: own.pop(key, getattr(asked.keys, key)) for key in GRIDDED}
    low = {key: value for key, value in base.items() if key not in asked.added}
    method = made(doc, at, asked.method, low | own, problems)
    built = []
    for name, term in asked.added.items():
        values = {str(k[1]): v for k, v in chosen.items() if len(k) == 2 and k[0] == name}
        built.append(made(doc, at, term, base.get(name, {}) | values, problems))
    if not 0 < around["available"] <= 1:
        what = f"available = {around['available']:g} is out of range."
        fix = "It must be in (0, 1]; 1 is all of them."
        problems.add(UserError(what, doc.where(*at, "available"), fix))
    if method is None or None in built:
        return None
    label = _label(asked, around["select"], around["available"])
    return {"label": label, "method": method, "terms": tuple(built), **around}


def _label(asked: Asked, select: str, available: float) -> str:
    """The row's name, as `Plan.label` has it; a label of the entry's own stands in its front."""
    name = asked.keys.label or "+".join([asked.method.name, *asked.added])
    more = [select] if select != "none" else []
    more += [f"{100 * available:g} % of retain"] if available < 1 else []
    return f"{name} ({', '.join(more)})" if more else name
