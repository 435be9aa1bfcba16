"""How a row looks in every chart: a colour, a shape and a dash, never colour alone.

Retrain is the accent, dashed, a diamond; Original is grey, dotted, a cross. A method and the same
method with a term added share a colour: the second has another dash, and its shape is hollow.
Colours are of Okabe and Ito (2008), without the green that is near the accent and the yellow that
white drowns, and three more; all are dark enough for thin lines on white, and light enough for the
dark page. Shapes and dashes differ between rows, as long as there are enough.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from untrain.bench.numbers.statistics import Row, Table
from untrain.report.data import methods, shown

ACCENT = "#0b6e4f"
GREY = "#8a8f98"
COLORS = (
    "#0072b2",
    "#cc8400",
    "#cc79a7",
    "#d55e00",
    "#3a9ad9",
    "#8f6fc4",
    "#a0692f",
    "#93991f",
)
HOLLOW = {
    "circle": "M-1,0A1,1,0,1,1,1,0A1,1,0,1,1,-1,0Z"
    "M-.62,0A.62,.62,0,1,0,.62,0A.62,.62,0,1,0,-.62,0Z",
    "square": "M-.9,-.9H.9V.9H-.9ZM-.55,-.55V.55H.55V-.55Z",
    "triangle-up": "M0,-1L1,.8H-1ZM0,-.45L-.56,.56H.56Z",
    "triangle-down": "M0,1L-1,-.8H1ZM0,.45L.56,-.56H-.56Z",
    "triangle-right": "M1,0L-.8,1V-1ZM.45,0L-.56,-.56V.56Z",
    "triangle-left": "M-1,0L.8,-1V1ZM-.45,0L.56,.56V-.56Z",
    "M0,-1L.95,-.31L.59,.81H-.59L-.95,-.31Z": "M0,-1L.95,-.31L.59,.81H-.59L-.95,-.31Z"
    "M0,-.6L-.57,-.19L-.35,.49H.35L.57,-.19Z",
    "M-1,-1H1L-1,1H1Z": "M-1,-1H1L.15,0L1,1H-1L-.15,0ZM-.4,-.75L0,-.25L.4,-.75ZM-.4,.75H.4L0,.25Z",
    "M-1,-1V1L1,-1V1Z": "M-1,-1V1L0,.15L1,1V-1L0,-.15ZM-.75,-.4L-.25,0L-.75,.4ZM.75,-.4V.4L.25,0Z",
    "M-1,-.6L-.6,-1L0,-.4L.6,-1L1,-.6L.4,0L1,.6L.6,1L0,.4L-.6,1L-1,.6L-.4,0Z": "M-1,-.6L-.6,-1"
    "L0,-.4L.6,-1L1,-.6L.4,0L1,.6L.6,1L0,.4L-.6,1L-1,.6L-.4,0ZM-.3,0L0,.3L.3,0L0,-.3Z",
}
"""A shape of Vega, by name or as a path, and the same one with a hole."""
SHAPES = tuple(HOLLOW)
EVERY = (*HOLLOW, *HOLLOW.values())
DASHES = (
    (1, 0),
    (12, 3),
    (3, 2),
    (12, 3, 2, 3),
    (1, 3),
    (20, 4),
    (7, 7),
    (12, 3, 2, 3, 2, 3),
    (20, 4, 6, 4),
    (3, 8),
    (7, 2, 1, 2),
    (20, 4, 2, 4),
    (1, 6),
    (14, 8),
    (6, 2, 6, 6),
)
SHADES = ("#eef4f1", "#bcdacc", "#7ab79c", "#37906f", ACCENT)
"""One hue from nothing to much, for cells: dark text is read on the first three."""
DIVERGING = ("#b35806", "#f1a340", "#f5f5f4", "#7ab79c", ACCENT)
"""Less, the same, more."""
SETS = {"forget": "#d55e00", "retain": "#0072b2", "unseen": "#8f6fc4", "test": GREY}
"""Colours of the sets of images."""
INSIDE: dict[str, Any] = {"color": ACCENT, "opacity": 0.16, "stroke": ACCENT, "strokeWidth": 1}
"""Mark of what lies inside of a limit, or of the floor: with an edge, as shades are faint."""


@dataclass(frozen=True)
class Scales:
    """Parallel lists for the domain and ranges of a Vega-Lite scale.

    labels: rows as people read them (`shown`), in the table's order. shapes: names or paths as
    Vega takes them. dashes: strokeDash of lines.
    """

    labels: list[str]
    colors: list[str]
    shapes: list[str]
    dashes: list[list[int]]

    def only(self, labels: list[str]) -> Scales:
        """The scales of some of the labels, each as it looks among all."""
        places = [place for place, label in enumerate(self.labels) if label in labels]
        return Scales(
            [self.labels[place] for place in places],
            [self.colors[place] for place in places],
            [self.shapes[place] for place in places],
            [self.dashes[place] for place in places],
        )


def scales(table: Table) -> Scales:
    """The look of each row of a table."""
    looks = {"original": (GREY, "cross", [2, 2]), "retrain": (ACCENT, "diamond", [6, 4])}
    families: dict[str, tuple[str, str]] = {}
    colors, dashes = cycle(COLORS), cycle(DASHES)
    rows = methods(table)
    kin = [family(row.label) for row in rows if "+" in row.label]

    def first(row: Row) -> int:
        """Families of several rows before the others, so that their shapes come in pairs."""
        return 1 if "+" in row.label else 0 if row.label in kin else 2

    for row in sorted(rows, key=first):
        name, taken = family(row.label), [shape for _, shape, _ in looks.values()]
        if name in families:
            color, base = families[name]
            shape = _free([HOLLOW.get(base, base), *EVERY], taken)
        else:
            color, shape = families[name] = next(colors), _free(EVERY, taken)
        looks[row.label] = (color, shape, list(next(dashes)))
    found = [(shown(row.label), *looks[row.label]) for row in table.rows]
    return Scales(
        [label for label, _, _, _ in found],
        [color for _, color, _, _ in found],
        [shape for _, _, shape, _ in found],
        [dash for _, _, _, dash in found],
    )


def family(label: str) -> str:
    """The row without the terms that were added: `ft+contrastive (lam 1)` is of `ft (lam 1)`."""
    return re.sub(r"\+[a-z0-9+-]*", "", label)


def _free(shapes: Sequence[str], taken: Sequence[str]) -> str:
    """The first shape that is not taken; of many rows the one that is taken least often."""
    return min(shapes, key=lambda shape: taken.count(shape))
