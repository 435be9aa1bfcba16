"""The columns of the table: RA, UA, TA, MIA efficacy and AUC, and UA of each request.

All but MIA efficacy draw nothing; it is the mean over the seeds, whose values are under `draws`.
`choosing` holds the same, measured on val in place of test and unseen images, for choices.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from untrain.bench.audits import audits
from untrain.bench.audits.measured import Measured
from untrain.metrics import audit
from untrain.metrics.evidence import View
from untrain.metrics.membership.efficacy import mia_efficacy
from untrain.metrics.plain import plain


def measure(run: Measured, seeds: Sequence[int]) -> dict[str, Any]:
    """In percent, AUC in [0, 1]; what does not apply is left out. `about`: which images the AUC
    compares with, those of test where none were held out."""
    found = values(run.view, run.requests, seeds)
    found["about"] = {"reference": "test" if run.view.test_stands_in else "unseen"}
    if run.choosing is not None:
        found["choosing"] = values(run.choosing, run.requests, seeds)
    return found


def values(seen: View, requests: Sequence[np.ndarray], seeds: Sequence[int]) -> dict[str, Any]:
    """requests: the keys of each; with two or more, each has its own UA."""
    found = audit.measure(seen, ())
    draws = [found["mia_efficacy"] if seed == 0 else efficacy(seen, seed) for seed in seeds]
    found["mia_efficacy"] = float(np.mean(draws))
    if len(requests) > 1:
        for number, keys in enumerate(requests, 1):
            found[audit.of_request(number).name] = audit.unlearned(seen, keys)
    known = {name: round(float(value), 6) for name, value in found.items() if np.isfinite(value)}
    return known | {"draws": {"mia_efficacy": plain(draws)}}


def efficacy(seen: View, seed: int) -> float:
    """MIA efficacy with another draw of the images that the attack learns from."""
    parts = (seen.retain, seen.test_kept, seen.forget)
    return mia_efficacy(*(part.confidence for part in parts), seed=seed)


audits.add("accuracy", measure)
