"""What is planted: exactly so many training images, exactly so changed, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from untrain.data.images import Images
from untrain.data.pixels.mapped import mapped, private
from untrain.data.plants import planted, planted_arrays
from untrain.data.sets.forget import select
from untrain.data.sets.splits import Split, forget_each, make_split
from untrain.data.trigger import square, triggered
from untrain.errors import UserError
from untrain.testing import toy_images

IMAGES = toy_images(150)
SPLIT = make_split(IMAGES)
SPECS = ("flips:0.25", "flips:0.5:class0>class2", "confusion:class1,2:20", "patch:0.2:class0")


def changed(images: Images) -> np.ndarray:
    return np.flatnonzero(images.table["planted"] == "yes")


@pytest.mark.parametrize(("spec", "count"), [*zip(SPECS, (27, 18, 20, 22), strict=True)])
def test_so_many_training_images_are_changed_and_no_other(spec: str, count: int) -> None:
    made, rows = planted(IMAGES, SPLIT, spec), changed(planted(IMAGES, SPLIT, spec))
    assert len(rows) == count
    assert np.isin(rows, SPLIT.train).all()
    assert np.array_equal(made.table["true_number"], IMAGES.y.numpy())
    assert made.table["true_label"][5] == IMAGES.classes[IMAGES.y[5]]
    other = np.setdiff1d(np.arange(len(IMAGES)), rows)
    assert torch.equal(made.y[other], IMAGES.y[other])
    assert torch.equal(made.x[other], IMAGES.x[other])
    assert (made.y[rows] != IMAGES.y[rows]).all()


def test_flips_go_evenly_to_the_other_classes() -> None:
    images = toy_images(6000)
    split = make_split(images, holdout=0)
    rows = changed(made := planted(images, split, "flips:3000"))
    counts = np.zeros((3, 3), dtype=int)
    np.add.at(counts, (images.y[rows].numpy(), made.y[rows].numpy()), 1)
    assert counts.diagonal().sum() == 0
    assert counts[~np.eye(3, dtype=bool)] == pytest.approx(np.full(6, 500), abs=80)


def test_flips_of_one_class_and_a_confusion() -> None:
    made = planted(IMAGES, SPLIT, "flips:5:0>2")
    rows = changed(made)
    assert (IMAGES.y[rows] == 0).all()
    assert (made.y[rows] == 2).all()
    assert len(rows) == 5
    made = planted(IMAGES, SPLIT, "confusion:0,2:12")
    pairs = [(int(IMAGES.y[row]), int(made.y[row])) for row in changed(made)]
    assert sorted(pairs) == [(0, 2)] * 6 + [(2, 0)] * 6


def test_a_patch_is_a_bright_square_in_the_corner() -> None:
    made = planted(IMAGES, SPLIT, "patch:0.2:class1")
    rows = torch.from_numpy(changed(made))
    assert (IMAGES.y[rows] != 1).all()
    assert (made.y[rows] == 1).all()
    assert (made.x[rows, 5:, 5:] == 255).all()
    rest = torch.ones(8, 8, dtype=torch.bool)
    rest[5:, 5:] = False
    assert torch.equal(made.x[rows][:, rest], IMAGES.x[rows][:, rest])


@pytest.mark.parametrize(("size", "side"), [(8, 3), (32, 3), (64, 6), (224, 21)])
def test_the_square_grows_with_the_image(size: int, side: int) -> None:
    images = toy_images(6, size=size)
    assert square(images) == (slice(size - side, size), slice(size - side, size))


def test_the_square_lies_in_what_the_model_sees() -> None:
    images = replace(toy_images(6, size=41), crop=32)
    assert square(images) == (slice(33, 36), slice(33, 36))
    shown = triggered(images, np.arange(6))
    seen = shown.plain(torch.arange(6))
    assert seen.shape[1:3] == (32, 32)
    assert (seen[:, -3:, -3:] == 255).all()


def test_floats_get_their_greatest_value() -> None:
    images = replace(IMAGES, x=IMAGES.x.float() / 100 - 1)
    made = planted(images, SPLIT, "patch:9:0")
    assert (made.x[changed(made), 5:, 5:] == images.x.max()).all()


def test_triggered_images_are_apart() -> None:
    rows, before = SPLIT.test[:4], IMAGES.x.clone()
    shown = triggered(IMAGES, rows)
    assert (shown.x[:, 5:, 5:] == 255).all()
    assert torch.equal(shown.y, IMAGES.y[rows])
    assert list(shown.keys) == list(IMAGES.keys[rows])
    assert torch.equal(IMAGES.x, before)


def test_the_source_stays_as_it_is_and_unchanged_pixels_are_shared() -> None:
    before = IMAGES.x.clone(), IMAGES.y.clone()
    made = planted(IMAGES, SPLIT, "flips:0.25")
    assert made.x.data_ptr() == IMAGES.x.data_ptr()
    planted(IMAGES, SPLIT, "patch:0.25:0")
    assert torch.equal(IMAGES.x, before[0])
    assert torch.equal(IMAGES.y, before[1])
    assert set(IMAGES.table) == {"part"}


def test_of_a_mapped_file_only_what_is_written_is_copied(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    np.save(path, IMAGES.x.numpy())
    x, bytes_ = mapped(path), path.read_bytes()
    made = planted(replace(IMAGES, x=x), SPLIT, "patch:0.2:0")
    assert torch.equal(x, IMAGES.x)
    assert not torch.equal(made.x, x)
    assert path.read_bytes() == bytes_
    path.unlink()
    assert torch.equal(private(x), x)  # the file is gone: a copy in memory


def test_spec_and_seed_tell_data_sets_apart() -> None:
    asked = [(spec, seed) for spec in (*SPECS, "flips:0.26") for seed in (0, 1)]
    hashes = {planted(IMAGES, SPLIT, *one).hash for one in asked}
    assert len(hashes) == len(asked)
    assert all(one.startswith(f"{IMAGES.hash}+planted-") for one in hashes)
    again = planted(IMAGES, SPLIT, SPECS[0])
    assert again.hash == planted(IMAGES, SPLIT, SPECS[0]).hash
    assert torch.equal(again.y, planted(IMAGES, SPLIT, "flips:27").y)  # the same 27 images


def test_a_smaller_share_is_part_of_a_larger_one() -> None:
    few, many = (changed(planted(IMAGES, SPLIT, f"patch:{n}:1")) for n in (10, 30))
    assert np.isin(few, many).all()


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("stars:0.1", "'stars:0.1' is not understood"),
        ("flips", "'' is neither a share"),
        ("flips:1.5", "'1.5' is neither a share between 0 and 1 nor a whole number"),
        ("flips:0.1:", "'flips:0.1:' is not understood"),
        ("flips:0.1:0", "'flips:0.1:0' is not understood"),
        ("flips:0.1:0>9", "Unknown class '9'"),
        ("flips:0.1:0>class0", "names one class twice"),
        ("flips:0.001", "0 images are to be changed"),
        ("confusion:0,1:7", "'7' is no even number"),
        ("confusion:0,1:0.1", "'0.1' is no even number"),
        ("confusion:0:10", "'confusion:0:10' is not understood"),
        ("confusion:0,1:100", "50 images are to be changed, and there are 36 training images of"),
        ("patch:0.1", "'patch:0.1' is not understood"),
        ("patch:nan:clas0", "'nan' is neither a share"),
        ("patch:nan:clas0", "Unknown class 'clas0'. Did you mean 'class0'?"),
        ("patch:0.9:0", "97 images are to be changed, and there are 72"),
    ],
)
def test_what_cannot_be_planted(spec: str, message: str) -> None:
    with pytest.raises(UserError) as error:
        planted(IMAGES, SPLIT, spec)
    assert message in str(error.value)
    assert "--plant" in str(error.value)


def test_images_that_cannot_take_it() -> None:
    with pytest.raises(UserError, match="4x4 pixels are too small for a patch"):
        planted(toy_images(size=4), SPLIT, "patch:0.1:0")
    again = planted(IMAGES, SPLIT, "flips:0.1")
    with pytest.raises(UserError, match="have a column 'planted' of their own"):
        planted(again, SPLIT, "flips:0.1")


def test_the_forget_rule_names_what_was_planted() -> None:
    images = planted(IMAGES, SPLIT, "flips:0.25")
    whole = select("planted", images, SPLIT.train, 0)
    half = select("planted:0.5", images, SPLIT.train, 0)
    assert np.array_equal(whole, changed(images))
    assert len(half) == 14
    assert np.isin(half, whole).all()
    third = select("planted:0.3", images, SPLIT.train, 0)
    assert np.isin(third, half).all()
    assert not np.array_equal(half, select("planted:0.5", images, SPLIT.train, 1))
    first, second = forget_each(SPLIT, ["planted:0.5", "planted"], images)
    assert np.array_equal(np.sort([*first.forget, *second.forget]), whole)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("planted:2", "'2' is no share between 0 and 1"),
        ("planted:half", "'half' is no share"),
        ("planted:0.001", "A share of 0.001 of the 27 planted images rounds to 0"),
    ],
)
def test_rules_that_name_nothing(rule: str, message: str) -> None:
    images = planted(IMAGES, SPLIT, "flips:0.25")
    with pytest.raises(UserError, match=message):
        select(rule, images, SPLIT.train, 0)


def test_a_rule_for_what_was_never_planted_or_is_gone() -> None:
    with pytest.raises(UserError, match="Nothing was planted into toy"):
        select("planted", IMAGES, SPLIT.train, 0)
    images = planted(IMAGES, SPLIT, "flips:0.25")
    with pytest.raises(UserError, match="have erased all 27 images that were planted"):
        forget_each(SPLIT, ["planted", "planted"], images)


def test_your_own_arrays() -> None:
    x, y = IMAGES.x.numpy(), IMAGES.y.numpy()
    before = x.copy()
    made = planted_arrays((x, y), "patch:0.1:2", seed=3)
    assert len(made.positions) == 15
    assert (made.labels[made.positions] == 2).all()
    assert np.array_equal(made.true_labels, y)
    assert np.array_equal(np.flatnonzero((made.images != x).any((1, 2, 3))), made.positions)
    assert np.array_equal(x, before)
    whole = Split(np.arange(150), *[np.zeros(0, dtype=np.int64)] * 4)
    assert np.array_equal(changed(planted(IMAGES, whole, "patch:0.1:2", 3)), made.positions)
