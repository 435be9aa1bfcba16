"""Names of data sets: the embedded digits, and names and paths that lead nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from untrain.config import DataConfig
from untrain.data.sources import kind_of, load
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
    ("files", "kind"),
    [
        (["a.CSV"], "csv"),
        (["a.feather"], "arrow"),
        (["a.npz"], "numpy"),
        (["a.pth"], "torch"),
        (["a.xyz"], "parquet"),
        (["d/x.npy", "d/notes.txt"], "numpy"),
        (["d/a.parquet", "d/a.csv"], "parquet"),
        (["d/dataset_dict.json"], "arrow"),
        (["d/cat/a.png", "d/metadata.csv"], "folder"),
    ],
)
def test_the_kind_of_a_path_is_guessed_for_the_advice(
    tmp_path: Path, files: list[str], kind: str
) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    place = tmp_path / files[0].partition("/")[0]
    assert kind_of(place) == kind
    with pytest.raises(UserError, match=f"Did you mean '{kind}:{place}'"):
        DataConfig(data=str(place)).load()


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
