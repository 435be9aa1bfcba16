"""The first classes of a data set keep their images, labels and keys."""

from __future__ import annotations

import numpy as np

from untrain.data.sources import HUB, digits
from untrain.data.sources.some_classes import first_classes


def test_only_these_classes_are_left() -> None:
    whole = digits()
    part = first_classes(whole, 3, "some")
    rows = np.flatnonzero(whole.y.numpy() < 3)
    assert part.classes == whole.classes[:3]
    assert (part.x == whole.x[rows]).all()
    assert (part.y == whole.y[rows]).all()
    assert (part.keys == whole.keys[rows]).all()
    assert part.name == "some"
    assert len({whole.hash, part.hash, first_classes(whole, 4, "some").hash}) == 3


def test_what_stands_in_for_cifar100_has_as_many_classes() -> None:
    assert (HUB["tiny-imagenet-100"].of, HUB["tiny-imagenet-100"].classes) == (
        "tiny-imagenet-32",
        100,
    )
