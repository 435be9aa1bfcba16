"""Several models that were laid out together, as sections take them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from untrain.bench.numbers.statistics import Table
from untrain.bench.numbers.ties import UNRANKED
from untrain.report.charts.embedding import WORDS, named
from untrain.report.data import nearest_first
from untrain.report.sections import filters


class Seen:
    """What was laid out, as arrays. rows: Original, Retrain, then methods, as in the table.

    methods: the one with the smallest gap first.
    """

    def __init__(self, found: Mapping[str, Any], table: Table) -> None:
        made = found["embedding"]
        self.made: Mapping[str, Any] = made
        self.classes: list[str] = [str(name) for name in found["classes"]]
        drawn = [row for row in table.rows if row.label in made["x"]]
        self.methods = [row.label for row in nearest_first(drawn) if row.label not in UNRANKED]
        self.rows = [row.label for row in drawn]
        self.labels = np.array(made["labels"], dtype=np.int64)
        self.sets = np.array(made["sets"])
        self.forgotten = self.sets == "forget"
        self.predicted = {row: np.array(made["predicted"][row]) for row in self.rows}
        self.kinds = {
            row: filters.kinds(self.labels, self.forgotten, self.predicted, row)
            for row in self.methods
        }

    @property
    def contrasted(self) -> bool:
        """Whether there is a Retrain, and a method to set beside it."""
        return "retrain" in self.rows and bool(self.methods)

    def right(self, row: str) -> np.ndarray:
        """(N,) bool: images that are taken for what they are."""
        return np.asarray(self.predicted[row] == self.labels)

    def share(self, row: str, kind: str) -> float:
        """Percent of the forgotten images that are of this kind; NaN for no images."""
        mine = self.kinds[row][self.forgotten]
        return float(100 * (mine == kind).mean()) if len(mine) else float("nan")

    def pure(self, row: str, part: str = "forget") -> float | None:
        """Percent of the nearest images that have an image's label."""
        value = (self.made.get("purity") or {}).get(row, {}).get(part)
        return None if value is None else 100 * value


def points(seen: Seen, numbers: Mapping[str, str]) -> list[dict[str, Any]]:
    """A row for each image, those that are drawn on top last."""
    ranks = {name: place for place, name in enumerate(WORDS)}
    order = sorted(range(len(seen.labels)), key=lambda i: ranks[str(seen.sets[i])])
    rows = []
    for i in order:
        row = {"key": str(seen.made["keys"][i]), "label": seen.classes[seen.labels[i]]}
        row |= {"set": WORDS[str(seen.sets[i])]}
        told: dict[str, Any] = {}
        for name, number in numbers.items():
            told[f"x{number}"] = seen.made["x"][name][i]
            told[f"y{number}"] = seen.made["y"][name][i]
            told[f"p{number}"] = int(seen.predicted[name][i])
            if name in seen.kinds and seen.kinds[name][i]:
                told[f"k{number}"] = str(seen.kinds[name][i])
        rows.append(row | told)
    return rows


def names(seen: Seen, numbers: Mapping[str, str], hued: Sequence[str]) -> list[dict[str, Any]]:
    """A row for each of these classes: where its name stands under each model that has room."""
    some = np.isin(seen.labels, [seen.classes.index(name) for name in hued])
    rows: dict[str, dict[str, Any]] = {name: {"label": name} for name in hued}
    for row, number in numbers.items():
        x, y = (np.array(seen.made[axis][row])[some] for axis in ("x", "y"))
        for name, at in named(x, y, seen.labels[some], seen.classes).items():
            rows[name] |= {f"x{number}": at[0], f"y{number}": at[1]}
    return list(rows.values())
