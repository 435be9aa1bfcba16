"""Rows of what audits have found, seed by seed, and how far they lie from Retrain's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from untrain.bench.job import Result
from untrain.bench.numbers.statistics import Pair, Row, pair_of

Vector = Callable[[Result], np.ndarray | None]
"""What is compared of a run; None where it was not measured."""
Distance = Callable[[np.ndarray, np.ndarray], float]


def audited(run: Result, name: str) -> Mapping[str, Any]:
    """What an audit has found; {} where it was not made, or had nothing to measure."""
    return run.audits.get(name) or {}


def by_pair(row: Row, vector: Vector) -> np.ndarray:
    """(pairs, ...), float64, averaged over unlearning seeds; what was not measured is left out."""
    found: dict[Pair, list[np.ndarray]] = {}
    for run in row.runs:
        values = vector(run)
        if values is not None:
            found.setdefault(pair_of(run), []).append(values)
    return np.array([np.mean(values, axis=0) for _, values in sorted(found.items())], np.float64)


def leading(drawn: Mapping[str, np.ndarray]) -> np.ndarray:
    """The mean vector that columns are put in order by: Retrain's, or else that of the first row
    that has any."""
    known = {label: values for label, values in drawn.items() if len(values)}
    return np.asarray(known.get("retrain", next(iter(known.values()))).mean(0))


def apart(row: Row, retrain: Row | None, vector: Vector, distance: Distance) -> np.ndarray:
    """(pairs,): mean distance to the Retrains of the same split; of Retrains, to the others."""
    others = retrain.runs if retrain else ()

    def of(run: Result) -> np.ndarray | None:
        mine = vector(run)
        theirs = [
            vector(one)
            for one in others
            if one.cell.split_seed == run.cell.split_seed and one.address != run.address
        ]
        known = [one for one in theirs if one is not None]
        if mine is None or not known:
            return None
        return np.array(np.mean([distance(mine, one) for one in known]))

    return by_pair(row, of)


def seeds(row: Row) -> str:
    """The name of a row with the number of its seeds."""
    return f"{row.label} (n={len(row.pairs)})"
