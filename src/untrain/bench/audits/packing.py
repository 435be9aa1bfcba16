"""Class numbers as a short text: a byte each, two with more than 256 classes, zlib, base64."""

from __future__ import annotations

import base64
import zlib

import numpy as np

NARROW, WIDE = "u1", "<u2"


def packed(labels: np.ndarray, classes: int) -> str:
    """labels: (N,), from 0 to classes - 1."""
    raw = labels.astype(NARROW if classes <= 256 else WIDE).tobytes()
    return base64.b64encode(zlib.compress(raw, 9)).decode()


def unpacked(text: str, count: int) -> np.ndarray:
    """What `packed` has packed, (count,). Raises ValueError if it is of another number."""
    raw = zlib.decompress(base64.b64decode(text))
    return np.frombuffer(raw, NARROW if len(raw) == count else WIDE, count)
