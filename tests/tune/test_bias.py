"""Choosing among models that are all clean must not make the audit of the other half fail."""

from __future__ import annotations

import numpy as np
import pytest

from untrain.metrics.evidence import Outputs
from untrain.metrics.membership import stratified_auc
from untrain.tune.objective import standing

CANDIDATES, IMAGES, REPLICATES = 20, 300, 300


def outputs(margins: np.ndarray) -> Outputs:
    """Of two classes, all labelled 1: the margin is z_1 - z_0."""
    logits = np.stack([np.zeros(len(margins)), margins], 1).astype(np.float32)
    return Outputs(logits, np.ones(len(margins), dtype=int), np.arange(len(margins)).astype(str))


@pytest.mark.slow
def test_the_audit_half_does_not_know_what_was_chosen() -> None:
    """Candidates are Retrains: an image's margin is its difficulty and the noise of a seed."""
    chance, gone = np.random.default_rng(0), np.zeros(0, dtype=int)
    chosen_on, audited_on = [], []
    for _ in range(REPLICATES):
        difficulty = chance.normal(0, 1, 4 * IMAGES)
        models = difficulty + chance.normal(0, 1, (CANDIDATES, 4 * IMAGES))
        parts = [np.split(one, 4) for one in models]  # tune half, audit half, val, unseen
        objectives = [
            standing(
                outputs(tune), outputs(val), gone=gone, whole_classes=False, chance=0.5
            ).objective
            for tune, _, val, _ in parts
        ]
        tune, audit, val, unseen = parts[int(np.argmin(objectives))]
        labels = np.ones(IMAGES)
        chosen_on.append(stratified_auc(tune, labels, val, labels).p(0.5))
        audited_on.append(stratified_auc(audit, labels, unseen, labels).p(0.5))
    failed = np.mean(np.array(audited_on) < 0.05)
    assert failed <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / REPLICATES)
    assert 0.4 < np.median(audited_on) < 0.6
    # on the half that was looked at the same test would be far too easily passed
    assert np.median(chosen_on) > 0.6
