"""Evidence of a run: collected once, also by two at a time, also where nothing can be kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest

from untrain.cli.main import main
from untrain.data.images import Images
from untrain.files import lock
from untrain.metrics.evidence import Evidence
from untrain.runs.load import data_of
from untrain.runs.measure import measured
from untrain.runs.record import read


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("measure") / "run"
    assert main(["train", "--epochs", "1", "--width", "4", "--out", str(folder)]) == 0
    return folder


@pytest.fixture
def images(run: Path) -> Images:
    (run / "evidence.npz").unlink(missing_ok=True)
    return data_of(read(run))[1]


def equal(one: Evidence, other: Evidence) -> bool:
    return all(np.array_equal(one.sets[n].logits, other.sets[n].logits) for n in one.sets)


def test_it_is_collected_once(
    run: Path, images: Images, capsys: pytest.CaptureFixture[str]
) -> None:
    first = measured(run, images)
    (run / "split.npz").rename(run / "away.npz")  # without it nothing can be collected
    try:
        assert equal(measured(run, images), first)
    finally:
        (run / "away.npz").rename(run / "split.npz")


def test_a_second_process_waits(
    run: Path, images: Images, capsys: pytest.CaptureFixture[str]
) -> None:
    found: list[Evidence] = []
    with lock(run):
        other = threading.Thread(target=lambda: found.append(measured(run, images)))
        other.start()
        other.join(0.2)
        assert not found
    other.join(60)
    assert found
    assert "waiting for another process" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_measured_all_the_same(
    run: Path, images: Images, capsys: pytest.CaptureFixture[str]
) -> None:
    (run / ".lock").unlink()
    (run / ".lock").mkdir()  # not even root can open it
    try:
        measured(run, images)
    finally:
        (run / ".lock").rmdir()
    assert "cannot be written: it will be measured again" in capsys.readouterr().err
    assert not (run / "evidence.npz").exists()


def test_a_full_disk_keeps_nothing_and_hides_nothing(
    run: Path,
    images: Images,
    capsys: pytest.CaptureFixture[str],
    small_files: Callable[[int], AbstractContextManager[None]],
) -> None:
    with small_files(2000):
        measured(run, images)
    assert "Could not write evidence.npz" in capsys.readouterr().err
    assert sorted(path.name for path in run.iterdir() if "evidence" in path.name) == []
