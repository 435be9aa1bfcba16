"""What is told while a study is worked on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.bench.conftest import DEVICE, place_of
from tests.bench.making.test_work import order_of

from untrain.bench.kept.store import Store
from untrain.bench.making.board import Board
from untrain.bench.making.here import work_here


def told(study: Path, store: Store, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines of a run of the study on this store."""
    order = order_of(study, store)
    _, cells = order.read()
    place = place_of(store)
    capsys.readouterr()
    with Board(cells, place) as board:
        work_here(order, DEVICE, place, board)
    return capsys.readouterr().err.splitlines()


def test_each_run_is_told_and_counted(
    study: Path, copied: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    results = order_of(study, copied).standing()[3].results
    for result in results[-2:]:
        shutil.rmtree(copied.folder(result.address))
    first, second = told(study, copied, capsys)
    assert first.startswith("9/10 coun (lam 0.1) of random:0.1, seed 1 made")
    assert second == "10/10 coun (lam 0.3) of random:0.1, seed 1 made"


def test_a_damaged_run_is_told(
    study: Path, copied: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    result = order_of(study, copied).standing()[3].results[-1]
    (copied.folder(result.address) / "run.json").write_text("{")
    first, second = told(study, copied, capsys)
    assert "coun (lam 0.3) of random:0.1, seed 1 is damaged and will be made again" in first
    assert second.startswith("10/10 coun (lam 0.3)")


def test_lost_weights_are_told_and_counted_once(
    study: Path, copied: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    results = order_of(study, copied).standing()[3].results
    original, method = results[0], next(r for r in results if r.cell.label == "ft")
    (copied.folder(original.address) / "model.safetensors").unlink()
    shutil.rmtree(copied.folder(method.address))
    lines = told(study, copied, capsys)
    assert "original, seed 0 has lost its weights" in lines[0]
    assert [line.split(" ")[0] for line in lines[1:]] == ["9/10", "10/10"]
