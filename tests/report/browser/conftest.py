"""A real browser: Debian's chromium, headless; tests are skipped where there is none."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    with sync.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield started
        started.close()


@pytest.fixture
def show(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Opens a page from a file; an error on the console or a request outside fails it."""
    said: list[str] = []
    opened: list[Any] = []

    def show(html: str, *, width: int = 1280, **options: Any) -> Any:
        path = tmp_path / f"page-{len(opened)}.html"
        path.write_text(html, "utf-8")
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        opened.append(context)
        page = context.new_page()
        page.set_default_timeout(8000)
        page.on("console", lambda line: line.type == "error" and said.append(line.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda one: _outside(one.url) and said.append(one.url))
        page.goto(path.as_uri())
        return page

    yield show
    for context in opened:
        context.close()
    assert said == []


def _outside(url: str) -> bool:
    return not url.startswith(("file:", "data:", "blob:"))
