"""Embeddings of a run: collected once, kept beside the evidence, anew where they do not fit."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest

from untrain.cli.main import main
from untrain.data.images import Images
from untrain.errors import UserError
from untrain.files import lock
from untrain.metrics.embeddings import Embeddings
from untrain.metrics.evidence import Evidence
from untrain.runs import embed as module
from untrain.runs.embed import detailed, embedded
from untrain.runs.gather import Gathered, gather
from untrain.runs.load import data_of
from untrain.runs.record import read


@pytest.fixture(autouse=True, scope="module")
def small() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("untrain.metrics.evidence.UNSEEN", 50)
        patch.setattr("untrain.metrics.embed.VIEWS", 2)
        yield


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An Original, FT and a Retrain, of 20 forgotten digits; few images are looked at."""
    folder = tmp_path_factory.mktemp("embed")
    common = ["--limit", "200", "--width", "4", "--epochs", "1"]
    rule = ["--forget", "random:20"]
    assert main(["train", *common, "--out", str(folder / "original")]) == 0
    assert main(["train", *common, *rule, "--out", str(folder / "retrain")]) == 0
    start = ["unlearn", "ft", "--original", str(folder / "original"), "--epochs", "1"]
    assert main([*start, *rule, "--out", str(folder / "ft")]) == 0
    return folder


@pytest.fixture
def found(runs: Path) -> Gathered:
    for path in runs.glob("*/embeddings-*"):
        path.unlink()
    return gather((runs / "original", runs / "ft"), (runs / "retrain",))


@pytest.fixture
def images(runs: Path) -> Images:
    return data_of(read(runs / "ft"))[1]


def names(runs: Path) -> list[str]:
    return sorted(str(path.relative_to(runs)) for path in runs.glob("*/*embeddings*"))


def test_details_of_runs_are_collected_once(
    runs: Path, found: Gathered, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = (runs / "original", runs / "ft"), (runs / "retrain",)
    first = detailed(found, *folders)
    assert first.columns == ["original", "retrain", "ft"]
    assert len(names(runs)) == 3
    monkeypatch.setattr(module, "embed", None)
    assert detailed(found, *folders).values() == first.values()


def test_the_unseen_sample_is_that_of_the_evidence(
    runs: Path, found: Gathered, images: Images
) -> None:
    evidence = found.subjects[0].evidence
    made = embedded(runs / "original", images, evidence, found.keys)
    unseen = evidence.sets["unseen"].keys
    np.testing.assert_array_equal(made.steady["unseen"].keys, unseen)
    assert set(made.samples["unseen"].keys) <= set(unseen)
    assert set(made.steady["forget"].keys) == set(found.keys)
    assert int(made.classes.counts.sum()) == 200 - 20


def test_a_damaged_file_and_another_request_are_collected_anew(
    runs: Path, found: Gathered, images: Images
) -> None:
    evidence = found.subjects[0].evidence
    folder = runs / "original"
    embedded(folder, images, evidence, found.keys)
    path = next(folder.glob("embeddings-*"))
    whole = path.stat().st_size
    path.write_bytes(path.read_bytes()[:500])
    embedded(folder, images, evidence, found.keys)
    assert path.stat().st_size == whole
    embedded(folder, images, evidence, found.keys[:5])
    assert len(list(folder.glob("embeddings-*"))) == 2


def test_a_second_process_waits(
    runs: Path, found: Gathered, images: Images, capsys: pytest.CaptureFixture[str]
) -> None:
    got: list[Embeddings] = []
    evidence: Evidence = found.subjects[0].evidence
    with lock(runs / "original"):
        given = (runs / "original", images, evidence, found.keys)
        other = threading.Thread(target=lambda: got.append(embedded(*given)))
        other.start()
        other.join(0.2)
        assert not got
    other.join(60)
    assert got
    assert "waiting for another process" in capsys.readouterr().err


def test_a_full_disk_keeps_nothing_and_hides_nothing(
    runs: Path,
    found: Gathered,
    images: Images,
    capsys: pytest.CaptureFixture[str],
    small_files: Callable[[int], AbstractContextManager[None]],
) -> None:
    with small_files(2000):
        embedded(runs / "original", images, found.subjects[0].evidence, found.keys)
    assert "It will be collected again next time" in capsys.readouterr().err
    assert names(runs) == []


def test_a_folder_that_cannot_be_written(
    runs: Path, found: Gathered, images: Images, capsys: pytest.CaptureFixture[str]
) -> None:
    (runs / "original" / ".lock").unlink()
    (runs / "original" / ".lock").mkdir()  # not even root can open it
    try:
        embedded(runs / "original", images, found.subjects[0].evidence, found.keys)
    finally:
        (runs / "original" / ".lock").rmdir()
    assert "cannot be written: its embeddings" in capsys.readouterr().err
    assert names(runs) == []


def test_keys_that_were_never_trained_on(runs: Path, found: Gathered, images: Images) -> None:
    with pytest.raises(UserError, match="None of the forgotten keys"):
        embedded(runs / "ft", images, found.subjects[1].evidence, np.array(["nobody"]))


def test_without_a_holdout_test_stands_in_for_unseen(tmp_path: Path) -> None:
    flags = ["--holdout", "0", "--width", "4", "--epochs", "1", "--forget", "random:20"]
    assert main(["train", *flags, "--out", str(tmp_path)]) == 0
    found = gather((tmp_path,), ())
    made = detailed(found, (tmp_path,), ())
    assert math.isfinite(made.row("energy").cells["retrain"].value)
    assert "test images stand in" in " ".join(made.notes)
