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

    def show(html: str, **options: Any) -> Any:
        path = tmp_path / f"page-{len(opened)}.html"
        opened.append(_open(browser, html, path, said, **options))
        return opened[-1]

    yield show
    for page in opened:
        page.context.close()
    assert said == []


@pytest.fixture(scope="session")
def opened(
    browser: Any, example: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Any, list[str]]]:
    said: list[str] = []
    path = tmp_path_factory.mktemp("example") / "page.html"
    page = _open(browser, example, path, said)
    page.evaluate("untrain.all()")
    yield page, said
    page.context.close()


@pytest.fixture
def lasting(opened: tuple[Any, list[str]]) -> Iterator[Any]:
    """The example with its charts drawn, opened once, for tests that leave it as they found it."""
    page, said = opened
    page.mouse.move(0, 0)
    yield page
    told = said[:]
    said.clear()
    assert told == []


def _open(
    browser: Any, html: str, path: Path, said: list[str], *, width: int = 1280, **options: Any
) -> Any:
    """said: takes what goes wrong on the page."""
    path.write_text(html, "utf-8")
    page = browser.new_context(viewport={"width": width, "height": 900}, **options).new_page()
    page.set_default_timeout(8000)
    page.on("console", lambda line: line.type == "error" and said.append(line.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda one: _outside(one.url) and said.append(one.url))
    page.goto(path.as_uri())
    return page


def _outside(url: str) -> bool:
    return not url.startswith(("file:", "data:", "blob:"))
