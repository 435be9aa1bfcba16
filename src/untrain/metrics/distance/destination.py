"""Where the images of each class go: shares of predicted classes, and how two such tables differ.

    T_c[k] = #{x of class c predicted k} / n_c              (hard; soft: mean of p_k)
    TV(T, T') = 1/2 sum_k |T_c[k] - T'_c[k]|                averaged over c by images forgotten
    floor  = sum_k sqrt(T_k (1 - T_k) / (2 pi)) sqrt(1/n + 1/n')       (independent images)

Source: tables 1, 5 and 6 of Khalil et al. 2025, arXiv 2509.16391. `shift` tests for a difference.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from untrain.metrics.estimate import Estimate
from untrain.metrics.evidence import Outputs


class Table(NamedTuple):
    """classes (K,): those in the set. counts (K,). rows float64 (K, C), each summing to 1."""

    classes: np.ndarray
    counts: np.ndarray
    rows: np.ndarray

    def row(self, label: int) -> np.ndarray:
        return np.asarray(self.rows[np.flatnonzero(self.classes == label)[0]])


def hard(outputs: Outputs) -> Table:
    """Shares of predicted classes, a row per class of the images."""
    counts = counts_of(outputs.labels, outputs.predictions, outputs.logits.shape[1])
    present = np.flatnonzero(counts.sum(1))
    sizes = counts[present].sum(1)
    return Table(present, sizes, counts[present] / sizes[:, None])


def soft(outputs: Outputs) -> Table:
    """Mean probabilities, a row per class of the images."""
    p, present = np.exp(outputs.log_probabilities), np.unique(outputs.labels)
    rows = [p[outputs.labels == label].mean(0) for label in present]
    sizes = np.array([(outputs.labels == label).sum() for label in present], dtype=np.int64)
    return Table(present, sizes, np.array(rows).reshape(len(present), p.shape[1]))


def total_variation(one: Table, other: Table) -> np.ndarray:
    """Per class of `one`, in [0, 1]; NaN for a class that the other lacks."""
    found = dict(zip(other.classes.tolist(), other.rows, strict=True))
    nothing = np.full(one.rows.shape[1], np.nan)
    rows = np.array([found.get(int(c), nothing) for c in one.classes]).reshape(one.rows.shape)
    return np.asarray(np.abs(one.rows - rows).sum(1) / 2)


def weighted(by_class: np.ndarray, counts: np.ndarray) -> float:
    """Mean over images: classes by their counts, those without a value left out."""
    known = np.isfinite(by_class)
    if not counts[known].sum():
        return float("nan")
    return float(np.average(by_class[known], weights=counts[known]))


def soft_distance(one: Outputs, other: Outputs) -> float:
    """Mean total variation of the soft tables."""
    mine = soft(one)
    return weighted(total_variation(mine, soft(other)), mine.counts)


def floor(one: Table, other: Table) -> float:
    """Expected mean total variation of tables of these sizes whose true rows are equal."""
    both = np.intersect1d(one.classes, other.classes)
    values = []
    for label in both:
        a, b = (t.counts[t.classes == label][0] for t in (one, other))
        t = (a * one.row(label) + b * other.row(label)) / (a + b)
        values.append(np.sqrt(t * (1 - t) / (2 * np.pi)).sum() * np.sqrt(1 / a + 1 / b))
    return weighted(np.array(values), one.counts[np.isin(one.classes, both)])


def top(row: np.ndarray, names: list[str], most: int = 3, least: float = 0.02) -> str:
    """The largest shares of a row in words: "automobile 61 %, ship 13 %"."""
    order = [int(k) for k in np.argsort(-row, kind="stable")[:most]]
    shown = [k for k in order if row[k] >= least] or order[:1]
    return ", ".join(f"{names[k]} {100 * row[k]:.0f} %" for k in shown)


def error_jaccard(one: Outputs, other: Outputs) -> Estimate:
    """Images that both get wrong among those that either does; NaN if none is wrong.

    Raises ValueError if the two did not see the same images in the same order.
    """
    if not np.array_equal(one.keys, other.keys):
        raise ValueError("two models are compared on the same images")
    a, b = (o.predictions != o.labels for o in (one, other))
    either = int((a | b).sum())
    if not either:
        return Estimate(float("nan"), float("nan"))
    share = float((a & b).sum() / either)
    return Estimate(share, float(np.sqrt(share * (1 - share) / either)))


def counts_of(labels: np.ndarray, predictions: np.ndarray, classes: int) -> np.ndarray:
    """int64 (C, C): images of each class by predicted class."""
    flat = np.bincount(labels * classes + predictions, minlength=classes * classes)
    return np.asarray(flat.reshape(classes, classes))
