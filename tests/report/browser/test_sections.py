"""All sections of synthetic results in a browser: every chart draws, at any width."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.mark.parametrize("width", [1280, 360])
def test_all_charts_draw(show: Callable[..., Any], full: str, width: int) -> None:
    page = show(full, width=width)
    page.evaluate("untrain.all()")
    assert page.locator("[data-figure]").count() >= 12
    assert page.locator("[data-figure]:not([data-drawn])").count() == 0
    assert page.locator(".chart:not(:has(svg, canvas))").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") == width
