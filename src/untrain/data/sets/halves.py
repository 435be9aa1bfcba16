"""The tune half and the audit half of what is forgotten: choices see one, the verdict the other."""

from __future__ import annotations

import numpy as np

from untrain.rng import numpy_rng


def tune_half(keys: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """bool (N,): a random half of each class, the smaller where a class is odd.

    It depends on the keys alone, not on their order, so that every verb finds the same half.
    keys (N,), labels int (N,).
    """
    chosen = np.zeros(len(keys), dtype=bool)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        rows = rows[np.argsort(keys[rows].astype(str))]
        order = numpy_rng(0, "halves", int(label)).permutation(len(rows))
        chosen[rows[order[: len(rows) // 2]]] = True
    return chosen
