"""Every measure of the details, of one model or beside a Retrain; `glossary` tells of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from untrain.metrics.accuracy import accuracy, agreement
from untrain.metrics.calibration import calibration
from untrain.metrics.distance import alignment, centroids, destination, divergence, energy, shift
from untrain.metrics.distance.cka import cka
from untrain.metrics.distance.difference import difference
from untrain.metrics.distance.glossary import EPS
from untrain.metrics.embeddings import Embeddings, Steadiness
from untrain.metrics.estimate import Estimate
from untrain.metrics.evidence import Outputs, View
from untrain.metrics.gap import tow

NAN = float("nan")


@dataclass(frozen=True)
class Side:
    """One model: what it answers and what it makes of the images of the request."""

    label: str
    view: View
    embeddings: Embeddings
    efficacy: float
    """MIA efficacy, percent."""


def against(one: Side, other: Side) -> dict[str, Estimate]:
    """All measures of a model beside one Retrain."""
    mine, theirs = one.view.forget, other.view.forget
    share = agreement(mine, theirs) if len(mine) else NAN
    moved = shift.between_models(mine, theirs)
    jaccard = destination.error_jaccard(mine, theirs)
    found = {
        "agreement": Estimate(share, np.sqrt(share * (100 - share) / max(1, len(mine)))),
        "error_jaccard": Estimate(100 * jaccard.value, 100 * jaccard.error),
        "destination_tv": moved.distance,
        "destination_p": Estimate(moved.p, NAN),
        "soft_tv": Estimate(destination.soft_distance(mine, theirs), NAN),
        "js": divergence.jensen_shannon(mine, theirs),
        "ad_l2": divergence.activation_distance(mine, theirs),
    }
    return found | _tow(one, other) | _features(one, other)


def _tow(one: Side, other: Side) -> dict[str, Estimate]:
    forget, retain, test, efficacy = np.array([_accuracies(side) for side in (one, other)]).T
    plain = tow(*np.array([forget, retain, test]).T)
    attacked = tow(*np.array([efficacy, retain, test]).T)
    values = {f"tow_{name}": getattr(plain, name) for name in ("forget", "retain", "test")}
    values |= {"tow": plain.value, "tow_mia": attacked.value}
    return {name: Estimate(value, NAN) for name, value in values.items()}


def _accuracies(side: Side) -> tuple[float, float, float, float]:
    sets = (side.view.forget, side.view.retain, side.view.test_kept)
    forget, retain, test = (accuracy(one) for one in sets)
    return forget, retain, test, side.efficacy


def _features(one: Side, other: Side) -> dict[str, Estimate]:
    a, b = one.embeddings, other.embeddings
    found = {
        f"cka_{name}": cka(a.samples[name].features, b.samples[name].features)
        for name in ("forget", "retain", "unseen")
    }
    for layer, outputs in a.layers["forget"].items():
        if layer in b.layers["forget"]:
            found[f"cka/{layer}"] = cka(outputs, b.layers["forget"][layer])
    rows = centroids.compare((a.samples["forget"], a.classes), (b.samples["forget"], b.classes))
    return found | {"centroid_l1": rows.l1, "centroid_rank": rows.spearman}


def alone(side: Side) -> dict[str, Estimate]:
    """All measures that need no other model."""
    seen, made = side.view, side.embeddings
    gone = shift.between_sets(seen.forget, seen.reference)
    forget, unseen = made.samples["forget"], made.samples["unseen"]
    far = energy.by_class(forget, unseen)
    found = {
        "unseen_tv": gone.distance,
        "unseen_tv_floor": Estimate(gone.floor, NAN),
        "unseen_tv_p": Estimate(gone.p if gone.n else NAN, NAN),
        "own_class": centroids.own_class(forget, unseen, made.classes),
        "steadiness": steadier(made.steady["forget"], made.steady["unseen"]),
        "energy": far.distance,
        "energy_floor": far.floor,
        "energy_p": Estimate(far.p if len(far.classes) else NAN, NAN),
    }
    for name, outputs in (("test", seen.test_kept), ("forget", seen.forget)):
        found[f"ece_{name}"] = _ece(outputs)
    return found | {"ece_unseen": _ece(seen.reference)} | _views(side)


def _ece(outputs: Outputs) -> Estimate:
    found = calibration(outputs)
    return Estimate(100 * found.debiased, 100 * found.spread)


def _views(side: Side) -> dict[str, Estimate]:
    views = next(iter(side.embeddings.views.values()))
    points = {name: alignment.curve(views[name], (EPS,)).at(EPS) for name in views}
    found = {f"misaligned_{name}": one for name, one in points.items()}
    found["lemma"] = alignment.lemma(views["retain"], views["forget"], EPS)
    found = {name: Estimate(100 * one.value, 100 * one.error) for name, one in found.items()}
    theory = theorem(side)
    if theory is not None:
        told = {"bound": theory.bound, "rho": theory.rho_max, "pairs": 100 * theory.pairs}
        told["head_error"] = 100 * theory.error
        found |= {name: Estimate(value, NAN) for name, value in told.items()}
    return found


def theorem(side: Side) -> alignment.Theorem | None:
    """Theorem 1 beside the head's error on test images of retained classes."""
    made, error = side.embeddings, 1 - accuracy(side.view.test_kept) / 100
    views = next(iter(made.views.values()))["retain"]
    return alignment.theorem(made.spread, views, made.classes, error)


def steadier(forget: Steadiness, unseen: Steadiness) -> Estimate:
    """Steadiness of forgotten less that of unseen images, class by class, points of percent."""
    return difference(100 * forget.share, forget.labels, 100 * unseen.share, unseen.labels)
