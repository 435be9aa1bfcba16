"""docs/guides/own-model.md from top to bottom, with fewer epochs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from test_guides import ROOT, blocks, run

FASTER = {
    "epochs=20": "epochs=1",
    "epochs=8": "epochs=1",
    "range(20)": "range(1)",
    ":1200": ":300",
    "torch.randperm(1200)": "torch.randperm(300)",
    "--epochs 20": "--epochs 1 --threads 1",
    "--epochs 8": "--epochs 1 --threads 1",
    "--epochs 2 ": "--epochs 1 --threads 1 ",
}


def test_the_guide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.delitem(sys.modules, "mynet", raising=False)
    page = ROOT / "docs" / "guides" / "own-model.md"
    for block in blocks(page):
        if block.file == "mynet.py":
            (tmp_path / block.file).write_text(block.text)
    try:
        run(page, tmp_path, FASTER)
    finally:
        sys.modules.pop("mynet", None)
    shown = capsys.readouterr()
    assert "Forgotten images" in shown.out or "retrain" in shown.out
    assert "starts from trained.pt; its head is taken as well" in shown.err
    assert "trained.pt knows " in shown.err
    names = {path.name for path in (tmp_path / "mynet-unlearned").iterdir()}
    assert names == {"README.md", "model.safetensors", "model.pt", "untrain.json"}
