"""Arrays and tensors in files, and functions of the user: parts, columns, names, and refusals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import TensorDataset

from untrain.data.images import Images
from untrain.data.reading import Reading
from untrain.data.sources import load
from untrain.data.sources.sizes import resized, resized_images
from untrain.errors import UserError

X = np.random.default_rng(0).integers(0, 256, (9, 6, 6, 3), dtype=np.uint8)
Y = np.arange(9) % 3
NAMES = np.asarray(["eel", "cat", "dog"])[Y]
CUT = {"x_train": X[:6], "y_train": Y[:6], "x_test": X[6:], "y_test": Y[6:]}
Made = dict[str, Any]


def read(name: str, **reading: Any) -> Images:
    return load(name, reading=Reading(**reading))


def fails(name: str, **reading: Any) -> UserError:
    with pytest.raises(UserError) as caught:
        read(name, **reading)
    return caught.value


def saved(folder: Path, arrays: Made, kind: str = "numpy") -> str:
    path = folder / ("own.npz" if kind == "numpy" else "own.pt")
    if kind == "numpy":
        np.savez(path, **arrays)
    else:
        made = {name: torch.from_numpy(np.asarray(array)) for name, array in arrays.items()}
        torch.save(made, path)
    return f"{kind}:{path}"


@pytest.mark.parametrize("kind", ["numpy", "torch"])
@pytest.mark.parametrize(
    "arrays",
    [
        {"x": X, "y": Y},
        {"images": X.transpose(0, 3, 1, 2), "labels": Y[:, None]},
        {"Data": X, "Target": Y.astype(np.uint8)},
    ],
)
def test_names_say_images_and_labels(tmp_path: Path, kind: str, arrays: Made) -> None:
    images = read(saved(tmp_path, arrays, kind))
    np.testing.assert_array_equal(images.x.numpy(), X)
    assert images.y.tolist() == Y.tolist()
    assert images.classes == ["0", "1", "2"]
    assert images.keys.tolist() == [str(row) for row in range(9)]
    assert images.table == {}


@pytest.mark.parametrize("kind", ["numpy", "torch"])
def test_names_say_parts_and_columns(tmp_path: Path, kind: str) -> None:
    images = read(saved(tmp_path, CUT | {"user_train": np.arange(6), "size": np.ones(3)}, kind))
    assert images.keys.tolist() == [*"012345", "test/0", "test/1", "test/2"]
    assert images.table["part"].tolist() == ["train"] * 6 + ["test"] * 3
    assert images.table["user"].tolist() == [*"012345", "", "", ""]
    assert "size" not in images.table


def test_val_beside_test_is_val_and_else_the_test_part(tmp_path: Path) -> None:
    arrays = {"train_x": X[:4], "train_y": Y[:4], "val_x": X[4:6], "val_y": Y[4:6]}
    assert set(read(saved(tmp_path, arrays)).table["part"]) == {"train", "test"}
    arrays |= {"test_x": X[6:], "test_y": Y[6:]}
    assert set(read(saved(tmp_path, arrays)).table["part"]) == {"train", "test", "val"}


def test_labels_may_be_names_and_numbers_may_have_some(tmp_path: Path) -> None:
    named = read(saved(tmp_path, {"x": X, "y": NAMES}))
    assert named.classes == ["cat", "dog", "eel"]
    assert [named.classes[label] for label in named.y.tolist()] == NAMES.tolist()
    classes = np.asarray(["p", "q", "r"])
    assert read(saved(tmp_path, {"x": X, "y": Y, "classes": NAMES})).classes == [*"012"]
    assert read(saved(tmp_path, {"x": X, "y": Y, "class_names": classes})).classes == [*"pqr"]


def test_a_key_a_label_and_a_size_may_be_asked_for(tmp_path: Path) -> None:
    name = saved(tmp_path, {"x": X, "y": Y, "id": np.arange(9) + 100, "kind": Y // 2})
    images = read(name, key="id", label="kind", size=4)
    assert images.keys[0] == "100"
    assert images.y.tolist() == (Y // 2).tolist()
    assert images.x.shape == (9, 4, 4, 3)
    assert images.hash != read(name, label="kind").hash
    assert images.table["y"].tolist() == list(map(str, Y))


def test_a_folder_of_npy_files_is_mapped(tmp_path: Path) -> None:
    for name, array in {"x": X, "y": NAMES, "user": Y}.items():
        np.save(tmp_path / f"{name}.npy", array)
    images = read(f"numpy:{tmp_path}")
    assert images.table["user"].tolist() == list(map(str, Y))
    images.x[0] = 0
    np.testing.assert_array_equal(np.load(tmp_path / "x.npy"), X)


def test_files_of_a_folder_are_parts(tmp_path: Path) -> None:
    for part, rows in (("train", slice(6)), ("test", slice(6, 9))):
        torch.save((torch.from_numpy(X[rows]), torch.from_numpy(Y[rows])), tmp_path / f"{part}.pt")
        np.savez(tmp_path / f"{part}.npz", x=X[rows], y=Y[rows])
    for kind in ("torch", "numpy"):
        assert read(f"{kind}:{tmp_path}").table["part"].tolist() == ["train"] * 6 + ["test"] * 3


@pytest.mark.parametrize("part", ["", "train_"])
def test_files_with_the_same_names_follow_each_other(tmp_path: Path, part: str) -> None:
    classes = np.asarray(["p", "q", "r"])
    for at in range(3):
        rows = slice(3 * at, 3 * at + 3)
        arrays = {"x": X[rows], "y": Y[rows], "user": np.arange(9)[rows]}
        arrays |= {"classes": classes} if at else {}
        np.savez(tmp_path / f"{part}{at}.npz", **arrays)
        tensors = (torch.from_numpy(X[rows]), torch.from_numpy(Y[rows]))
        torch.save(tensors, tmp_path / f"{part}{at}.pt")
    images = read(f"numpy:{tmp_path}")
    np.testing.assert_array_equal(images.x.numpy(), X)
    assert images.table["user"].tolist() == [*"012345678"]
    assert images.classes == ["p", "q", "r"]
    np.testing.assert_array_equal(read(f"torch:{tmp_path}").x.numpy(), X)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"x": X}, "a.npz and b.npz both hold x, but not the same arrays (x, y, classes; x)."),
        ({"x": X[:, :4], "y": Y, "classes": NAMES}, "Array 'x' differs in shape or type"),
        ({"x": X / 255, "y": Y, "classes": NAMES}, "Array 'x' differs in shape or type"),
        ({"x": X, "y": NAMES, "classes": NAMES}, "Array 'y' differs in shape or type"),
        ({"x": X, "y": Y, "classes": NAMES[::-1]}, "a.npz, b.npz name the classes differently"),
    ],
)
def test_files_that_do_not_follow_each_other_are_told(
    tmp_path: Path, other: Made, said: str
) -> None:
    np.savez(tmp_path / "a.npz", x=X, y=Y, classes=NAMES)
    np.savez(tmp_path / "b.npz", **other)
    assert said in str(fails(f"numpy:{tmp_path}"))


def test_a_column_without_a_part_is_one_of_the_training_images(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What fits no images is told."""
    arrays = CUT | {"user": np.arange(6), "y_val": Y[:2], "size": np.ones(3)}
    images = read(saved(tmp_path, arrays))
    assert images.table["user"].tolist() == [*"012345", "", "", ""]
    assert "not used, as they fit the images of no part: y_val, size" in capsys.readouterr().err
    read(saved(tmp_path, {"x": X, "y": Y, "user": np.arange(6), "classes": NAMES[:3]}))
    assert "of no part: user\n" in capsys.readouterr().err


