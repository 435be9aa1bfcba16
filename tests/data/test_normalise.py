"""Other constants than a data set's own: by name or by numbers, and never for floats."""

from __future__ import annotations

from dataclasses import replace

import pytest

from untrain.config import DataConfig
from untrain.data.images import Images
from untrain.data.normalise import normalised
from untrain.errors import UserError


@pytest.mark.parametrize(
    ("given", "mean", "std"),
    [("half", (0.5,), (0.5,)), ("0.4/0.3", (0.4,), (0.3,)), ("0/1", (0.0,), (1.0,))],
)
def test_constants_are_replaced(
    given: str, mean: tuple[float, ...], std: tuple[float, ...], images: Images
) -> None:
    known = replace(images, hash="ab")
    found = normalised(known, given)
    assert (found.mean, found.std) == (mean, std)
    assert found.hash != "ab"
    assert normalised(known, "") is known


def test_the_config_has_them() -> None:
    images, _ = DataConfig(normalise="0.4/0.3").load()
    plain, _ = DataConfig().load()
    assert (images.mean, images.std) == ((0.4,), (0.3,))
    assert images.hash != plain.hash


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("imagenett", "gives no means and deviations"),
        ("0.5", "gives no means and deviations"),
        ("0.5/0.5/0.5", "gives no means and deviations"),
        ("0.5/0", "deviations positive numbers"),
        ("nan/1", "Means must be numbers"),
        ("imagenet", "3 means and 3 deviations for 1 channels"),
        ("0.5,0.5/0.5", "2 means and 1 deviations for 1 channels"),
    ],
)
def test_what_is_refused(given: str, message: str, images: Images) -> None:
    with pytest.raises(UserError, match=message):
        normalised(images, given)


def test_floats_are_normalised_already(images: Images) -> None:
    floats = replace(images, x=images.x.float())
    with pytest.raises(UserError, match="taken as normalised already"):
        normalised(floats, "half")
