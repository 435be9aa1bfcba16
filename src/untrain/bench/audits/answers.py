"""Whether answers tell forgotten from unseen images: the ROC of the margin, and histograms.

The curve has one threshold for all classes, as TPR at a low FPR has; unseen images weigh so that
their classes are mixed as the forgotten ones'. `area` is what lies below the whole of it: forgotten
against unseen images of any class, ties for a half. `auc` is stratified: of the same class alone.
The two are one for one class, and differ where classes differ in how sure the model is of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from untrain.bench.audits import audits
from untrain.bench.audits.measured import Measured
from untrain.metrics import signals
from untrain.metrics.evidence import Outputs, View
from untrain.metrics.membership import strata
from untrain.metrics.membership.auc import membership_auc
from untrain.metrics.membership.lowfpr import tpr_at_fpr
from untrain.metrics.plain import plain

BINS = 40
LOSS, MARGIN = 10.0, 20.0
"""Beyond these, images are counted in the outermost bin."""
AT = (0.001, 0.01)
"""False-positive rates; each needs so many unseen images that one of them is not beyond it."""
STEPS = 98
"""Steps of a curve, two points each."""


def measure(run: Measured, seeds: Sequence[int]) -> dict[str, Any]:
    """See `values`."""
    return values(run.view, run.names)


def values(seen: View, names: Sequence[str]) -> dict[str, Any]:
    """classes: names. reference: what the unseen images are, those of test where none were held
    out. images: of each set. roc, histograms, accuracy: see the functions below."""
    sets = {"retain": seen.retain, "forget": seen.forget}
    sets |= {"unseen": seen.reference, "test": seen.test}
    return {
        "classes": list(names),
        "reference": "test" if seen.test_stands_in else "unseen",
        "images": {name: len(outputs) for name, outputs in sets.items()},
        "roc": roc(seen.forget, seen.reference),
        "histograms": histograms({name: _told(outputs) for name, outputs in sets.items()}),
        "accuracy": {name: by_class(outputs) for name, outputs in sets.items()},
    }


def roc(forget: Outputs, unseen: Outputs) -> dict[str, Any]:
    """auc: stratified, error: its own at chance. area: below the curve. fpr, tpr: its points, at
    most 2 STEPS + 1, none above the true curve whether they are joined by lines or by steps.
    tpr_at: by false-positive rate, None with too few unseen images. least: the smallest rate other
    than 0 that so many unseen images can show. No points, and None, where no class is in both sets
    or logits are not finite."""
    found: dict[str, Any] = {"signal": "margin", "least": 1 / len(unseen) if len(unseen) else None}
    finite = np.isfinite(forget.logits).all() and np.isfinite(unseen.logits).all()
    if not finite or not np.isin(forget.labels, unseen.labels).any():
        nothing: dict[str, Any] = {"auc": None, "error": None, "area": None, "fpr": [], "tpr": []}
        return found | nothing | {"tpr_at": {str(rate): None for rate in AT}}
    auc, error = membership_auc(forget, unseen)
    weights = strata.matched_weights(forget.labels, unseen.labels)
    kept = np.isin(forget.labels, unseen.labels)
    fpr, tpr = whole_curve(forget.margin[kept], unseen.margin[weights > 0], weights[weights > 0])
    area = np.trapezoid(tpr, fpr)
    told: dict[str, Any] = {"auc": auc, "error": error, "area": area, "tpr_at": {}}
    for rate in AT:
        known = round(rate * (weights > 0).sum(), 6) >= 1
        at = tpr_at_fpr(forget.margin, forget.labels, unseen.margin, unseen.labels, rate)
        told["tpr_at"][str(rate)] = at.rate if at and known else None
    x, y = stepped(fpr, tpr)
    rounded = {"fpr": abs(np.ceil(x * 1e6 - 1e-3)) / 1e6, "tpr": np.floor(y * 1e5 + 1e-3) / 1e5}
    return dict(plain(found | told | rounded))


def whole_curve(
    forget: np.ndarray, unseen: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Shares of unseen and of forgotten images at or above each score, from (0, 0) to (1, 1).

    forget (n,), unseen (m,): scores. weights (m,): of the unseen images, of sum 1.
    """
    scores = np.concatenate([forget, unseen])
    order = np.argsort(-scores, kind="stable")
    ours = np.concatenate([np.full(len(forget), 1 / len(forget)), np.zeros(len(unseen))])
    theirs = np.concatenate([np.zeros(len(forget)), weights])
    last = np.append(np.diff(scores[order]) != 0, True)  # a threshold cannot part equal scores
    fpr, tpr = (np.append(0, part[order].cumsum()[last]).clip(0, 1) for part in (theirs, ours))
    fpr[-1] = tpr[-1] = 1
    return fpr, tpr


def stepped(fpr: np.ndarray, tpr: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The curve as at most STEPS steps, close together at low rates: at each kept rate, the highest
    TPR that it allows, which holds until the next one."""
    rates, first = np.unique(fpr, return_index=True)
    tops = tpr[np.append(first[1:], len(fpr)) - 1]
    if len(rates) > STEPS:
        low, even = np.geomspace(rates[1], 1, STEPS // 2), np.linspace(0, 1, STEPS // 2)
        wanted = np.concatenate([low, even])
        at = np.unique(np.searchsorted(rates, wanted - 1e-12, side="left").clip(max=len(rates) - 1))
        rates, tops = rates[at], tops[at]
    x = np.append(np.repeat(rates, 2), 1)
    y = np.concatenate([[0], np.repeat(tops, 2)])
    return x, y


def histograms(sets: dict[str, Outputs]) -> dict[str, Any]:
    """By signal: low and high, the edges of BINS equal bins, the same for all models of so many
    classes; counts of each set, what lies beyond an edge in the outermost bin; means of all values
    between the edges. Unseen and test images count so that their classes are mixed as the forgotten
    ones', and a set without any of these classes counts 0."""
    width = next(iter(sets.values())).logits.shape[1]
    weights = {name: np.ones(len(outputs)) for name, outputs in sets.items()}
    for name in ("unseen", "test"):
        mixed = strata.matched_weights(sets["forget"].labels, sets[name].labels)
        weights[name] = mixed * len(sets[name])
    ranges = {
        "confidence": (0.0, 1.0, signals.confidence),
        "loss": (0.0, LOSS, lambda outputs: -signals.loss(outputs)),
        "entropy": (0.0, float(np.log(width)), lambda outputs: -signals.entropy(outputs)),
        "margin": (-MARGIN, MARGIN, signals.margin),
    }
    found: dict[str, Any] = {}
    for name, (low, high, of) in ranges.items():
        found[name] = {"low": round(low, 6), "high": round(high, 6), "counts": {}, "means": {}}
        for part, outputs in sets.items():
            at, by = of(outputs).clip(low, high), weights[part]
            counts = np.histogram(at, BINS, (low, high), weights=by)[0]
            found[name]["counts"][part] = plain(counts, 2)
            mean = (at * by).sum() / by.sum() if by.any() else np.nan
            found[name]["means"][part] = plain(mean)
    return found


def by_class(outputs: Outputs) -> dict[str, list[int]]:
    """By number of a class: images that are labelled right, and all."""
    right = outputs.predictions == outputs.labels
    groups = strata.by_class(outputs.labels)
    return {str(label): [int(right[rows].sum()), len(rows)] for label, rows in groups.items()}


def _told(outputs: Outputs) -> Outputs:
    """The images whose logits are finite."""
    return outputs.take(np.isfinite(outputs.logits).all(1))


audits.add("answers", measure)
