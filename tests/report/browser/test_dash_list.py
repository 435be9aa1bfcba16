"""The dashboard in a browser: the list goes on by itself, is filtered, sorted and chosen from."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from made_results import write

sys.path.insert(0, str(Path(__file__).parents[2] / "dash"))  # how a dashboard is served

from served import Site, serving

EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    write(tmp_path / "store", methods=["coun", EVIL], seeds=2, failed=("coun",), points=40)
    yield from serving(tmp_path)


@pytest.fixture
def page(browser: Any, site: Site) -> Iterator[Any]:
    said: list[str] = []
    context = browser.new_context(viewport={"width": 360, "height": 800})
    page = context.new_page()
    page.set_default_timeout(20000)
    page.on("console", lambda line: line.type == "error" and said.append(line.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda one: one.url.startswith(site.server.url) or said.append(one.url))
    page.goto(site.server.url)
    page.wait_for_selector("#runs tbody tr")
    yield page
    context.close()
    assert said == []


def names(page: Any) -> list[str]:
    return [text.strip() for text in page.locator("#runs tbody th").all_inner_texts()]


def test_filter_sort_and_choose(page: Any, site: Site) -> None:
    assert len(names(page)) == 8
    assert EVIL in names(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.fill("#find", "coun seed")
    assert names(page) == ["CoUn", "CoUn"]
    assert "diverged" in page.inner_text("#runs tbody")
    page.select_option("#state", "done")
    assert page.inner_text("#count") == "1 of 8 runs shown"
    page.fill("#find", "")
    page.focus("th[data-by=label] button")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert page.get_attribute("th[data-by=label]", "aria-sort") == "descending"
    assert names(page)[0] == "Retrain"
    for label in ("Retrain", EVIL):
        page.locator("#runs tr", has_text=label).first.locator("input").check()
    assert page.inner_text("#names") == f"Retrain (seed 0), {EVIL} (seed 0)"
    page.click("#pair")
    page.wait_for_selector("nav.live")
    assert page.inner_text("h1") == f"Retrain beside {EVIL}"


def test_the_list_goes_on_by_itself(page: Any, site: Site) -> None:
    box = page.locator("#runs tr", has_text="Retrain").first.locator("input")
    box.check()
    write(site.root / "more", loose=True, methods=["ft"], seeds=1, points=40)
    page.locator("#runs tbody tr").nth(10).wait_for()
    assert box.is_checked()
    assert page.locator("#sets li").count() == 2
