"""The cache: decoded once, again when a file changes, and never half written."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
import torch

from untrain.data.images import Images
from untrain.data.pixels.cache import cache_folder, cached
from untrain.data.sources import folder, load
from untrain.errors import UserError


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder of this test's own."""
    monkeypatch.setenv("UNTRAIN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def source(tmp_path: Path, png: Callable[..., bytes]) -> str:
    """A folder of one black and one white image."""
    for name, value in (("black", 0), ("white", 255)):
        (tmp_path / "data" / name).mkdir(parents=True)
        (tmp_path / "data" / name / "0.png").write_bytes(png(np.full((4, 4), value, np.uint8)))
    return f"folder:{tmp_path / 'data'}"


def never(*_: object) -> NoReturn:
    raise AssertionError("nothing may be decoded")


def test_a_second_load_decodes_nothing(
    cache: Path, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load(source)
    monkeypatch.setattr(folder, "decode", never)
    again = load(source)
    assert torch.equal(again.x, first.x)
    assert torch.equal(again.y, first.y)


def test_an_entry_gives_back_every_field(cache: Path, images: Images) -> None:
    cached("toy", "key", lambda: images)
    again = cached("toy", "key", never)
    for field in fields(Images):
        one, other = getattr(images, field.name), getattr(again, field.name)
        if field.name == "table":
            one, other = one["part"], other["part"]
        assert np.array_equal(one, other), field.name
        assert type(one) is type(other), field.name


def test_a_changed_file_is_decoded_again(
    cache: Path, source: str, tmp_path: Path, png: Callable[..., bytes]
) -> None:
    load(source)
    path = tmp_path / "data" / "white" / "0.png"
    size = path.stat().st_size
    path.write_bytes(png(np.full((4, 4), 254, np.uint8)))
    os.utime(path, ns=(0, 12345))
    assert path.stat().st_size == size  # so that the time alone tells
    assert load(source).x[1].unique().tolist() == [254]


def test_an_added_file_is_decoded_too(
    cache: Path, source: str, tmp_path: Path, png: Callable[..., bytes]
) -> None:
    load(source)
    (tmp_path / "data" / "white" / "1.png").write_bytes(png(np.zeros((4, 4), np.uint8)))
    assert len(load(source)) == 3


def test_a_cached_image_may_be_written_to_without_changing_the_cache(
    cache: Path, source: str
) -> None:
    load(source).x.fill_(7)
    assert load(source).x.unique().tolist() == [0, 255]


def test_a_failed_decode_leaves_no_entry(cache: Path) -> None:
    with pytest.raises(AssertionError):
        cached("toy", "key", never)
    assert [path.name for path in cache.iterdir()] == [".lock"]


def test_a_second_process_waits_and_decodes_nothing(
    cache: Path, images: Images, capfd: pytest.CaptureFixture[str]
) -> None:
    """The lock belongs to an open file, so that a thread stands for a process here."""
    started, go_on = threading.Event(), threading.Event()

    def slow() -> Images:
        started.set()
        assert go_on.wait(10)
        return images

    first = threading.Thread(target=cached, args=("toy", "key", slow))
    first.start()
    assert started.wait(10)
    second: list[Images] = []
    other = threading.Thread(target=lambda: second.append(cached("toy", "key", never)))
    other.start()
    other.join(0.2)
    assert other.is_alive()
    go_on.set()
    first.join(10)
    other.join(10)
    assert torch.equal(second[0].x, images.x)
    assert "waiting for another process" in capfd.readouterr().err


@pytest.mark.parametrize("file", ["x.npy", "rows.npz", "about.json"])
def test_a_damaged_entry_is_made_anew(
    file: str, cache: Path, images: Images, capfd: pytest.CaptureFixture[str]
) -> None:
    cached("toy", "key", lambda: images)
    path = cache / "toy-key" / file
    path.write_bytes(path.read_bytes()[:-40])
    assert torch.equal(cached("toy", "key", lambda: images).x, images.x)
    assert "is damaged" in capfd.readouterr().err
    cached("toy", "key", never)


def test_what_a_killed_process_has_left_is_removed(cache: Path, images: Images) -> None:
    half = cache / ".draft-toy-old"
    half.mkdir(parents=True)
    (half / "x.npy").write_bytes(b"half")
    cached("toy", "key", lambda: images)
    assert sorted(path.name for path in cache.iterdir()) == [".lock", "toy-key"]


def test_a_folder_that_cannot_be_written_is_a_missing_resource(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()  # not even root can write below a regular file
    monkeypatch.setenv("UNTRAIN_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(UserError, match="cannot be written") as caught:
        load(source)
    assert "UNTRAIN_CACHE" in caught.value.where
    assert caught.value.code == 3


def test_the_folder_is_the_users_unless_the_environment_names_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("UNTRAIN_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert cache_folder() == Path("/somewhere/untrain")
    monkeypatch.setenv("UNTRAIN_CACHE", "/else")
    assert cache_folder() == Path("/else")
