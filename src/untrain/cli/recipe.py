"""What a recipe named on the command line gives to a run, and what in it is refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

from untrain.config import shown
from untrain.errors import Problems, UserError, unknown
from untrain.progress import say
from untrain.recipes.recipe import Recipe, load
from untrain.registry import terms

ON_THE_LINE = {"preset", "recipe"}
"""Flags that a recipe cannot hold."""


def loaded(names: Iterable[str], problems: Problems) -> list[Recipe]:
    """The recipes of these names that can be read."""
    found = (problems.attempt(load, name) for name in names if name)
    return [recipe for recipe in found if recipe is not None]


def taken(
    recipe: Recipe,
    every: Iterable[str],
    method: type[Any] | None,
    added: Sequence[str],
    problems: Problems,
) -> dict[str, Any]:
    """The values of a recipe for a run, a dict for each term; what is wrong with it is told.

    every: the flags that it may set. method: the one at hand, None where there is none. added: the
    terms that are. A recipe of methods that does not hold this one says so, and gives what stands
    at its top. Its tables of terms are there for whoever adds the term.
    """
    problems.add(*recipe.obstacles())
    listed, given = terms.names(), dict[str, Any]()
    sources = [(recipe.top, set(every) | {*added}, "")]
    if method is not None and recipe.methods:
        own = {field.name for field in fields(method)} | {*added}
        sources.append((recipe.methods.get(method.name, {}), own, method.name))
        if not recipe.holds(method.name):
            say(f"{recipe.name} is not tuned for {method.name}, which keeps its own values")
    for table, keys, place in sources:
        for key, value in table.items():
            waits = bool(recipe.methods) or key not in listed  # or obstacles have told it
            if isinstance(value, dict) and key not in added and waits:
                continue
            problem = refused(key, value, keys, added, place)
            if problem is not None:
                problems.add(problem)
            elif isinstance(value, dict):
                given[key] = given.get(key, {}) | value
            else:
                given[key] = value
    return given


def refused(
    key: str, value: Any, keys: Iterable[str], added: Sequence[str], place: str
) -> UserError | None:
    """Why an entry of a recipe is not taken; None if it is. place: the method's table it is in."""
    if key in ON_THE_LINE:
        return UserError(f"'{key}' stands in a recipe.", "--recipe", f"Give --{key} as a flag.")
    if key in added and not isinstance(value, dict):
        fix = f"Write a table: [{place}{'.' * bool(place)}{key}], and its keys below it."
        return UserError(f"{key} = {shown(value)} is no table.", "--recipe", fix)
    if key in keys:
        return None
    if key in terms.names():
        what = f"[{key}] stands in the recipe, but the term is not added."
        return UserError(what, "--recipe", f"Give --add {key}, or take it out.")
    error = unknown("key", key, sorted(keys))
    return UserError(error.what, f"[{place}] of the recipe", error.fix) if place else error
