"""Numbers as a paper prints them, and its average gaps recomputed from its printed means."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from untrain.errors import unknown

FOLDER = Path(__file__).parent / "printed"
TRIALS = {"coun": 10}
"""Trials behind each printed mean and standard deviation."""
PROTOCOL = {
    "coun": "Its Original and Retrain train for 182 epochs on all images with a ResNet-18 of full "
    "width (VGG-16 and ViT where named), its methods for 50; its FLOPs count one backward pass "
    "however many views are trained on, ours count all."
}
"""The size at which a paper works, in a sentence."""
SHORT = {
    "retain_accuracy": "ra",
    "unlearn_accuracy": "ua",
    "test_accuracy": "ta",
    "mia_efficacy": "mia",
}
ROUNDED = 0.01
"""Points by which a gap of rounded means may differ from a rounded gap."""


@dataclass(frozen=True)
class Printed:
    """A printed row. mean, std: by measure, percent. gap, pflops: as printed; cost is absolute."""

    table: int
    data: str
    model: str
    forget: str
    method: str
    contrastive: bool
    mean: dict[str, float]
    std: dict[str, float]
    gap: float
    pflops: float

    @property
    def name(self) -> str:
        return f"{self.method}+contrastive" if self.added else self.method

    @property
    def added(self) -> bool:
        """Whether the contrastive term was added to a method that is not CoUn itself."""
        return self.contrastive and self.method != "coun"

    @property
    def block(self) -> tuple[str, str, str]:
        return self.data, self.model, self.forget

    def vector(self) -> np.ndarray:
        """(1, 4): RA, UA, TA, MIA."""
        return np.array([[self.mean[name] for name in SHORT]])


@dataclass(frozen=True)
class Paper:
    """All printed rows of a paper."""

    name: str
    rows: tuple[Printed, ...]

    @property
    def tables(self) -> list[int]:
        return sorted({row.table for row in self.rows})

    @cached_property
    def retrains(self) -> dict[tuple[str, str, str], Printed]:
        """The Retrain of each block; tables without one share that of their block."""
        return {row.block: row for row in self.rows if row.method == "retrain"}

    def find(
        self, block: tuple[str, str, str], name: str, tables: Sequence[int] = ()
    ) -> Printed | None:
        """A row by its method, `+contrastive` behind it where the term was added."""
        return next(
            (
                row
                for row in self.rows
                if row.block == block and row.name == name and (row.table in tables or not tables)
            ),
            None,
        )

    def recomputed(self, row: Printed) -> float:
        """The average gap of the printed means to those of Retrain in the same block."""
        return distance(row, self.retrains[row.block])

    def cost(self, row: Printed) -> float:
        """PFLOPs relative to Retrain's."""
        return row.pflops / self.retrains[row.block].pflops

    def adds_up(self, row: Printed) -> bool:
        return abs(self.recomputed(row) - row.gap) <= ROUNDED

    def elsewhere(self, row: Printed) -> Printed | None:
        """Another request's Retrain to which the printed gap would be right."""
        others = [one for one in self.retrains.values() if one.block != row.block]
        same = [one for one in others if one.block[:2] == row.block[:2]]
        return next((one for one in same if abs(distance(row, one) - row.gap) <= ROUNDED), None)

    def flag(self, row: Printed) -> str:
        """What does not add up in a row; "" where all does."""
        if self.adds_up(row):
            return ""
        other = self.elsewhere(row)
        told = (
            f"table {row.table}, {' / '.join(row.block)}, {row.name}: printed gap {row.gap:.2f}, "
            f"recomputed {self.recomputed(row):.2f}"
        )
        if other is None:
            return f"{told}."
        return f"{told}; the printed one is the gap to Retrain at {other.forget}."


def distance(row: Printed, retrain: Printed) -> float:
    from untrain.metrics.gap import gap_of_means

    return gap_of_means(row.vector(), retrain.vector())


def names() -> list[str]:
    """Papers whose numbers are at hand."""
    return sorted(path.stem for path in FOLDER.glob("*.csv"))


def load(name: str) -> Paper:
    """Raises UserError for a paper whose numbers are not at hand."""
    if name not in names():
        raise unknown("paper", name, names())
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return Paper(name, tuple(_printed(csv.DictReader(file))))


def _printed(lines: Iterable[dict[str, str]]) -> list[Printed]:
    return [
        Printed(
            table=int(line["table"]),
            data=line["dataset"],
            model=line["model"],
            forget=line["forget"],
            method=line["method"],
            contrastive=line["contrastive"] == "yes",
            mean={name: float(line[short]) for name, short in SHORT.items()},
            std={name: float(line[f"{short}_sd"]) for name, short in SHORT.items()},
            gap=float(line["avg_gap"]),
            pflops=float(line["pflops"]),
        )
        for line in lines
    ]


def lead(paper: Paper, row: Printed, other: Printed, draws: int = 4000) -> tuple[float, float]:
    """95 % interval of gap(row) - gap(other), simulated from the printed means and deviations.

    Each mean of a paper's trials is drawn from N(mean, std / sqrt(trials)); both rows share the
    draw of Retrain. Trials are taken as independent, as nothing else is printed.
    """
    from untrain.rng import numpy_rng

    chance = numpy_rng(0, "printed", paper.name, row.name, other.name)
    root = TRIALS[paper.name] ** 0.5

    def drawn(one: Printed) -> np.ndarray:
        spread = np.array([one.std[name] for name in SHORT]) / root
        return chance.normal(one.vector(), spread, (draws, len(SHORT)))

    retrain = drawn(paper.retrains[row.block])
    gaps = [np.abs(drawn(one) - retrain).mean(1) for one in (row, other)]
    low, high = np.quantile(gaps[0] - gaps[1], [0.025, 0.975])
    return float(low), float(high)
