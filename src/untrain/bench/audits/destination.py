"""Where images go: how many of each class are predicted as each class, forgotten and unseen ones.

Tables 1, 5 and 6 of Khalil et al. 2025, arXiv 2509.16391, are the shares of these counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from untrain.bench.audits import audits
from untrain.bench.audits.measured import Measured
from untrain.metrics.distance.destination import counts_of
from untrain.metrics.evidence import Outputs


def measure(run: Measured, seeds: Sequence[int]) -> dict[str, Any]:
    """classes: names. gone: classes of which every training image is forgotten. forget, unseen:
    counts, by number of the class and of the predicted one; those of 0 are left out."""
    seen = run.view
    present = np.unique(seen.forget.labels)
    unseen = seen.reference.take(np.isin(seen.reference.labels, present))
    return {
        "classes": run.names,
        "gone": [int(k) for k in seen.gone],
        "reference": "test" if seen.test_stands_in else "unseen",
        "forget": counted(seen.forget),
        "unseen": counted(unseen),
    }


def counted(outputs: Outputs) -> dict[str, dict[str, int]]:
    """Images of each class by predicted class."""
    counts = counts_of(outputs.labels, outputs.predictions, outputs.logits.shape[1])
    return {
        str(c): {str(k): int(counts[c, k]) for k in np.flatnonzero(counts[c])}
        for c in np.flatnonzero(counts.sum(1))
    }


audits.add("destination", measure)
