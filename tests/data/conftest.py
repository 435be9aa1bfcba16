"""Image files that the tests write themselves."""

from __future__ import annotations

import io
from collections.abc import Callable

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
