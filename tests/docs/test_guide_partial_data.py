"""docs/guides/partial-data.md from top to bottom, with fewer epochs and short lessons."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_guides import ROOT, run

from untrain.registry import methods
from untrain.verdict import relearn

PAGE = ROOT / "docs" / "guides" / "partial-data.md"
FASTER = {
    "--width 8 --epochs 20 --batch 50": "--width 6 --threads 1 --epochs 19 --batch 25",
    "--width 8": "--width 6 --threads 1",
    "--epochs 20": "--epochs 2 --threads 1",
    "--epochs 10": "--epochs 1 --threads 1",
    "audit runs/coun-part": "audit runs/coun-part --healing 1 --threads 1",
    "4400": "1800",
    "1400": "700",
    "1000": "500",
}


def test_the_guide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(relearn, "CAP", 1)
    run(PAGE, tmp_path, FASTER)
    shown = capsys.readouterr()
    assert "What an audit could see" in shown.out
    assert "coun (20 % of retain)" in shown.out
    assert "Result: " in shown.out
    assert "unseen looks trained on: " in shown.err


def test_its_table_says_which_methods_can_do_without() -> None:
    row = next(line for line in PAGE.read_text().splitlines() if line.startswith("| ft, coun"))
    able, unable = row.strip("|").split("|")
    for name in methods.modules:
        column = unable if methods.get(name).sees("forget") else able
        assert name in column.replace(";", ",").replace(" and ", ", ").replace(
            "for whole classes ", ""
        ).replace(" ", "").split(","), name
