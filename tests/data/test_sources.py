"""Names of data sets: the embedded digits, and names and paths that lead nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from untrain.data.sources import load
from untrain.errors import UserError


def test_digits_are_small_and_gray_with_ten_classes() -> None:
    images = load("digits")
    assert images.x.shape == (1797, 8, 8, 1)
    assert images.classes == list("0123456789")
    assert (int(images.x.min()), int(images.x.max())) == (0, 255)
    assert images.augment == "crop"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("folder:{}/none", "No folder"),
        ("folder:{}/file", "is a file, not a folder"),
        ("folder:{}", "No images found"),
        ("parquet:{}/none.parquet", "No parquet file found"),
        ("parquet:{}", r"no \*\.parquet there"),
    ],
)
def test_what_is_not_there_is_a_missing_resource(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(UserError, match=said) as caught:
        load(name.format(tmp_path))
    assert caught.value.code == 3


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("cifar", "cifar10"),
        ("digit", "digits"),
        ("fashion_mnist", "fashion-mnist"),
        ("tiny-image", "tiny-imagenet"),
        ("folder:", "folder:PATH"),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest(name: str, near: str) -> None:
    with pytest.raises(UserError) as caught:
        load(name)
    assert f"Unknown data set '{name}'. Did you mean '{near}'?" in caught.value.what
    assert "parquet:PATH" in caught.value.fix
