"""At which layer models part: linear CKA of each block with Original's and with Retrain's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from untrain.metrics.distance.cka import cka
from untrain.metrics.embeddings import LAYERED, Embeddings
from untrain.metrics.plain import plain

SETS = ("forget", "retain", "unseen")
REFERENCES = ("original", "retrain")
LAST = "features"
"""The name of what enters the head; the blocks before it have their own."""


def compared(models: Mapping[str, Embeddings]) -> dict[str, Any]:
    """By row: names of the layers, first to last, and by reference and set the CKA of each.

    From the same LAYERED images. None for a layer that only one of the two has, or where CKA cannot
    be taken; for a reference that is not there; and for the model itself.
    """
    return {row: _row(row, made, models) for row, made in models.items()}


def _row(row: str, made: Embeddings, models: Mapping[str, Embeddings]) -> dict[str, Any]:
    names = [*_outputs(made, "forget")]
    against = {
        name: _against(made, models[name], names) if name in models and name != row else None
        for name in REFERENCES
    }
    return {"names": names, **against}


def _against(one: Embeddings, other: Embeddings, names: list[str]) -> dict[str, Any]:
    found: dict[str, list[float]] = {}
    for part in SETS:
        mine, theirs = _outputs(one, part), _outputs(other, part)
        found[part] = [
            cka(mine[name], theirs[name]).value if name in mine and name in theirs else float("nan")
            for name in names
        ]
    return {part: plain(values, 4) for part, values in found.items()}


def _outputs(made: Embeddings, part: str) -> dict[str, Any]:
    """What each layer gives for the first images of a sample, which are the same for all models.

    Where the last block gives the features themselves, they are told once, as the block's.
    """
    blocks, last = made.layers.get(part, {}), made.samples[part].features[:LAYERED]
    same = blocks and np.array_equal(next(reversed(blocks.values())), last)
    return dict(blocks) if same else {**blocks, LAST: last}
