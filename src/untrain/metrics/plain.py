"""Numbers as result files hold them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def plain(value: Any, digits: int = 6) -> Any:
    """Floats rounded, None for what is not finite; arrays and tuples as lists, dicts by part."""
    if isinstance(value, dict):
        return {str(name): plain(one, digits) for name, one in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(one, digits) for one in value]
    if isinstance(value, np.bool_ | bool):
        return bool(value)
    if isinstance(value, np.integer | int):
        return int(value)
    if not isinstance(value, np.floating | float):
        return value
    return round(float(value), digits) if math.isfinite(value) else None
