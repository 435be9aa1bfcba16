"""Splits: disjoint, complete, seeded, and saved by key."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from untrain.data.images import Images
from untrain.data.sets.splits import (
    Split,
    forget,
    forget_each,
    load_split,
    make_split,
    with_forget,
)
from untrain.errors import UserError, UserErrors


def plain(split: Split) -> dict[str, list[int]]:
    return {name: at.tolist() for name, at in split.sets().items()}


@pytest.mark.parametrize("options", [{}, {"holdout": 0.0}, {"holdout": 0.3, "limit": 20}])
def test_is_disjoint_and_complete(images: Images, options: dict[str, Any]) -> None:
    split = make_split(images, **options)
    everything = np.concatenate([split.train, split.val, split.unseen, split.test])
    assert sorted(everything) == list(range(60))


def test_holdout_is_halved_between_val_and_unseen(images: Images) -> None:
    sizes = make_split(images, holdout=0.25).sizes()
    assert sizes == {"retain": 36, "forget": 0, "val": 6, "unseen": 6, "test": 12}


def test_holdout_zero_trains_on_the_whole_training_part(images: Images) -> None:
    split = make_split(images, holdout=0)
    assert split.train.tolist() == list(range(48))
    assert len(split.val) == len(split.unseen) == 0


def test_the_test_part_of_the_source_is_kept(images: Images) -> None:
    assert make_split(images).test.tolist() == list(range(48, 60))


@pytest.mark.parametrize("table", [{}, {"part": np.full(60, "train")}])
def test_data_without_a_test_part_loses_a_fifth_to_one(
    images: Images, table: dict[str, np.ndarray]
) -> None:
    split = make_split(replace(images, table=table))
    assert len(split.test) == 12
    assert split.test.tolist() != list(range(48, 60))


def test_limit_moves_the_other_rows_to_unseen(images: Images) -> None:
    whole, limited = make_split(images), make_split(images, limit=20)
    assert len(limited.train) == 20
    assert set(limited.train) < set(whole.train)
    assert set(limited.unseen) == set(whole.unseen) | set(whole.train) - set(limited.train)
    assert limited.val.tolist() == whole.val.tolist()


def test_the_same_seed_gives_the_same_split(images: Images) -> None:
    assert plain(make_split(images, seed=3)) == plain(make_split(images, seed=3))


def test_another_seed_gives_another_split(images: Images) -> None:
    one, other = make_split(images, seed=3), make_split(images, seed=4)
    assert plain(one) != plain(other)
    assert one.sizes() == other.sizes()


def test_every_set_is_sorted(images: Images) -> None:
    split = forget(make_split(images, holdout=0.3, limit=20), "random:5", images)
    assert all(at == sorted(at) for at in plain(split).values())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"limit": 45}, "--limit 45 is more than the 43 images"),
        ({"limit": -1}, "--limit -1 is negative"),
        ({"holdout": 1.0}, r"--holdout 1.0 is not in \[0, 1\)"),
        ({"holdout": -0.1}, "--holdout -0.1"),
        ({"holdout": float("nan")}, "--holdout nan"),
        ({"holdout": 0.999}, "leaves 0 training and 12 test images"),
    ],
)
def test_options_out_of_range_are_refused(
    images: Images, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(UserError, match=said):
        make_split(images, **options)


def test_overlapping_sets_are_refused(split: Split) -> None:
    with pytest.raises(ValueError, match="overlap"):
        replace(split, val=split.forget)


def test_forget_moves_rows_from_retain_and_nothing_else(images: Images) -> None:
    whole = make_split(images)
    split = forget(whole, "class:1", images)
    assert split.forget.tolist() == [i for i in whole.train if i % 3 == 1]
    assert split.train.tolist() == whole.train.tolist()
    for name in ("val", "unseen", "test"):
        assert plain(split)[name] == plain(whole)[name]


def test_forgetting_again_starts_from_the_training_set(split: Split) -> None:
    again = with_forget(split, split.train[-3:])
    assert again.forget.tolist() == split.train[-3:].tolist()
    assert again.train.tolist() == split.train.tolist()


def test_hashes_tell_sets_apart_by_key_and_not_by_order(images: Images, split: Split) -> None:
    hashes = split.hashes(images)
    turned = Split(**{name: at[::-1] for name, at in split.sets().items()})
    other = with_forget(split, split.train[1:9])
    assert turned.hashes(images) == hashes
    assert len(set(hashes.values())) == 5
    changed = {name for name, text in other.hashes(images).items() if text != hashes[name]}
    assert changed == {"retain", "forget"}


def test_a_saved_split_is_read_back(images: Images, split: Split, tmp_path: Path) -> None:
    split.save(tmp_path / "split.npz", images)
    assert plain(load_split(tmp_path / "split.npz", images)) == plain(split)


def test_a_saved_split_finds_its_images_by_key(
    images: Images, split: Split, tmp_path: Path
) -> None:
    split.save(tmp_path / "split.npz", images)
    turned = replace(images, x=images.x.flip(0), y=images.y.flip(0), keys=images.keys[::-1])
    found = load_split(tmp_path / "split.npz", turned)
    assert found.hashes(turned) == split.hashes(images)
    assert found.forget.tolist() == sorted(59 - split.forget)


@pytest.fixture
def stages(images: Images) -> list[Split]:
    """Three requests: a fifth of all, another fifth, and what is left of a class."""
    return forget_each(make_split(images), ["random:0.2", "random:0.2", "class:1"], images)


def test_requests_divide_the_first_training_set(images: Images, stages: list[Split]) -> None:
    whole = make_split(images)
    for number, split in enumerate(stages, 1):
        assert len(split.requests) == number
        parts = [split.retain, *split.requests]
        assert sorted(np.concatenate(parts)) == split.train.tolist() == whole.train.tolist()
        assert not set(split.retain) & set(split.forgotten)
        assert split.forgotten.tolist() == sorted([*split.erased, *split.forget])
        for name in ("val", "unseen", "test"):
            assert plain(split)[name] == plain(whole)[name]


def test_a_share_is_of_the_first_training_set(stages: list[Split]) -> None:
    assert len(stages[0].forget) == len(stages[1].forget) == round(0.2 * len(stages[0].train))
    assert stages[0].forget.tolist() != stages[1].forget.tolist()


def test_the_first_request_is_a_request_on_its_own(images: Images, stages: list[Split]) -> None:
    alone = forget(make_split(images), "random:0.2", images)
    assert plain(stages[0]) == plain(alone)
    assert stages[0].hashes(images) == alone.hashes(images)
    assert "erased" not in alone.sets()


def test_requests_may_be_given_one_by_one(images: Images, stages: list[Split]) -> None:
    by_hand = forget_each(stages[0], ["random:0.2", "class:1"], images)
    assert [plain(split) for split in by_hand] == [plain(split) for split in stages[1:]]


def test_what_a_later_request_forgets_can_be_exchanged(stages: list[Split]) -> None:
    again = with_forget(stages[1], stages[1].retain[:3])
    assert again.forget.tolist() == stages[1].retain[:3].tolist()
    assert again.erased.tolist() == stages[1].erased.tolist()
    assert again.train.tolist() == stages[1].train.tolist()


def test_an_image_is_erased_once(split: Split) -> None:
    with pytest.raises(ValueError, match="overlap"):
        replace(split, earlier=(split.retain[:1],))
    with pytest.raises(ValueError, match="overlap"):
        replace(split.settled(), earlier=(split.forget, split.forget))


def test_erased_images_are_hashed(images: Images, stages: list[Split]) -> None:
    hashes = stages[2].hashes(images)
    swapped = replace(stages[2], earlier=stages[2].earlier[::-1])
    assert len(set(hashes.values())) == 6
    assert swapped.hashes(images) == hashes


def test_requests_are_read_back_in_their_order(
    images: Images, stages: list[Split], tmp_path: Path
) -> None:
    for name, split in zip("ab", (stages[2], stages[0]), strict=True):
        split.save(tmp_path / f"{name}.npz", images)
        read = load_split(tmp_path / f"{name}.npz", images)
        assert plain(read) == plain(split)
        assert [at.tolist() for at in read.requests] == [at.tolist() for at in split.requests]
    with np.load(tmp_path / "b.npz") as saved:
        assert set(saved.files) == {"retain", "forget", "val", "unseen", "test"}


def test_a_split_of_other_images_is_refused(images: Images, split: Split, tmp_path: Path) -> None:
    split.save(tmp_path / "split.npz", images)
    keys = images.keys.copy()
    keys[:2] = "x0", "x1"
    with pytest.raises(UserError, match="2 images of the saved split are not in toy"):
        load_split(tmp_path / "split.npz", replace(images, keys=keys))


def test_a_bad_holdout_and_a_bad_limit_are_told_together(images: Images) -> None:
    with pytest.raises(UserErrors) as caught:
        make_split(images, limit=-1, holdout=1.0)
    assert len(caught.value.problems) == 2
