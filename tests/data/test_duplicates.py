"""Equal images under several keys: found as by a slow comparison, and told for a request."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from untrain.data.duplicates import groups, twins
from untrain.data.images import Images
from untrain.data.sets.splits import Split, make_split, with_forget
from untrain.testing import toy_images


def copied(images: Images, *pairs: tuple[int, int]) -> Images:
    """The same, with the pixels of the first of each pair in the place of the second."""
    x = images.x.clone()
    for one, other in pairs:
        x[other] = x[one]
    return replace(images, x=x)


def slowly(images: Images) -> list[list[int]]:
    """Every pair compared."""
    found = []
    for one in range(len(images)):
        same = [i for i in range(len(images)) if torch.equal(images.x[one], images.x[i])]
        if len(same) > 1 and same[0] == one:
            found.append(same)
    return found


@pytest.mark.parametrize("kind", [torch.uint8, torch.float32])
@pytest.mark.parametrize(("size", "channels"), [(1, 1), (8, 1), (9, 3)])
def test_they_are_those_that_a_slow_comparison_finds(
    kind: torch.dtype, size: int, channels: int
) -> None:
    images = toy_images(size=size, channels=channels)
    images = copied(images, (3, 40), (40, 41), (7, 59), (0, 12))
    images = replace(images, x=images.x.to(kind))
    assert [group.tolist() for group in groups(images)] == slowly(images) != []


def test_equal_middles_alone_are_not_equal_images() -> None:
    images = toy_images(size=16)
    x = images.x.clone()
    x[:, 2:] = 0
    assert groups(replace(images, x=x)) == []
    x[9] = x[4]
    assert [group.tolist() for group in groups(replace(images, x=x))] == [[4, 9]]


def test_only_those_of_some_images() -> None:
    images = copied(toy_images(), (3, 40), (7, 59))
    assert [group.tolist() for group in groups(images, np.asarray([1, 59]))] == [[7, 59]]
    assert groups(images, np.asarray([1, 2])) == []


def test_memory_mapped_pixels_stay_as_they_are(tmp_path: Path) -> None:
    images = copied(toy_images(), (3, 40))
    np.save(tmp_path / "x.npy", images.x.numpy())
    mapped = torch.from_numpy(np.load(tmp_path / "x.npy", mmap_mode="c"))
    assert [group.tolist() for group in groups(replace(images, x=mapped))] == [[3, 40]]


@pytest.fixture
def split(images: Images) -> Split:
    """The first eight training images are forgotten."""
    whole = make_split(images)
    return with_forget(whole, whole.train[:8])


def test_a_twin_that_stays_is_told_with_its_label(images: Images, split: Split) -> None:
    one, other = split.forget[0], split.retain[-1]
    same = split.retain[images.y.numpy()[split.retain] == images.y[split.forget[1]].item()][0]
    found = twins(copied(images, (one, other), (split.forget[1], same)), split)
    assert found.retained == [(one, other), (split.forget[1], same)]
    assert found.held == []
    (told,) = found.sentences()
    assert told.startswith("Retained under another key: 2 of the 8 forgotten images (")
    kept = f", labelled class{images.y[other]}" if images.y[one] != images.y[other] else ""
    assert f"(k{one} = k{other}{kept}, k{split.forget[1]} = k{same})" in told


def test_a_twin_outside_of_training_is_told_apart(images: Images, split: Split) -> None:
    (told,) = twins(copied(images, (split.forget[0], split.unseen[0])), split).sentences()
    assert told.startswith("Val, unseen or test images under another key: 1 of the 8 forgotten")


def test_twins_that_go_together_are_no_trouble(images: Images, split: Split) -> None:
    pairs = (split.forget[0], split.forget[1]), (split.retain[0], split.retain[1])
    assert twins(copied(images, *pairs), split).sentences() == []


def test_what_is_written_down_names_nobody(images: Images, split: Split) -> None:
    found = twins(copied(images, (split.forget[0], split.retain[0])), split)
    (told,) = found.sentences(names=False)
    assert not any(f"{key} " in told for key in images.keys)
    assert "Retained under another key: 1 of the 8 forgotten images. Name" in told


def test_nothing_is_forgotten_nothing_is_told(images: Images) -> None:
    assert twins(copied(images, (0, 1)), make_split(images)).sentences() == []
