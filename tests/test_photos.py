"""benchmarks/photos.py: who has how many photos, and its table of verdicts; nothing is trained."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))

import photos
from photos_page import judged


@pytest.mark.parametrize("size", [photos.REAL, photos.SMALL])
def test_users_have_a_long_tail_of_photos(size: photos.Size) -> None:
    counts = photos.shares(size)
    assert counts.sum() == size.train
    assert (len(counts), counts.min(), counts.max()) == (size.users, size.least, size.most)
    assert counts[photos.ASKS] == size.usual
    assert sorted(counts)[size.users // 2] < counts.mean()


def test_a_verdict_is_a_row_with_what_it_rests_on() -> None:
    level = {"key": "level", "value": 0.5, "low": 0.4, "high": 0.6, "more": {"clears": 0.1}}
    healing = {"key": "healing", "value": 0.01, "low": -0.1, "high": 0.12, "more": {}}
    absent = {"key": "references", "value": None, "more": {}}
    verdict = {"model": "ft", "verdict": "PASS", "findings": [level, healing, absent]}
    *_, row = judged([verdict])
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[:2] == ["ft", "PASS"]
    assert cells[2:] == ["0.500 (0.400 to 0.600)", "1.0 (-10.0 to 12.0)", "-", "10 points"]
    *_, row = judged([verdict | {"findings": []}])
    assert row.count(" - ") == 4
