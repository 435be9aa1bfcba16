"""A contact sheet: the first images of each class in a row, its name before them."""

from __future__ import annotations

import unicodedata
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
UNKNOWN = "\uffff"
"""A sign that no font has, and which looks as all do that it has not."""
LETTERS = {"ß": "ss", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "ł": "l"}
LETTERS |= {"Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "þ": "th", "Þ": "Th"}
"""Letters that are no others with an accent."""
Font = ImageFont.ImageFont | ImageFont.FreeTypeFont
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
        text = _fitting(drawn(caption, font), font)
        pen.text((GAP, top + CELL // 2), text, INK, font, anchor="lm")
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


def drawn(text: str, font: Font) -> str:
    """The text in signs that the font has: without accents where it has none, or as ?."""
    box = _shape(font, UNKNOWN)
    return "".join(
        sign if _shape(font, sign) != box or sign.isspace() else _plain(sign, font, box)
        for sign in unicodedata.normalize("NFC", text)
    )


def _plain(sign: str, font: Font, box: bytes) -> str:
    bare = unicodedata.normalize("NFKD", LETTERS.get(sign, sign))
    kept = [part for part in bare if not unicodedata.combining(part)]
    return "".join(part if _shape(font, part) != box else "?" for part in kept)


def _shape(font: Font, sign: str) -> bytes:
    return bytes(font.getmask(sign))


def _fitting(text: str, font: Font) -> str:
    """The text, cut to the width that names have."""
    cut = text
    while font.getlength(cut) > TITLE - 3 * GAP:
        cut = cut[:-2] + "…"
    return cut
