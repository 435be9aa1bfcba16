"""How a row looks in every chart: a colour, a shape and a dash of its own, never colour alone.

Retrain is the accent, dashed, a diamond; Original is grey, dotted, a cross. Methods take colours of
Okabe and Ito (2008), without the green that is near the accent and the yellow that white drowns.
Colours, shapes and dashes have different counts, so that no two of 30 methods look alike.
"""

from __future__ import annotations

from dataclasses import dataclass

from untrain.bench.numbers.statistics import Table
from untrain.report.data import methods, shown

ACCENT = "#0b6e4f"
GREY = "#8a8f98"
COLORS = ("#0072b2", "#e69f00", "#cc79a7", "#d55e00", "#56b4e9")
SHAPES = ("circle", "square", "triangle-up", "triangle-down", "triangle-right", "triangle-left")
DASHES = ((1, 0), (9, 3), (3, 2), (9, 2, 2, 2), (14, 3), (9, 2, 2, 2, 2, 2))
SHADES = ("#eef4f1", "#bcdacc", "#7ab79c", "#37906f", ACCENT)
"""One hue from nothing to much, for cells: dark text is read on the first three."""
DIVERGING = ("#b35806", "#f1a340", "#f5f5f4", "#7ab79c", ACCENT)
"""Less, the same, more."""
SETS = {"forget": "#d55e00", "retain": "#0072b2", "unseen": GREY, "test": GREY}
"""Colours of the sets of images."""


@dataclass(frozen=True)
class Scales:
    """Parallel lists for the domain and ranges of a Vega-Lite scale.

    labels: rows as people read them (`shown`), in the table's order. shapes: Vega's names.
    dashes: strokeDash of lines.
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
    for place, row in enumerate(methods(table)):
        looks[row.label] = (
            COLORS[place % len(COLORS)],
            SHAPES[place % len(SHAPES)],
            list(DASHES[place % len(DASHES)]),
        )
    rows = [(shown(row.label), *looks[row.label]) for row in table.rows]
    return Scales(
        [label for label, _, _, _ in rows],
        [color for _, color, _, _ in rows],
        [shape for _, _, shape, _ in rows],
        [dash for _, _, _, dash in rows],
    )
