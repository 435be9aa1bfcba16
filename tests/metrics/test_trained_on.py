"""Held-out images that a model knows by heart are called out, and no others."""

from __future__ import annotations

import numpy as np
import pytest

from untrain.metrics.evidence import Outputs
from untrain.metrics.trained_on import suspicion, too_few

CLASSES = 3


def known(count: int, ease: float, seed: int) -> Outputs:
    """Answers whose margins lie around `ease`."""
    chance = np.random.default_rng(seed)
    labels = np.arange(count) % CLASSES
    logits = chance.normal(0, 1, (count, CLASSES))
    logits[np.arange(count), labels] += ease
    keys = np.array([f"{seed}/{number}" for number in range(count)])
    return Outputs(logits.astype(np.float32), labels, keys)


@pytest.mark.parametrize(
    ("held", "test", "sure"),
    [
        (known(400, 4, 1), known(400, 1, 2), True),
        (known(400, 1, 1), known(400, 1, 2), None),
        (known(400, 2.5, 1), known(400, 1, 2), None),  # easier than test, less known than train
        (known(400, 4, 1), known(400, 4, 2), False),
        (known(400, 4, 1), known(0, 4, 2), False),
        (known(4, 4, 1), known(400, 4, 2), None),
        (known(0, 4, 1), known(400, 4, 2), None),
    ],
    ids=["trained on", "new", "easy", "no overfit", "no test", "four images", "none"],
)
def test_what_is_known_by_heart_is_called_out(held: Outputs, test: Outputs, sure: bool) -> None:
    found = suspicion("val", known(2000, 4, 0), held, test)
    assert (found.sure if found else None) == sure


def test_the_sentence_names_the_shares() -> None:
    found = suspicion("val", known(2000, 4, 0), known(400, 4, 1), known(400, 1, 2))
    assert found is not None
    assert found.sentence.startswith("val looks trained on: 9")
    assert "training images are right, but 6" in found.sentence
    assert found.sentence.endswith("% of test")


@pytest.mark.parametrize(
    ("count", "ease", "open_"), [(60, 4, True), (2000, 4, False), (400, 1, False), (0, 4, False)]
)
def test_sets_that_are_too_small_to_say_are_told(count: int, ease: float, open_: bool) -> None:
    train, held = known(2000, 4, 0), known(count, ease, 1)
    assert too_few(train, held) == open_
    assert not (open_ and suspicion("val", train, held, known(400, 4, 2)))


def test_new_images_are_rarely_called_out() -> None:
    """Of a model that overfits, and of one that does not."""
    for ease in (4, 1):
        draws = [
            suspicion("val", known(500, ease, s), known(200, 1, s + 1), known(200, 1, s + 2))
            for s in range(0, 600, 3)
        ]
        assert sum(found is not None and found.sure for found in draws) <= 2
