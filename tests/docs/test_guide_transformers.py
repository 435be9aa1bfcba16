"""docs/guides/transformers.md from top to bottom, with fewer epochs."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_guides import ROOT, run

FASTER = {
    "epochs=15": "epochs=1",
    "epochs=5": "epochs=1",
    "range(25)": "range(1)",
    ":1200": ":300",
    "torch.randperm(1200)": "torch.randperm(300)",
    "--holdout 0": "--holdout 0 --limit 300",
    "--data digits --augment": "--limit 300 --data digits --augment",
    "--epochs 25": "--epochs 1",
    "--epochs 5": "--epochs 1",
    "audit runs/": "audit --healing 1 --threads 1 runs/",
}


def test_the_guide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("transformers")
    monkeypatch.chdir(tmp_path)
    run(ROOT / "docs" / "guides" / "transformers.md", tmp_path, FASTER)
    shown = capsys.readouterr()
    assert "says: --normalise 0.5/0.5" in shown.err
    assert "hf:digits-vit knows " in shown.err
    assert "torch.Size([1, 10])" in shown.out
    assert "license: apache-2.0" in (tmp_path / "digits-vit-unlearned" / "README.md").read_text()
    assert "Result: " in shown.out
