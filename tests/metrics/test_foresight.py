"""What an audit could see, from the labels alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from untrain.data.images import Images
from untrain.data.sets.splits import NONE, Split, with_forget
from untrain.metrics.foresight import foresee
from untrain.metrics.membership.power import cleared


def request(forgotten: int, unseen: int, classes: int = 1) -> tuple[Images, Split]:
    count = 2 * forgotten + unseen + 1
    y = torch.arange(count) % classes
    images = Images(
        x=torch.zeros(count, 1, 1, 1, dtype=torch.uint8),
        y=y,
        classes=[f"c{k}" for k in range(classes)],
        keys=np.arange(count).astype(str),
    )
    train, other, test = np.split(np.arange(count), [2 * forgotten, 2 * forgotten + unseen])
    whole = Split(train, NONE, NONE, other, test)
    return images, with_forget(whole, train[:forgotten])


def test_the_figures_are_those_of_the_formula() -> None:
    found = foresee(*request(40, 250))
    error = ((40 + 250 + 1) / (12 * 40 * 250)) ** 0.5
    assert found.fails == pytest.approx(0.5 + (2.5758 + 1.2816) * error, abs=1e-4)
    assert found.clears == pytest.approx(cleared(error))
    assert "40 forgotten against 250 unseen images fails an AUC of 0.69" in found.sentences()[0]


def test_one_image_shows_nothing() -> None:
    (told,) = foresee(*request(1, 250)).sentences()
    assert told.startswith("Nothing: 1 forgotten against 250 unseen images are too few")


def test_so_many_images_as_are_needed_do_clear() -> None:
    few = foresee(*request(100, 1000))
    assert few.clears > few.margin
    assert few.needed is not None
    enough = foresee(*request(few.needed, 1000))
    assert enough.clears <= enough.margin
    assert "clears a clean model" in enough.sentences()[1]
    assert foresee(*request(few.needed - 5, 1000)).clears > few.margin


def test_too_few_unseen_images_are_never_enough() -> None:
    found = foresee(*request(1000, 300))
    assert found.needed is None
    assert f"more than {found.unseen_needed:,} unseen images" in found.sentences()[1]
    assert foresee(*request(1000, found.unseen_needed + 5)).needed is not None


def test_nothing_can_be_seen_without_unseen_images_or_of_other_classes() -> None:
    assert "NOT-TESTABLE" in foresee(*request(40, 0)).sentences()[0]
    images, split = request(40, 40, classes=2)
    labels = torch.ones(len(images), dtype=torch.int64)
    labels[torch.from_numpy(split.forget)] = 0
    assert "no class" in foresee(replace(images, y=labels), split).sentences()[0]
    assert foresee(*request(40, 0)).plain()["clears"] is None
