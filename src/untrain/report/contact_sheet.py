"""A contact sheet: the first images of each class in a row, its name before them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from untrain.files import atomic

CELL = 64
"""Height of a picture on the sheet, in pixels."""
GAP = 6
TITLE = 168
"""Width of the names."""
INK = "#22252a"
SUFFIXES = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}
"""What a sheet can be written as."""


def save(path: Path, rows: Sequence[tuple[str, np.ndarray]]) -> None:
    """Draw a sheet.

    path: ends in one of SUFFIXES. rows: a caption, and uint8 (k, H, W, C) of one H and W.
    """
    height, width = rows[0][1].shape[1:3]
    wide = max(1, round(CELL * width / height))
    columns = max(len(pictures) for _, pictures in rows)
    size = (TITLE + columns * (wide + GAP) + GAP, len(rows) * (CELL + GAP) + GAP)
    sheet = Image.new("RGB", size, "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for row, (caption, pictures) in enumerate(rows):
        top = GAP + row * (CELL + GAP)
        pen.text((GAP, top + CELL // 2), _fitting(caption, font), INK, font, anchor="lm")
        for column, pixels in enumerate(pictures):
            sheet.paste(_picture(pixels, wide), (TITLE + column * (wide + GAP), top))
    with atomic(path) as draft:
        sheet.save(draft, SUFFIXES[path.suffix.lower()])


def _picture(pixels: np.ndarray, width: int) -> Image.Image:
    """A cell: small images keep their pixels as squares, large ones are reduced."""
    gray = pixels.shape[2] in (1, 2)
    image = Image.fromarray(pixels[..., 0] if gray else pixels[..., :3]).convert("RGB")
    how = Image.Resampling.NEAREST if image.height < CELL else Image.Resampling.BOX
    return image.resize((width, CELL), how)


def _fitting(text: str, font: ImageFont.ImageFont | ImageFont.FreeTypeFont) -> str:
    """The text, cut to the width that names have."""
    cut = text
    while font.getlength(cut) > TITLE - 3 * GAP:
        cut = cut[:-2] + "…"
    return cut
