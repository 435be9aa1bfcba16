"""The guides on wrong labels and on backdoors from top to bottom, with short trainings."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_guides import ROOT, run

QUICK = {"--epochs 5": "--epochs 1 --threads 1", "--epochs 8": "--epochs 1 --threads 1"}
SMALL = "width = 4\nthreads = 1\nlimit = 300"


def test_backdoor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    faster = QUICK | {"epochs = 30": f"epochs = 1\n{SMALL}"}
    run(ROOT / "docs" / "guides" / "backdoor.md", tmp_path, faster)
    shown = capsys.readouterr()
    assert "What was planted, patch:0.03:0" in shown.err
    assert "Retrain was trained with the other 5 as well" in shown.err
    assert "20 of 200 images were changed" in shown.out


def test_mislabelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    faster = QUICK | {
        "epochs = 30\n": f"epochs = 1\n{SMALL}\n",
        "width = 32\n": "",
        "< 0.1": "< 0.09",
    }
    run(ROOT / "docs" / "guides" / "mislabelled.md", tmp_path, faster | {"epochs=15": "epochs=2"})
    shown = capsys.readouterr()
    assert "doubted labels are wrong, of 45 in all" in shown.out
    assert "What was planted, flips:0.15" in shown.err
    assert "wrong label, missed" in shown.err
