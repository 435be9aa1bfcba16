"""Where forgotten images went, in numbers: by predicted class, and how far from Retrain's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from untrain.bench.job import Result
from untrain.bench.numbers.statistics import Row, Table
from untrain.bench.tables.destinations import AUDIT, FEW, shares, variation
from untrain.bench.tables.pairing import apart, audited, by_pair
from untrain.report.charts.palette import scales


class Seen:
    """The rows that were counted, and of which classes: names, present and chosen ones.

    chosen: forgotten classes that are looked at one by one; empty where all are taken together.
    """

    def __init__(self, table: Table, rows: Sequence[Row]) -> None:
        self.table, self.rows, self.looks = table, rows, scales(table)
        found = next(one for row in rows for run in row.runs if (one := audited(run, AUDIT)))
        self.names: list[str] = found["classes"]
        self.present = sorted(map(int, found["forget"]))
        gone = [int(k) for k in found["gone"]]
        few = self.present if len(self.present) <= FEW else []
        self.chosen: list[int] = (gone or few)[:FEW]
        self.counted = self.chosen or self.present
        sizes = [sum(found["forget"].get(str(k), {}).values()) for k in self.counted]
        self.weights = np.array(sizes, np.float64)
        self.retrain = next((row for row in rows if row.label == "retrain"), None)
        self.apart = {row.label: self._apart(row) for row in rows}

    def picture(self, run: Result) -> np.ndarray | None:
        """(true, predicted) percent of the counted classes; NaN rows where none is forgotten."""
        if not audited(run, AUDIT):
            return None
        found = [shares(k, len(self.names))(run) for k in self.counted]
        nothing = np.full(len(self.names), np.nan)
        return np.array([nothing if row is None else row for row in found])

    def mean(self, row: Row) -> np.ndarray:
        """The picture of a row over its seeds."""
        return np.asarray(by_pair(row, self.picture).mean(0))

    def stays(self, row: Row) -> float:
        """Percent of forgotten images that are predicted as their own class."""
        picture = self.mean(row)
        own = picture[np.arange(len(self.counted)), self.counted]
        return weighted(own, self.weights)

    def _apart(self, row: Row) -> np.ndarray:
        def far(one: np.ndarray, other: np.ndarray) -> float:
            each = [variation(a, b) for a, b in zip(one, other, strict=True)]
            return 100 * weighted(np.array(each), self.weights)

        values = apart(row, self.retrain, self.picture, far)
        return values[np.isfinite(values)] if len(values) else values


def weighted(values: np.ndarray, weights: np.ndarray) -> float:
    known = np.isfinite(values) & (weights > 0)
    return float(np.average(values[known], weights=weights[known])) if known.any() else np.nan
