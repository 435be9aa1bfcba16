"""Digests in the place of keys: the same split is read back, and nothing else is taken for one."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from untrain.data.images import Images
from untrain.data.sets.pseudonyms import PREFIX, named, pseudonyms
from untrain.data.sets.splits import Split, load_split
from untrain.files import write_arrays


def test_a_digest_is_its_own_digest() -> None:
    keys = np.asarray(["cat/1.png", "ü", "17"])
    once = pseudonyms(keys)
    assert np.array_equal(pseudonyms(once), once)
    assert len({*once}) == 3
    assert all(len(digest) == len(PREFIX) + 64 for digest in once)


def test_a_digest_leads_back_only_with_the_keys_at_hand() -> None:
    keys = np.asarray(["a", "b", "c"])
    mixed = np.asarray(["a", *pseudonyms(keys[1:])])
    assert named(mixed, keys).tolist() == ["a", "b", "c"]
    assert named(mixed, keys[:2]).tolist()[:2] == ["a", "b"]
    assert named(mixed, keys[:2])[2] == mixed[2]
    assert len(named(keys[:0], keys)) == 0


def test_a_key_that_looks_like_a_digest_is_a_key() -> None:
    keys = np.asarray([PREFIX + "1", PREFIX + "2"])
    assert np.array_equal(named(keys, keys), keys)


def test_a_split_with_digests_is_the_same_split(
    tmp_path: Path, images: Images, split: Split
) -> None:
    split.save(tmp_path / "split.npz", images)
    with np.load(tmp_path / "split.npz") as saved:
        arrays = {name: saved[name] for name in saved.files}
    arrays["forget"] = pseudonyms(arrays["forget"])
    write_arrays(tmp_path / "split.npz", arrays)
    again = load_split(tmp_path / "split.npz", images)
    assert again.hashes(images) == split.hashes(images)
