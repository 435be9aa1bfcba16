"""What only the data can tell stands in the way before anything trains, all of it at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from untrain.bench.asking.obstacles import obstacles
from untrain.bench.asking.study import Study
from untrain.config import DataConfig

TEXT = """
data.data = "digits"
model.model = "small"
model.width = 4
forget = {}

[[methods]]
name = "{}"
"""


def told(tmp_path: Path, forget: str, method: str, more: str = "") -> list[str]:
    path = tmp_path / "mine.toml"
    path.write_text(TEXT.format(forget, method) + more)
    cells = Study.load(str(path)).cells()
    return [f"{problem.what} {problem.where}" for problem in obstacles(cells, DataConfig.load)]


@pytest.mark.parametrize(
    ("forget", "method", "more", "expected"),
    [
        ('["class:12", "random:1.5"]', "ft", "", ["12", "neither a share"]),
        ('["where:user=1"]', "ft", "", ["user"]),
        ('["random:9"]', "not", 'tensors = "99"', ["There is no tensor 99."]),
        ('["random:9"]', "ft", "", []),
    ],
)
def test_it_is_told(
    tmp_path: Path, forget: str, method: str, more: str, expected: list[str]
) -> None:
    found = told(tmp_path, forget, method, more)
    assert len(found) == len(expected), found
    for text, part in zip(found, expected, strict=True):
        assert part in text


def test_a_method_that_a_rule_by_column_does_not_suit_is_named_with_its_row(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("3\n4\n")
    (found,) = told(tmp_path, f'["indices:{tmp_path}/list.txt"]', "unsir")
    assert "'unsir' is not applicable" in found
    assert "unsir" in found.rpartition("retained: ")[2]


def test_data_that_cannot_be_read_are_told_once(tmp_path: Path) -> None:
    text = (
        f'data.data = "folder:{tmp_path}/nosuch"\nforget = ["random:9"]\n[[methods]]\nname = "ft"\n'
    )
    (tmp_path / "mine.toml").write_text(text)
    cells = Study.load(str(tmp_path / "mine.toml")).cells()
    (problem,) = obstacles(cells, DataConfig.load)
    assert "nosuch" in problem.what
