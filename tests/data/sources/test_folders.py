"""Folders of image files: classes, parts and subclasses, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from untrain.data.sets.forget import select
from untrain.data.sets.splits import make_split
from untrain.data.sources import load
from untrain.errors import UserError, UserErrors

Tree = Callable[..., Path]


def fails(root: Path) -> UserError:
    with pytest.raises(UserError) as caught:
        load(f"folder:{root}")
    return caught.value


def test_a_folder_per_class_gives_keys_labels_and_pixels(tree: Tree, colour: np.ndarray) -> None:
    images = load(f"folder:{tree('cat/b.png', 'cat/a.png', 'dog/c.PNG', 'dog/more/d.png')}")
    assert images.keys.tolist() == ["cat/a.png", "cat/b.png", "dog/c.PNG", "dog/more/d.png"]
    assert images.classes == ["cat", "dog"]
    assert images.y.tolist() == [0, 0, 1, 1]
    np.testing.assert_array_equal(images.x.numpy(), colour[[1, 0, 2, 3]])


def test_folders_in_a_class_are_its_subclasses(tree: Tree) -> None:
    images = load(f"folder:{tree('cat/a.png', 'car/taxi/b.png', 'car/van/c.png', 'cat/d.png')}")
    assert images.table["subclass"].tolist() == ["taxi", "van", "", ""]
    assert select("subclass:van", images, np.arange(4), 0).tolist() == [1]
    assert select("subclass:0", images, np.arange(4), 0).tolist() == [0]


def test_files_of_another_kind_and_hidden_ones_are_passed_over(tree: Tree) -> None:
    root = tree("cat/a.png", "dog/b.png", ".trash/c.png", "cat/.d.png", "dog/.e/f.png")
    (root / "cat" / "notes.txt").write_text("no image")
    (root / "cat" / "._a.png").write_bytes(b"what a Mac leaves behind")
    (root / "__MACOSX" / "cat").mkdir(parents=True)
    (root / ".DS_Store").write_bytes(b"")
    images = load(f"folder:{root}")
    assert images.classes == ["cat", "dog"]
    assert images.keys.tolist() == ["cat/a.png", "dog/b.png"]


@pytest.mark.parametrize("train", ["train", "TRAIN", "Training"])
@pytest.mark.parametrize(
    "test", ["test", "testing", "val", "valid", "validation", "Test", "Validation"]
)
def test_train_and_test_are_parts(tree: Tree, train: str, test: str) -> None:
    names = (f"{train}/cat/a.png", f"{train}/dog/b.png", f"{train}/dog/c.png", f"{test}/cat/d.png")
    images = load(f"folder:{tree(*names)}")
    assert images.classes == ["cat", "dog"]
    assert images.y.tolist() == [0, 1, 1, 0]
    assert images.table["part"].tolist() == ["train"] * 3 + ["test"]
    assert images.keys[3] == f"{test}/cat/d.png"


def test_folders_beside_both_parts_are_left_which_is_told(
    tree: Tree, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tree("train/cat/a.png", "train/dog/b.png", "test/cat/c.png", "extra/cat/d.png")
    assert len(load(f"folder:{root}")) == 3
    assert "the images in extra are not used" in capsys.readouterr().err


def test_a_folder_without_images_beside_train_is_passed_over(tree: Tree) -> None:
    root = tree("train/cat/a.png", "train/dog/b.png")
    (root / "docs").mkdir()
    assert load(f"folder:{root}").classes == ["cat", "dog"]


def test_validation_images_beside_test_ones_are_left_which_is_told(
    tree: Tree, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tree("train/cat/a.png", "train/dog/b.png", "test/cat/c.png", "val/dog/d.png")
    assert len(load(f"folder:{root}")) == 3
    assert "the images in val are not used" in capsys.readouterr().err


def test_train_alone_is_a_part_of_which_a_test_part_is_cut(tree: Tree) -> None:
    names = ("train/cat/a.png", "train/cat/b.png", "train/dog/c.png", "train/dog/d.png")
    images = load(f"folder:{tree(*names, 'train/dog/e.png')}")
    assert images.classes == ["cat", "dog"]
    assert images.keys[0] == "train/cat/a.png"
    assert len(make_split(images).test) == 1


def test_a_class_may_be_called_train(tree: Tree) -> None:
    images = load(f"folder:{tree('bus/a.png', 'train/b.png', 'train/steam/c.png')}")
    assert images.classes == ["bus", "train"]
    assert "part" not in images.table


def test_links_are_followed_but_not_in_a_circle(tree: Tree, tmp_path: Path) -> None:
    root = tree("data/cat/a.png", "data/dog/b.png", "else/c.png") / "data"
    (root / "cat" / "linked").symlink_to(tmp_path / "else")
    (root / "dog" / "self").symlink_to(root / "dog")
    (root / "dog" / "up").symlink_to("..")  # or the cats would come as dogs
    assert load(f"folder:{root}").keys.tolist() == ["cat/a.png", "cat/linked/c.png", "dog/b.png"]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("cat/a.png", "dog/b.png", "c.png"), "1 images lie beside the class folders: c.png."),
        (("cat/a.png", "Cat/b.png"), "differ in upper and lower case only: Cat, cat."),
        (("train/Cat/a.png", "test/cat/b.png"), "differ in upper and lower case only: Cat, cat."),
        (("train/cat/a.png", "test/dog/b.png"), "Classes without a training image: dog."),
        (
            ("train/cat/a.png", "cat/b.png", "dog/c.png"),
            "There is a folder train beside class folders (cat, dog): is it a part?",
        ),
        (("test/cat/a.png", "cat/b.png"), "There is a folder test beside class folders (cat)"),
        (("test/cat/a.png", "val/cat/b.png"), "a folder test, val and none called train"),
        (("train/cat/a.png", "Train/dog/b.png"), "Folders of one part stand there twice: Train"),
        (("train/cat/a.png", "test/cat/b.png", "Test/cat/c.png"), "stand there twice"),
        (("train/a.png", "train/cat/b.png", "test/cat/c.png"), "1 images lie beside the class"),
        (("cat/a.png", "cat/b.png"), "There is one class only: cat."),
        (("test/cat/a.png", "test/dog/b.png"), "There is one class only: test."),
    ],
)
def test_folders_that_are_no_data_set_are_refused(
    tree: Tree, names: tuple[str, ...], said: str
) -> None:
    assert said in fails(tree(*names)).what


def test_images_without_a_class_folder_are_told(tree: Tree) -> None:
    error = fails(tree("a.png", "b.png"))
    assert "No images found" in error.what
    assert "2 images lie directly in it." in error.what
    assert error.code == 3


def test_a_folder_of_parquet_files_is_told_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "train-0.parquet").write_bytes(b"")
    assert fails(tmp_path).fix == f"Did you mean parquet:{tmp_path}?"


def test_all_that_is_wrong_with_the_files_is_told_at_once(tree: Tree) -> None:
    root = tree("cat/a.png", "dog/b.png", "c.png", "eel/d.png")
    (root / "fly").mkdir()
    (root / "gnu").mkdir()
    (root / "dog" / "lost.png").symlink_to(root / "nowhere.png")
    (root / "dog" / "own.png").symlink_to("own.png")
    error = fails(root)
    assert isinstance(error, UserErrors)
    assert [problem.what for problem in error.problems] == [
        "Class folders without an image: fly, gnu.",
        "1 images lie beside the class folders: c.png.",
        "2 images are links that lead nowhere: dog/lost.png, dog/own.png.",
    ]


def test_names_that_are_not_utf8_are_refused(tree: Tree) -> None:
    root = tree("cat/a.png", "dog/b.png")
    (root / "cat" / "a.png").rename(str(root / "cat" / "a") + "\udcff.png")
    assert r"1 file names are not UTF-8: cat/a\udcff.png." in fails(root).what


def test_damaged_images_are_counted_and_the_first_five_named(tree: Tree) -> None:
    root = tree("cat/a.png", "dog/b.png")
    for letter in "cdefgh":
        (root / "dog" / f"{letter}.png").write_bytes(b"no image")
    what = fails(root).what
    assert what.startswith("6 of 8 images cannot be read: dog/c.png, dog/d.png, dog/e.png, dog/f")
    assert what.endswith("dog/g.png and 1 more.")


def test_images_of_mixed_sizes_are_refused(
    tree: Tree, colour: np.ndarray, png: Callable[..., bytes]
) -> None:
    root = tree("cat/a.png", "dog/b.png", "dog/c.png")
    (root / "dog" / "b.png").write_bytes(png(colour[0, :3]))
    said = "2 sizes, but they must all have one: 4x5 (2, such as cat/a.png), 4x3 (1, such as dog/b"
    assert said in fails(root).what
