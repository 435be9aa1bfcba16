"""Data sets, splits and forget rules that cannot be: each is told before any work."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from mistakes import Refused, filled
from PIL import Image

import untrain
from untrain.errors import UserError
from untrain.methods import FT
from untrain.models.build import ModelSpec

TRAIN = ["train", "--out", "{tmp}/run", "--epochs", "1"]

SETS = [
    (["--data", ""], 2, "Unknown data set ''"),
    (["--data", "folder:{tmp}/none"], 3, "No folder"),
    (["--data", "folder:{made}/pictures/cat"], 3, "No images found"),
    (["--data", "{made}/pictures"], 2, "Did you mean 'folder:"),
    (["--data", "folder:{made}/pictures", "--key", "name"], 2, "folder has none"),
    (["--data", "folder:{made}/pictures", "--label", "kind"], 2, "it has no metadata.csv"),
    (["--data", "parquet:{tmp}/none"], 3, "No parquet file found"),
    (["--data", "csv:{tmp}/none.csv"], 3, "No csv file found"),
    (["--data", "arrow:{tmp}"], 3, "No arrow file found"),
    (["--data", "numpy:{tmp}/none.npz"], 3, "No file"),
    (["--data", "torch:{tmp}/none.pt"], 3, "No file"),
    (["--data", "python:no_such_module:data"], 3, "There is no module 'no_such_module'"),
    (["--data", "python:json:data"], 2, "Unknown function 'data'"),
    (["--data", "python:json"], 2, "'json' names no function"),
    (["--key", "user"], 2, "--key user names a column, and digits has none"),
    (["--label", "kind"], 2, "--label kind names a column, and digits has none"),
    (["--data", "tiny-imagenet-32"], 3, "not on the hub"),
    (["--data-root", "{tmp}/none", "--data", "cifar10"], 3, "No folder"),
    (["--limit", "100000"], 2, "--limit 100000 is more than"),
    (["--limit", "-5"], 2, "--limit -5 is negative"),
    (["--holdout", "1"], 2, "--holdout 1.0 is not in [0, 1)"),
    (["--holdout", "-0.1"], 2, "--holdout -0.1 is not in [0, 1)"),
    (["--holdout", "nan"], 2, "--holdout nan is not in [0, 1)"),
    (["--holdout", "0.9999"], 2, "The split leaves 0 training"),
    (["--augment", "blur"], 2, "invalid choice 'blur'"),
]

RULES = [
    ("", 2, "Forget rule '' is not understood"),
    ("klass:8", 2, "Forget rule 'klass:8' is not understood"),
    ("class:12", 2, "Classes are 0-9"),
    ("class:eight", 2, "Unknown class 'eight'"),
    ("class:", 2, "selects none of"),
    ("class:0,1,2,3,4,5,6,7,8,9", 2, "selects all of"),
    ("random:1.5", 2, "neither a share"),
    ("random:0", 2, "neither a share"),
    ("random:many", 2, "neither a share"),
    ("random:0.00001", 2, "selects none of"),
    ("random:99999", 2, "selects all of"),
    ("where:", 2, "No condition is given"),
    ("where:user=17", 2, "Unknown column 'user'. where: --forget where:user=17 to do: Columns: cl"),
    ("where:class=12", 2, "No image has class '12'. where: --forget where:class=12"),
    ("where:class", 2, "'class' is no condition. where: --forget where:class to do: Write where:"),
    ("where:class=3,key=4", 2, "No image meets all conditions"),
    ("ids:{tmp}/none.txt", 3, "No file"),
    ("indices:{tmp}/outside.txt", 2, "1 of the indices match no image: 99999"),
    ("indices:{tmp}/words.txt", 2, "Indices must be whole numbers"),
    ("ids:{tmp}/words.txt", 2, "1 of the keys match no image: seven"),
    ("ids:{tmp}/twice.txt", 2, "1 of the keys repeat: 7"),
    ("indices:{tmp}/all.txt", 2, "are not in the training set (held out"),
    ("ids:{tmp}/binary.txt", 2, "is not text"),
    ("ids:{tmp}/empty.txt", 2, "selects none of"),
]


@pytest.mark.parametrize(("flags", "code", "message"), SETS)
def test_a_data_set_or_split_that_cannot_be_is_told(
    flags: list[str], code: int, message: str, made: Path, tmp_path: Path, refused: Refused
) -> None:
    refused(filled([*TRAIN, *flags], tmp=tmp_path, made=made), code, message)


@pytest.mark.parametrize(("rule", "code", "message"), RULES)
def test_a_rule_that_cannot_be_is_told(
    rule: str, code: int, message: str, tmp_path: Path, refused: Refused
) -> None:
    lists = {"outside": "99999", "words": "seven", "twice": "7\n7", "empty": ""}
    lists["all"] = "\n".join(map(str, range(1797)))
    for name, text in lists.items():
        (tmp_path / f"{name}.txt").write_text(text)
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x80")
    refused(filled([*TRAIN, "--forget", rule], tmp=tmp_path), code, message)


def damaged(folder: Path) -> None:
    (folder / "eel" / "3.png").write_bytes(b"no picture")


def cut_short(folder: Path) -> None:
    whole = (folder / "eel" / "3.png").read_bytes()
    (folder / "eel" / "3.png").write_bytes(whole[: len(whole) // 2])


def larger(folder: Path) -> None:
    Image.new("RGB", (20, 20)).save(folder / "dog" / "3.png")


def without_images(folder: Path) -> None:
    (folder / "fly").mkdir()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (damaged, "1 of 36 images cannot be read: eel/3.png"),
        (cut_short, "1 of 36 images cannot be read: eel/3.png"),
        (larger, "20x20"),
        (without_images, "Class folders without an image: fly"),
    ],
)
def test_a_damaged_folder_is_told(
    spoil: Callable[[Path], None],
    message: str,
    copied: Callable[[str], Path],
    tmp_path: Path,
    refused: Refused,
) -> None:
    folder = copied("pictures")
    spoil(folder)
    refused(filled([*TRAIN, "--data", f"folder:{folder}"], tmp=tmp_path), 2, message)


def test_images_that_have_changed_since_are_told(
    copied: Callable[[str], Path], made: Path, tmp_path: Path, refused: Refused
) -> None:
    folder = copied("pictures")
    shutil.copy(folder / "cat" / "0.png", folder / "cat" / "1.png")
    args = ["unlearn", "ft", "--original", f"{made}/painted", "--forget", "class:cat"]
    args += ["--out", f"{tmp_path}/run", "--data-root", str(folder)]
    refused(args, 2, "is not the data set that the run was made with")
    refused([*args[:-1], f"{tmp_path}/gone"], 3, "No folder", "--data-root FOLDER")


def test_without_a_network_it_says_what_else_can_be_done(
    tmp_path: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    args = filled([*TRAIN, "--data", "cifar10"], tmp=tmp_path)
    refused(args, 3, "uoft-cs/cifar10", "try --data digits, which needs no download")


X, Y = np.zeros((9, 8, 8, 1), np.float32), np.arange(9) % 3


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.where(np.arange(9) == 4, np.nan, 0)[:, None, None, None] + X, Y, "NaN"),
        (X, Y - 1, "Labels go from -1 to 1"),
        (X, Y + 1, "The model has 3 outputs"),
        (X, Y[:8], "9 images and labels of shape (8,)"),
        (X.repeat(3, axis=3), Y, "channels"),
    ],
)
def test_arrays_that_cannot_be_are_told(x: np.ndarray, y: np.ndarray, message: str) -> None:
    model = ModelSpec("small", classes=3, channels=1, width=4).make(0)
    before = [tensor.clone() for tensor in model.state_dict().values()]
    with pytest.raises(UserError) as told:
        untrain.unlearn(model, untrain.Task((x, y), [0], (x, y)), FT(epochs=1), progress=False)
    assert message in str(told.value)
    assert told.value.code == 2
    after = model.state_dict().values()
    assert all(torch.equal(one, other) for one, other in zip(before, after, strict=True))
