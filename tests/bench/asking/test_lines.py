"""The line of every key of a TOML file."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from untrain.bench.asking.document import FOLDER
from untrain.bench.asking.lines import Path, lines_of

TRICKY = '''# a comment with = and [brackets]

title = "one = two # three"
about = """
[not a header]
key = "value\\""""
literal = \'\'\'it's
x = 1\'\'\'   # after
quoted = """ends in a quote""""
"a.b" = [  # a list
  "]", # not its end
  [1, 2],
]

[data]  # the data
limit = 5
sub.key.deep = 1
inline = { a = 1, b = "}" }

[[methods]]
name = "coun"

[methods.contrastive]
lam = 1

[[methods]]
'na me' = 3

[sizes.laptop]
data.limit = 3

  [[sizes.laptop.methods]]
  lr = 0.1
'''


def paths(value: Any, at: Path = ()) -> list[Path]:
    """Every key of a document."""
    found: list[Path] = [at] if at else []
    items = value.items() if isinstance(value, dict) else []
    if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        items = enumerate(value)
    return found + [path for key, inner in items for path in paths(inner, (*at, key))]


def test_every_key_has_its_line() -> None:
    told = {
        ("title",): 3,
        ("about",): 4,
        ("literal",): 7,
        ("quoted",): 9,
        ("a.b",): 10,
        ("data",): 15,
        ("data", "limit"): 16,
        ("data", "sub"): 17,
        ("data", "sub", "key", "deep"): 17,
        ("data", "inline"): 18,
        ("methods", 0): 20,
        ("methods", 0, "name"): 21,
        ("methods", 0, "contrastive"): 23,
        ("methods", 0, "contrastive", "lam"): 24,
        ("methods", 1): 26,
        ("methods", 1, "na me"): 27,
        ("sizes", "laptop", "data", "limit"): 30,
        ("sizes", "laptop", "methods", 0): 32,
        ("sizes", "laptop", "methods", 0, "lr"): 33,
    }
    found = lines_of(TRICKY)
    assert {key: found.get(key) for key in told} == told


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_no_key_of_a_packaged_study_is_missed(path: Any) -> None:
    text = path.read_text()
    found, lines = lines_of(text), text.splitlines()
    for key in paths(tomllib.loads(text)):
        if key in (("sizes",), ("methods",), ("sizes", "laptop", "methods")):
            continue  # they begin where their first entry does
        if key not in found:
            assert any(other[: len(key)] == key for other in found), key
        elif isinstance(key[-1], str):
            assert key[-1] in lines[found[key] - 1]
