"""Names of methods, terms and models, known without importing them.

A method's name comes from its file (`methods/retrain_short.py` is `retrain-short`) or from an
entry point of another package; the file is imported when the name is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module, metadata
from pathlib import Path
from typing import Any, TypeVar

from untrain.errors import MISSING, UserError, unknown

T = TypeVar("T", bound=Callable[..., Any])


class Registry:
    """One kind of thing: the modules that hold it, and what has been registered so far."""

    def __init__(self, kind: str, package: str, modules: dict[str, str]) -> None:
        self.kind, self.package, self.modules = kind, package, modules
        self.objects: dict[str, Any] = {}

    def add(self, name: str, item: T) -> T:
        """Register an object under a name; a later one of the same name replaces it."""
        self.objects[name.replace("_", "-")] = item
        return item

    def names(self) -> list[str]:
        """All names, sorted: this package's, other packages', and those added by hand."""
        return sorted({*self.modules, *self._entry_points(), *self.objects})

    def get(self, name: str) -> Any:
        """The object of that name. Raises UserError with the nearest name if there is none."""
        name = name.replace("_", "-")
        if name not in self.objects:
            points = self._entry_points()
            if name in points:
                self.add(name, self._load(points[name]))
            elif name in self.modules:
                import_module(f"{self.package}.{self.modules[name]}")
            else:
                raise unknown(self.kind, name, self.names(), f"See: untrain list {self.kind}s")
        return self.objects[name]

    def _load(self, point: metadata.EntryPoint) -> Any:
        """What another package offers. Raises UserError if it cannot be imported."""
        try:
            return point.load()
        except Exception as error:
            package = point.dist.name if point.dist else point.value
            raise UserError(
                f"{self.kind.capitalize()} '{point.name}' of {package} cannot be imported "
                f"({type(error).__name__}: {error}).",
                where=point.value,
                fix=f"Mend or uninstall {package}.",
                code=MISSING,
            ) from error

    def _entry_points(self) -> dict[str, metadata.EntryPoint]:
        """What other packages offer in the group `untrain.methods`, `untrain.terms` or so."""
        points = metadata.entry_points(group=f"untrain.{self.kind}s")
        return {point.name.replace("_", "-"): point for point in points}


def _files(folder: str, *not_one: str) -> dict[str, str]:
    """Name -> module for every file of a folder; `not_.py` is `not`, a word Python keeps."""
    stems = sorted(path.stem for path in (Path(__file__).parent / folder).glob("*.py"))
    return {
        stem.rstrip("_").replace("_", "-"): stem
        for stem in stems
        if stem not in ("__init__", *not_one)
    }


methods = Registry(
    "method",
    "untrain.methods",
    _files("methods", "contract", "obstacles", "step", "stopping", "terms"),
)
terms = Registry("term", "untrain.methods", {"contrastive": "terms"})
models = Registry(
    "model",
    "untrain.models",
    {
        "small": "small",
        "resnet18": "resnet",
        "resnet34": "resnet",
        "resnet50": "resnet",
        "resnet101": "resnet",
        "vgg16": "vgg",
        "vit": "vit",
    },
)
