"""Where the files of the hub's data sets are found, and a hub that is not there."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from layouts import ROWS

from untrain.data.sources import hub, load
from untrain.errors import UserError

Put = Callable[..., Path]


def fails(name: str, root: Path | str = "") -> UserError:
    with pytest.raises(UserError) as caught:
        load(name, str(root))
    return caught.value


@pytest.mark.parametrize(
    ("where", "root"),
    [
        ("mnist", ""),
        ("mnist", "mnist"),
        ("mnist/mnist", ""),  # as the hub's own tool downloads it
    ],
)
def test_files_are_found_below_the_data_root(put: Put, where: str, root: str) -> None:
    assert len(load("mnist", str(put("mnist", where) / root))) == ROWS * 3 // 2


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        ("test-00000-of-00001.parquet", "there is no test-*.parquet"),
        ("train-00000-of-00001.parquet", "there is no train-*.parquet"),
    ],
)
def test_a_set_without_one_of_its_files_is_refused(put: Put, lost: str, said: str) -> None:
    root = put("svhn")
    (root / "svhn" / lost).unlink()
    error = fails("svhn", root)
    assert f"svhn is not complete: {said}" in error.what
    assert (error.where, error.code) == (str(root / "svhn"), 3)


def test_a_part_of_a_set_is_told_by_its_number(put: Put) -> None:
    folder = put("mnist") / "mnist"
    (folder / "train-00000-of-00001.parquet").rename(folder / "train-00001-of-00003.parquet")
    said = "there is no train-00000-of-00003, train-00002-of-00003."
    assert said in fails("mnist", folder.parent).what


def test_a_missing_data_root_is_a_missing_resource(tmp_path: Path) -> None:
    error = fails("cifar10", tmp_path / "none")
    assert (error.where, error.code) == ("--data-root", 3)


def test_a_local_set_asks_for_the_data_root(tmp_path: Path) -> None:
    for root in ("", str(tmp_path)):
        error = fails("tiny-imagenet-32", root)
        assert "not on the hub" in error.what
        assert "valid-*.parquet" in error.fix
        assert error.code == 3


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes calls and never answers."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize(
    "setting", ["offline", "wrong", pytest.param("silent", marks=pytest.mark.slow)]
)
def test_a_hub_that_is_not_there_is_told_soon(
    setting: str, silent: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    endpoint = {"offline": constants.ENDPOINT, "wrong": "http://127.0.0.1:9", "silent": silent}
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", setting == "offline")
    monkeypatch.setattr(constants, "ENDPOINT", endpoint[setting])
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(hub, "PATIENCE", 0.2)
    began = time.monotonic()
    error = fails("svhn", tmp_path)
    assert time.monotonic() - began < 20
    assert error.what.startswith("Could not download svhn")
    assert error.where == f"hub data set ufldl-stanford/svhn; --data-root {tmp_path}"
    assert "Put its parquet files into ROOT/svhn and give --data-root ROOT" in error.fix
    assert "--data digits" in error.fix
    assert error.code == 3


def test_what_has_been_downloaded_needs_no_network(
    put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    snapshot = "datasets--ylecun--mnist/snapshots/0a"
    put("mnist", f"{snapshot}/mnist")
    refs = tmp_path / "datasets--ylecun--mnist" / "refs"
    refs.mkdir()
    (refs / "main").write_text("0a")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(hub, "PATIENCE", "nobody asks the hub")
    assert len(load("mnist")) == ROWS * 3 // 2