def test_equal_contents_have_one_hash(tmp_path: Path) -> None:
    one, other = saved(tmp_path, {"x": X, "y": Y}), saved(tmp_path, {"x": X, "y": Y}, "torch")
    assert read(one).hash == read(other).hash
    changed = saved(tmp_path, {"x": X, "y": Y[::-1].copy()}, "torch")
    assert read(one).hash != read(changed).hash


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"y": Y, "z": X}, "There are no images (arrays: y, z)."),
        ({"x": X, "z": Y}, "There are no labels (arrays: x, z)."),
        (CUT | {"y_test": Y[:2]}, "test has 3 images and labels of shape (2,)"),
        (CUT | {"x_test": X[6:, :4, :4]}, "images of different shapes"),
        ({"x": X, "y": np.eye(3)[Y]}, "One-hot rows become labels"),
        ({"x": X, "y": Y.astype(float)}, "Give one integer label per image"),
        (CUT | {"train_x": X[:6]}, "x_train and train_x are both 'x' of the part train."),
        (
            CUT | {"train_classes": NAMES[:3], "test_classes": NAMES[1:4]},
            "train_classes and test_classes name the classes differently.",
        ),
        ({"x": X, "y": Y * 10**8}, "look like other numbers"),
        ({"x": X.astype(int), "y": Y}, "images of type torch.int64"),
        ({"x": X, "y": Y, "split": NAMES, "part": np.asarray(["test", "up", "x"])[Y]}, "of others"),
    ],
)
def test_arrays_that_are_no_images_are_refused(tmp_path: Path, arrays: Made, said: str) -> None:
    error = fails(saved(tmp_path, arrays))
    assert said in str(error)
    assert error.code == 2


