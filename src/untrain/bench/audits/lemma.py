"""CoUn's theory, measured: how far two views of an image lie apart, and what Theorem 1 makes of it.

Lemma 1 says that R_retain[eps] <= R_forget[eps] after CoUn; `distance.alignment` has the formulas.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from untrain.bench.audits import audits
from untrain.bench.audits.measured import Measured
from untrain.bench.audits.plain import plain
from untrain.metrics.distance.alignment import Curve, concentration, curve
from untrain.metrics.distance.measures import Side, theorem
from untrain.metrics.embeddings import Embeddings
from untrain.metrics.evidence import View


def measure(run: Measured, seeds: Sequence[int]) -> dict[str, Any]:
    """See `values`."""
    return values(run.view, run.embeddings)


def values(seen: View, made: Embeddings) -> dict[str, Any]:
    """eps: the grid. curves: by augmentation and set, R[eps] with its 95 % interval and the number
    of images. sigma: sigma(delta) on a grid of delta. theorem: at the delta and eps of the smallest
    rho_max, beside the head's error; `vacuous` if it says nothing; None for under two classes."""
    curves = {
        augment: {name: curve(views) for name, views in sets.items()}
        for augment, sets in made.views.items()
    }
    any_curve = next(iter(next(iter(curves.values())).values()))
    deltas, sigmas = concentration(made.spread)
    theory = theorem(Side("", seen, made, float("nan")))
    return {
        "eps": plain(any_curve.eps),
        "curves": {
            augment: {name: drawn(one) for name, one in sets.items()}
            for augment, sets in curves.items()
        },
        "sigma": {"delta": plain(deltas), "sigma": plain(sigmas)},
        "theorem": theory and plain({**theory._asdict(), "vacuous": theory.vacuous}),
    }


def drawn(found: Curve) -> dict[str, Any]:
    parts = {name: plain(getattr(found, name)) for name in ("share", "low", "high")}
    return {"n": found.n, **parts}


audits.add("lemma", measure)
