"""The questions of a reader, a file each, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from untrain.report.content import Section

ORDER = (
    "closest",
    "cost",
    "gone",
    "attack",
    "confidence",
    "healing",
    "embedding",
    "destination",
    "centroids",
    "layers",
    "classes",
    "training",
    "requests",
    "alignment",
    "setup",
)
"""Names of the files here; each has a SECTION."""


def sections() -> Sequence[Section]:
    return [import_module(f"untrain.report.sections.{name}").SECTION for name in ORDER]