def test_columns_that_are_not_there_are_told(tmp_path: Path) -> None:
    name = saved(tmp_path, {"x": X, "y": Y, "user": Y})
    assert "Did you mean 'user'?" in fails(name, key="usr").what
    assert "--forget where:user=0" in fails(name, key="user").fix
    assert "There are no labels called 'kind'" in fails(name, label="kind").what


def test_tensors_of_all_kinds_are_read(tmp_path: Path) -> None:
    """Sparse ones, and files of another pickle, of which torch warns; a list of two items."""
    x, y = torch.from_numpy(X).float() / 255, torch.from_numpy(Y)
    torch.save((x.to_sparse(), y.to_sparse()), tmp_path / "a.pt", pickle_protocol=3)
    images = read(f"torch:{tmp_path}/a.pt")
    np.testing.assert_array_equal(images.x.numpy(), x.numpy())
    assert images.y.tolist() == Y.tolist()
    torch.save([(x[0], 0), (x[1], 1)], tmp_path / "b.pt")
    assert read(f"torch:{tmp_path}/b.pt").y.tolist() == [0, 1]


def test_files_that_run_code_or_hold_less_are_refused(tmp_path: Path) -> None:
    data = TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
    torch.save(data, tmp_path / "set.pt")
    assert "may run code when loaded" in fails(f"torch:{tmp_path}/set.pt").what
    np.save(tmp_path / "x.npy", X)
    assert "x.npy holds one array" in fails(f"numpy:{tmp_path}/x.npy").what
    np.savez(tmp_path / "o.npz", x=X, y=np.asarray([{}] * 9))
    assert "no readable file of plain arrays" in fails(f"numpy:{tmp_path}/o.npz").what
    (tmp_path / "t.pt").write_bytes(b"torn")
    assert fails(f"torch:{tmp_path}/t.pt").code == 2
    assert fails(f"torch:{tmp_path}/none.pt").code == 3
    (tmp_path / "empty").mkdir()
    assert "There is no *.npz or *.npy" in fails(f"numpy:{tmp_path}/empty").what


MINE = """
from dataclasses import replace

import numpy as np
from PIL import Image
from untrain.testing import toy_images

class Pictures:
    classes = ["dull", "bright"]
    def __len__(self):
        return 6
    def __getitem__(self, at):
        if at == 6:
            raise IndexError
        return Image.new("P" if at else "RGB", (8 + at, 8)), at % 2

def pictures():
    return {"train": Pictures(), "test": Pictures()}

def pair():
    return np.zeros((4, 5, 5), np.uint8), ["b", "a", "b", "a"]

def named():
    return {"x": np.zeros((4, 5, 5), np.uint8), "y": [0, 1, 0, 1], "user": list("pqrs")}

class Rows:
    features = {"label": type("Names", (), {"names": ["dull", "bright"]})}
    def __len__(self):
        return 4
    def __getitem__(self, at):
        pixels = Image.new("L" if at else "RGB", (8, 8))
        return {"image": pixels, "label": at % 2, "user": f"u{at}", "boxes": [at]}

def rows():
    return {"train": Rows(), "unseen": Rows()}

class Named(Pictures):
    def __init__(self, *classes):
        self.classes = list(classes)
    def __getitem__(self, at):
        return Image.new("L", (8, 8)), at % len(self.classes)

def named_apart():
    return {"train": Named("a", "b", "c"), "test": Named("b", "c")}

def named_less():
    return {"train": Named("a", "b", "c"), "test": Named("b", "c"), "val": ALONE}

ALONE = (np.zeros((2, 8, 8), np.uint8), [0, 1])

class Torn(Pictures):
    def __getitem__(self, at):
        if at == 3:
            raise ValueError("bad item 3")
        return super().__getitem__(at)

class TornRows(Rows):
    def __getitem__(self, at):
        raise OSError("no disk")

def val_twice():
    return {"train": pair(), "val": pair(), "valid": pair()}

def two():
    return [(np.zeros((8, 8), np.uint8), 0), (np.ones((8, 8), np.uint8), 1)]

def two_rows():
    return [{"image": image, "label": label} for image, label in two()]

def uneven():
    return np.zeros((2, 8, 8), np.uint8), [[0], [0, 1]]

def whole():
    return replace(toy_images(), hash="")

def broken():
    raise RuntimeError("no disk")

def nothing():
    return None
"""


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """A module in the current folder, of which a function is named."""
    name = f"mine_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(MINE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return lambda function: f"python:{name}:{function}"


