"""What stands behind a recipe's values, a line a method; and which recipes hold a method."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from untrain.recipes.recipe import Recipe, names, read


def tuned(method: str) -> list[str]:
    """The packaged recipes that hold a method; without one its presets are untuned."""
    return [name for name in names() if read(name).holds(method)]


def told(recipe: Recipe, method: str) -> dict[str, str]:
    """tuned: the values that were searched; all of them where nothing says which. beside: what
    else was set. evidence: how they were chosen, on what, and what came of it."""
    values, about = recipe.methods[method], recipe.about.get(method, {})
    searched = [name for name in about.get("searched", values) if name in values]
    others = [name for name in values if name not in searched]
    return {
        "tuned": listed(values, searched),
        "beside": listed(values, others),
        "evidence": "; ".join(sentences(recipe.about, about)) or "none",
    }


def listed(values: Mapping[str, Any], fields: Iterable[str]) -> str:
    """`lr 0.1, contrastive.lam 0.3`."""
    told: list[str] = []
    for name in fields:
        value = values[name]
        inside = value.items() if isinstance(value, Mapping) else [("", value)]
        told += [f"{name}{'.' * bool(key)}{key} {one}" for key, one in inside]
    return ", ".join(told)


def sentences(study: Mapping[str, Any], about: Mapping[str, Any]) -> list[str]:
    """study: the table [about]; about: what it says of one method."""
    found = []
    if "trials" in about:
        failed = f", {about['failed']} of them failed" if about.get("failed") else ""
        found.append(f"best of {about['trials']} trials{failed}")
    if "gap" in about:
        found.append(f"gap {about['gap']:.2f} on val")
    if "retrain_seeds" in study:
        found.append(f"Retrain seeds {', '.join(map(str, study['retrain_seeds']))}")
    if "forget" in study and "data" in study:
        found.append(f"{study['forget']} of {study['data']}")
    if about.get("at_end"):
        found.append(f"at the end of its range: {', '.join(about['at_end'])}")
    return found
