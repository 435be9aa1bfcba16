"""The predicted class of each forgotten image, packed: agreement of runs needs no weights then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from untrain.bench.audits import audits
from untrain.bench.audits.measured import Measured
from untrain.bench.audits.packing import packed
from untrain.data.sets.splits import key_hash


def measure(run: Measured, seeds: Sequence[int]) -> dict[str, Any]:
    """images: how many. keys: the hash of theirs. predicted: `packed`, in the order of the keys."""
    forget = run.view.forget
    order = np.argsort(forget.keys.astype(str), kind="stable")
    return {
        "images": len(forget),
        "keys": key_hash(forget.keys),
        "predicted": packed(forget.predictions[order], forget.logits.shape[1]),
    }


audits.add("predictions", measure)