def test_a_function_gives_pictures_of_several_sizes(mine: Callable[[str], str]) -> None:
    images = read(mine("pictures"), size=8)
    assert images.x.shape == (12, 8, 8, 3)
    assert images.classes == ["dull", "bright"]
    assert images.table["part"].tolist() == ["train"] * 6 + ["test"] * 6
    assert "--size" in str(fails(mine("pictures")))


def test_a_function_gives_pairs_names_or_images(mine: Callable[[str], str]) -> None:
    assert read(mine("pair")).classes == ["a", "b"]
    assert read(mine("named")).table["user"].tolist() == list("pqrs")
    rows = read(mine("rows"))
    assert rows.classes == ["dull", "bright"]
    assert rows.x.shape == (8, 8, 8, 3)
    assert rows.table["user"].tolist() == ["u0", "u1", "u2", "u3"] * 2
    assert rows.table["part"].tolist() == ["train"] * 4 + ["unseen"] * 4
    assert "boxes" not in rows.table
    whole = read(mine("whole"))
    assert whole.keys[0] == "k0"
    assert len(whole.hash) == 64


def test_classes_of_parts_are_joined_by_their_names(mine: Callable[[str], str]) -> None:
    """As of a folder whose test part lacks a class."""
    images = read(mine("named_apart"))
    assert images.classes == ["a", "b", "c"]
    assert images.y.tolist() == [0, 1, 2, 0, 1, 2, 1, 2, 1, 2, 1, 2]


@pytest.mark.parametrize("function", ["two", "two_rows"])
def test_a_list_of_two_items_is_no_pair(mine: Callable[[str], str], function: str) -> None:
    images = read(mine(function))
    assert images.y.tolist() == [0, 1]
    assert images.x[:, 0, 0, 0].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("function", "said", "code"),
    [
        ("broken", "broken() fails: RuntimeError: no disk", 2),
        ("Torn", "the data[3] fails: ValueError: bad item 3", 2),
        ("TornRows", "the data[0] fails: OSError: no disk", 2),
        ("uneven", "The labels of the data differ in shape.", 2),
        ("named_less", "The parts name different classes, and labels of val have no name: 0, 1", 2),
        ("val_twice", "val and valid are both the part val.", 2),
        ("nothing", "the data is a NoneType.", 2),
        ("pictured", "Unknown function 'pictured'. Did you mean 'pictures'?", 2),
    ],
)
def test_a_function_that_gives_nothing_is_told(
    mine: Callable[[str], str], function: str, said: str, code: int
) -> None:
    error = fails(mine(function))
    assert said in error.what
    assert error.where == f"--data {mine(function)}"
    assert error.code == code


def test_images_of_another_size_are_another_data_set(images: Images) -> None:
    small = resized_images(images, 4)
    assert small.x.shape == (len(images), 4, 4, images.channels)
    assert small.hash != images.hash
    floats = resized(images.x.float() / 255, 4)
    assert (floats * 255 - small.x.float()).abs().mean() < 2
    assert fails("digits", key="id").where == "--key"
