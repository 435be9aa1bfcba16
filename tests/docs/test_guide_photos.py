"""docs/guides/photos.md from top to bottom, with one epoch and without its Retrains."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_guides import ROOT, run

FASTER = {
    "epochs = 30": "epochs = 1\nwidth = 4\nthreads = 1",
    "--epochs 8": "--epochs 1 --threads 1",
    "untrain train --recipe train.toml --forget ids:delete.txt --out runs/retrain\n": "",
    "untrain train --recipe train.toml --forget ids:delete.txt --seed 1 --out runs/retrain-1": "",
    "untrain audit runs/original runs/ft --retrain runs/retrain runs/retrain-1": "",
    "audit runs/ft --retrain runs/retrain runs/retrain-1": "audit --healing 1 --threads 1 runs/ft",
}


def test_the_guide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    run(ROOT / "docs" / "guides" / "photos.md", tmp_path, FASTER)
    shown = capsys.readouterr()
    page = " ".join((ROOT / "docs" / "guides" / "photos.md").read_text().split())
    told = [line for line in shown.err.splitlines() if line.startswith(("where:", "Retained"))]
    assert len(set(told)) == 2  # the photos that were never trained on, and the twin
    assert all(line in page for line in told)
    for line in ("  user               21 values: 1 (322)", "photos/metadata.csv", "Result: "):
        assert line in shown.out
    assert (tmp_path / "photos.png").exists()
    assert not (tmp_path / "runs" / "original" / "model.safetensors").exists()
    assert (tmp_path / "runs" / "ft" / "model.safetensors").exists()
