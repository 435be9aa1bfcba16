"""Norms of the last layer's gradient: what white-box access adds to the answers."""

from __future__ import annotations

import numpy as np

from untrain.engine.predict import predict
from untrain.metrics import signals
from untrain.verdict.case import Case


def norms(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """|f| of the features of forgotten (n,) and unseen (m,) images, measured once per model."""

    def make() -> dict[str, np.ndarray]:
        model, images = case.party.load(), case.task.images
        sets = {"forget": case.audited, "unseen": case.unseen}
        return {
            name: predict(model, images, at)[1].double().norm(dim=1).numpy()
            for name, at in sets.items()
        }

    kept = case.shelf.get("norms", case.about(), make)
    return kept["forget"], kept["unseen"]


def gradients(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Columns (n, 1) and (m, 1) for a classifier of all answers."""
    seen = case.view(case.party)
    mine, other = norms(case)
    forget, unseen = signals.gradient(seen.forget, mine), signals.gradient(seen.reference, other)
    return forget[:, None], unseen[:, None]
