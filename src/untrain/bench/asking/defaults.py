"""What an entry's own keys stand over: what it inherits from training < preset < recipe."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from untrain.bench.asking.asked import Asked
from untrain.bench.asking.values import plain
from untrain.config import build
from untrain.errors import Problems, UserError, unknown
from untrain.recipes.recipe import Recipe, read, values

if TYPE_CHECKING:
    from untrain.methods.contract import Method
    from untrain.methods.retrain import Retrain


@dataclass(frozen=True)
class Usual:
    """What the study gives to entries that say nothing else. read: recipes that were read."""

    preset: str
    recipe: str
    train: Retrain | None
    read: dict[str, Recipe] = field(default_factory=dict)

    def recipe_of(self, name: str) -> Recipe:
        """Raises UserError for one that does not exist, or cannot be read."""
        if name not in self.read:
            self.read[name] = read(name)
        return self.read[name]


def defaults(asked: Asked, usual: Usual, problems: Problems) -> dict[str, Any]:
    """What stands below the entry's own keys; a preset or recipe that is wrong is told."""
    method, keys = asked.method, asked.keys
    preset = keys.preset or usual.preset
    if preset and preset not in method.presets:
        error = unknown("preset", preset, method.presets)
        where = asked.doc.where(*(asked.at if keys.preset else ()), "preset")
        fix = f"Presets of {method.name}: {', '.join(method.presets)}."
        problems.add(UserError(f"{method.name}: {error.what}", where, fix))
    below = {} if preset else _inherited(method, usual.train)
    return {**below, **method.presets.get(preset, {}), **_tuned(asked, usual, problems)}


def tuned_by(asked: Asked, usual: Usual) -> str:
    """The recipe that holds values of the method; "" where there is none, or it cannot be read."""
    name = asked.keys.recipe or usual.recipe
    return name if name in usual.read and usual.read[name].holds(asked.method.name) else ""


def _inherited(method: type[Method], train: Retrain | None) -> dict[str, Any]:
    """What training gives where no preset does: its batch, to retrain all of it."""
    from untrain.fields import settings
    from untrain.methods.contract import Trained

    if train is None or not issubclass(method, Trained):
        return {}
    return settings(train) if method.name == "retrain" else {"batch": train.batch}


def _tuned(asked: Asked, usual: Usual, problems: Problems) -> dict[str, Any]:
    """The values of a recipe for this method and its terms, of the right types."""
    name = asked.keys.recipe or usual.recipe
    if not name:
        return {}

    def checked() -> dict[str, Any]:
        found = values(usual.recipe_of(name), asked.method.name, list(asked.added))
        own = {key: value for key, value in found.items() if key not in asked.added}
        build(plain(asked.method), own, f"the recipe {name}")
        return found

    inner = Problems()
    tuned = inner.attempt(checked)
    where = asked.doc.where(*(asked.at if asked.keys.recipe else ()), "recipe")
    for problem in inner.found:
        place = "; ".join(filter(None, [where, problem.where]))
        problems.add(UserError(problem.what, place, problem.fix, problem.code))
    return tuned or {}
