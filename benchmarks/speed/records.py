"""C9: what an audit computes of single records, at eight times as many of them."""

from __future__ import annotations

from functools import partial

import numpy as np

from untrain.metrics.membership import stratified_auc
from untrain.metrics.membership.conformal import conformal
from untrain.metrics.membership.reference import log_ratio, rmia

from .rounds import Bar, Case, Check, Size

CLASSES = 10
MORE = 8


def per_record(size: Size) -> Case:
    """C9: conformal p-values and list, DeLong and RMIA of as many forgotten as unseen records.

    Eight times the records in 8 times the seconds is linear, 64 times would be quadratic; sorting
    and caches leave half as much again.
    """
    count = 40 * size.batch  # 10,240
    few, many = (made(count * times) for times in (1, MORE))
    one, other = f"{count} records", f"{MORE} times as many"
    return Case(
        {one: partial(measures, *few), other: partial(measures, *many)},
        (Bar("C9", other, one, 1.5 * MORE, at_least=False),),
        {one: 3 * MORE, other: 3},
        lambda: same_values(*made(60)),
    )


def made(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """log p_y of a model (N,) and of two references (2, N), and labels; half are forgotten."""
    margins = np.random.default_rng(0).normal(size=(3, count))
    logs = -np.logaddexp(0, -margins - 2)
    return logs[0], logs[1:], np.arange(count) % CLASSES


def measures(
    own: np.ndarray, references: np.ndarray, labels: np.ndarray
) -> tuple[np.ndarray, tuple[float, float], np.ndarray]:
    """Conformal p-values, the AUC with its error, RMIA scores."""
    half = len(own) // 2
    sets = (own[:half], labels[:half], own[half:], labels[half:])
    ratios = log_ratio(own, references)
    return conformal(*sets).p, stratified_auc(*sets), rmia(ratios[:half], ratios[half:])


def same_values(own: np.ndarray, references: np.ndarray, labels: np.ndarray) -> list[Check]:
    """The same by loops over pairs."""
    p, (auc, _), scores = measures(own, references, labels)
    half = len(own) // 2
    forget, unseen = range(half), range(half, len(own))
    same = [[j for j in unseen if labels[j] == labels[i]] for i in forget]
    usual = (1.33 * np.exp(references).mean(0) + 0.67) / 2
    ratio = np.exp(own) / usual
    slow_p = [
        (1 + sum(own[j] >= own[i] for j in js)) / (len(js) + 1)
        for i, js in zip(forget, same, strict=True)
    ]
    slow_auc = np.mean(
        [np.mean([own[i] > own[j] for j in js]) for i, js in zip(forget, same, strict=True)]
    )
    slow_scores = [np.mean([ratio[i] >= ratio[j] for j in unseen]) for i in forget]
    return [
        Check("largest difference of a conformal p", float(abs(p - slow_p).max()), 1e-12),
        Check("difference of the AUC", float(abs(auc - slow_auc)), 1e-12),
        Check("largest difference of an RMIA score", float(abs(scores - slow_scores).max()), 1e-12),
    ]
