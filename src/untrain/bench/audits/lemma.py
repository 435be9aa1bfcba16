"""CoUn's theory, measured: how far two views of an image lie apart, and what Theorem 1 makes of it.

Lemma 1 says that R_retain[eps] <= R_forget[eps] after CoUn; `distance.alignment` has the formulas.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from untrain.bench.audits import audits
from untrain.bench.audits.measured import Measured
from untrain.joint.alignment import values


def measure(run: Measured, seeds: Sequence[int]) -> dict[str, Any]:
    """See `values`."""
    return values(run.view, run.embeddings)


audits.add("lemma", measure)
