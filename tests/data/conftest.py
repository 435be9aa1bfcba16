"""Image and list files that the tests write themselves."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def png() -> Callable[..., bytes]:
    """Encodes an array as PNG, in another mode of PIL if one is named."""

    def encode(array: np.ndarray, mode: str = "") -> bytes:
        buffer = io.BytesIO()
        image = Image.fromarray(array)
        (image.convert(mode) if mode else image).save(buffer, "PNG")
        return buffer.getvalue()

    return encode


@pytest.fixture
def listed(tmp_path: Path) -> Callable[..., Path]:
    """Writes a list file and gives its path."""

    def write(text: str, name: str = "list.txt", encoding: str = "utf-8") -> Path:
        (tmp_path / name).write_text(text, encoding)
        return tmp_path / name

    return write
