"""The generated parts of the pages are what the code says now."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from untrain.registry import methods

DOCS = Path(__file__).parents[2] / "docs"
spec = importlib.util.spec_from_file_location("pages", DOCS / "pages.py")
assert spec is not None
assert spec.loader is not None
pages = importlib.util.module_from_spec(spec)
spec.loader.exec_module(pages)
WRITTEN = pages.written()


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.stem)
def test_a_page_is_up_to_date(path: Path) -> None:
    assert path.exists(), "run: make docs"
    assert path.read_text() == WRITTEN[path], "run: make docs"


@pytest.mark.parametrize("name", methods.modules)
def test_a_method_has_a_part_written_by_hand(name: str) -> None:
    hand = (DOCS / "methods" / f"{name}.md").read_text().partition(pages.HAND)[2]
    for part in ("Use it when", "Differences", "Watch out", "A second request"):
        assert f"**{part}**" in hand, part


def test_every_field_says_what_it_means() -> None:
    for name in methods.modules:
        for field, text in pages.field_texts(methods.get(name)).items():
            assert text, f"{name}.{field}"
