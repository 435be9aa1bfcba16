"""The contact sheet: every picture stands in its place, with its own colours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFont

from untrain.report.contact_sheet import CELL, GAP, TITLE, drawn, save


def painted(shape: tuple[int, ...], *colours: int) -> np.ndarray:
    """One picture of a single gray value for each."""
    return np.stack([np.full(shape, colour, np.uint8) for colour in colours])


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".JPEG"])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("size", [8, 200])
def test_pictures_stand_in_rows(tmp_path: Path, suffix: str, channels: int, size: int) -> None:
    shape = (size, size, channels)
    rows = [("cat (2)", painted(shape, 10, 90)), ("a name " * 20, painted(shape, 170))]
    save(tmp_path / f"sheet{suffix}", rows)
    with Image.open(tmp_path / f"sheet{suffix}") as drawn:
        sheet = np.asarray(drawn.convert("L")).astype(int)
    middle = CELL // 2
    for row, column, value in ((0, 0, 10), (0, 1, 90), (1, 0, 170), (1, 1, 255)):
        top, left = GAP + row * (CELL + GAP), TITLE + column * (CELL + GAP)
        assert abs(sheet[top + middle, left + middle] - value) <= 2
    assert (sheet[:, : TITLE - GAP] < 128).any(axis=1).sum() > 8  # the names are written
    assert list(tmp_path.iterdir()) == [tmp_path / f"sheet{suffix}"]


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Vögel é (3)", "Vogel e (3)"),
        ("Vo\u0308gel", "Vogel"),
        ("Straße Łódź", "Strasse Lodz"),
        ("日本 x", "?? x"),
        ("long…", "long…"),
    ],
)
def test_names_are_written_in_signs_that_the_font_has(name: str, written: str) -> None:
    assert drawn(name, ImageFont.load_default(13)) == written


def test_wide_pictures_stay_wide(tmp_path: Path) -> None:
    save(tmp_path / "sheet.png", [("wide", painted((10, 20, 3), 0))])
    with Image.open(tmp_path / "sheet.png") as drawn:
        assert drawn.size == (TITLE + 2 * CELL + 2 * GAP, CELL + 2 * GAP)
