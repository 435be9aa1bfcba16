"""Views of one model as plain values: alignment and uniformity, and CoUn's theory on its grids.

    alignment  = mean ||f(t x) - f(t' x)||^2        two views of an image
    uniformity = log mean exp(-2 ||f(x) - f(x')||^2)   pairs of images as they are

for features of unit length; Wang and Isola 2020, arXiv 2005.10242. Both are better when lower.
`distance.alignment` has the theory.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from untrain.metrics.distance.alignment import Curve, concentration, curve
from untrain.metrics.distance.measures import Side, theorem
from untrain.metrics.embeddings import Embeddings
from untrain.metrics.evidence import View
from untrain.metrics.plain import plain

PAIRED = 1000
"""Images of a set between which distances are taken."""


def views(made: Embeddings) -> dict[str, Any]:
    """augment: of the views. sets: n, alignment and uniformity of each set that has images; None
    where an image is alone."""
    augment, sets = next(iter(made.views.items()))
    found = {
        name: {
            "n": len(seen.moved),
            "alignment": float(np.square(seen.moved.astype(np.float64)).mean()),
            "uniformity": uniformity(made.samples[name].features[:PAIRED]),
        }
        for name, seen in sets.items()
        if len(seen.moved)
    }
    return {"augment": augment, "sets": dict(plain(found))}


def uniformity(features: np.ndarray) -> float:
    """log mean exp(-2 d^2) over the pairs of features (n, D), of unit length; NaN for no pair."""
    x = features.astype(np.float64)
    if len(x) < 2:
        return float("nan")
    size = np.linalg.norm(x, axis=1, keepdims=True)
    x = np.divide(x, size, out=np.zeros_like(x), where=size > 0)
    squares = np.square(x).sum(1)
    far = (squares[:, None] + squares - 2 * x @ x.T)[np.triu_indices(len(x), 1)]
    return float(np.log(np.exp(-2 * far.clip(0)).mean()))


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
