"""docs/studies.md: its study loads, and it names every packaged study and every key."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from untrain.bench.asking.asked import Keys
from untrain.bench.asking.document import packaged
from untrain.bench.asking.reading import Head
from untrain.bench.asking.study import Study

PAGE = (Path(__file__).parents[2] / "docs" / "studies.md").read_text()
BLOCKS = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


def test_the_study_of_the_page_loads_at_each_size(tmp_path: Path) -> None:
    whole, sizes = BLOCKS
    (tmp_path / "mine.toml").write_text(whole)
    assert len(Study.load(str(tmp_path / "mine.toml")).cells()) == 3 * 7
    (tmp_path / "mine.toml").write_text(whole + sizes)
    laptop, paper = (Study.load(str(tmp_path / "mine.toml"), size) for size in ("laptop", "paper"))
    assert (laptop.data[0].limit, paper.data[0].limit) == (500, 0)
    assert (len(laptop.seeds), len(paper.seeds)) == (3, 10)
    assert [row.method.length for row in laptop.methods] == [5, 2, 2, 2, 5]


def test_every_key_is_explained() -> None:
    for field in [*fields(Head), *fields(Keys)]:
        assert f"`{field.name}`" in PAGE, field.name


def test_every_packaged_study_is_named() -> None:
    for name in packaged():
        assert f"`{name}`" in PAGE, name
