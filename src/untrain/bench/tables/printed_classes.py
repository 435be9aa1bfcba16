"""What a paper prints class by class: its tables of destinations and of distances to centres."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from untrain.bench.job import Block
from untrain.bench.numbers.paper import PROTOCOL
from untrain.bench.tables.grid import number

FOLDER = Path(__file__).parents[1] / "numbers" / "printed" / "classes"
TABLES = {"destination": "tables 1, 5 and 6", "centroids": "table 4"}
Values = dict[str, dict[str, float]]
"""By row and class."""


def printed(paper: str, what: str, block: Block, of: str) -> Values:
    """What the paper prints of forgotten images of class `of` in this block; {} for nothing."""
    path = FOLDER / f"{paper}.csv"
    found: Values = {}
    if not paper or not path.is_file():
        return found
    with path.open(newline="") as file:
        for line in csv.DictReader(file):
            place = (line["what"], line["data"], line["forget"], line["of"])
            if place == (what, block.data, block.forget, of):
                found.setdefault(line["model"], {})[line["class"]] = float(line["value"])
    return found


def with_printed(
    lines: Sequence[list[str]], labels: Sequence[str], columns: Sequence[str], theirs: Values
) -> list[list[str]]:
    """Each line with the paper's below it, where it prints one. labels: of the rows."""
    found = []
    for line, label in zip(lines, labels, strict=True):
        found.append(list(line))
        if label in theirs:
            told = [number(theirs[label].get(name)) for name in columns]
            found.append(["  printed", *told, *["-"] * (len(line) - 1 - len(told))])
    return found


def remark(paper: str, what: str, theirs: Values) -> list[str]:
    """Where the paper's numbers stand, and at which size it works."""
    if not theirs:
        return []
    protocol = f" {PROTOCOL[paper]}" if paper in PROTOCOL else ""
    return [f"printed: {TABLES[what]} of the paper.{protocol}"]
