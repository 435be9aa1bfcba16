"""How far confidence is from accuracy: expected calibration error, less what chance makes of it.

    ECE = sum_b n_b / n |acc_b - conf_b|        over 15 bins of equally many images, by confidence
    debiased = ECE - mean of the ECE of labels that are drawn from the probabilities themselves

Guo et al. 2017, arXiv 1706.04599, whose bins have equal width (`equal_width`). Differences: bins of
equal mass, and the floor of a finite sample taken off: a calibrated model comes to 0.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from untrain.metrics.evidence import Outputs
from untrain.rng import numpy_rng

BINS = 15
DRAWS = 200
"""Label draws for the floor."""


class Calibration(NamedTuple):
    """ece, floor, debiased = ece - floor; nll and brier: mean negative log-likelihood (nats) and
    squared error of the probabilities, of n images. spread: standard deviation of the floor."""

    ece: float
    floor: float
    debiased: float
    spread: float
    nll: float
    brier: float
    n: int


def calibration(outputs: Outputs, bins: int = BINS, equal_width: bool = False) -> Calibration:
    """NaN for an empty set. Raises ValueError if logits are not finite or there is no bin."""
    if bins < 1:
        raise ValueError("calibration needs at least one bin")
    if not np.isfinite(outputs.logits).all():
        raise ValueError("logits are not finite")
    if not len(outputs):
        nan = float("nan")
        return Calibration(nan, nan, nan, nan, nan, nan, 0)
    log_p, rows = outputs.log_probabilities, np.arange(len(outputs))
    p = np.exp(log_p)
    confidence = p.max(1)
    order = np.argsort(confidence, kind="stable")
    edges = _edges(confidence[order], bins, equal_width)
    right = (outputs.predictions == outputs.labels)[order]
    drawn = numpy_rng(0, "calibration").random((DRAWS, len(rows))) < confidence[order]
    found = _errors(confidence[order], np.vstack([right[None], drawn]), edges)
    value, floor = float(found[0]), float(found[1:].mean())
    one_hot = np.zeros_like(p)
    one_hot[rows, outputs.labels] = 1
    return Calibration(
        ece=value,
        floor=floor,
        debiased=value - floor,
        spread=float(found[1:].std(ddof=1)),
        nll=float(-log_p[rows, outputs.labels].mean()),
        brier=float(np.square(p - one_hot).sum(1).mean()),
        n=len(rows),
    )


def _edges(confidence: np.ndarray, bins: int, equal_width: bool) -> np.ndarray:
    """Where bins begin in sorted confidences (N,), and N; empty bins are left out."""
    cuts = np.arange(bins) * len(confidence) // bins
    if equal_width:
        cuts = np.searchsorted(confidence, np.arange(bins) / bins, side="right")
        cuts[0] = 0
    return np.unique(np.append(cuts, len(confidence)))


def _errors(confidence: np.ndarray, right: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """ECE (R,) of correctness (R, N) at sorted confidences (N,)."""
    gaps = np.cumsum(right - confidence, axis=1)
    gaps = np.concatenate([np.zeros((len(right), 1)), gaps], axis=1)[:, edges]
    return np.asarray(np.abs(np.diff(gaps, axis=1)).sum(1) / len(confidence))
