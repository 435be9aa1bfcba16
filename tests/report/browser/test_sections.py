"""All sections of synthetic results in a browser: every chart draws, at any width."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def test_all_charts_draw(show: Callable[..., Any], full: str) -> None:
    page = show(full)
    page.evaluate("untrain.all()")
    assert page.locator("[data-figure]").count() >= 12
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.locator("[data-figure]:not([data-drawn])").count() == 0
        assert page.locator(".chart:not(:has(svg, canvas))").count() == 0
        assert settled(page, width) == width


def settled(page: Any, width: int) -> int:
    """How wide the page is, once its charts have followed the window."""
    for _ in range(100):
        if page.evaluate("document.documentElement.scrollWidth") == width:
            break
        page.wait_for_timeout(50)
    found: int = page.evaluate("document.documentElement.scrollWidth")
    return found
