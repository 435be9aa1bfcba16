"""How a source is read: which columns mean what, and the size that images are brought to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reading:
    """What a user may say of a source whose own conventions do not."""

    key: str = ""
    """Column with the images' keys; "" for row numbers, or the paths of files."""
    label: str = ""
    """Column with the labels; "" finds it by name."""
    size: int = 0
    """Height and width that images are brought to, in pixels; 0 leaves them as they are."""
