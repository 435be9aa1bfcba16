"""A size is laid over its file, and messages still name the line that a value stands on."""

from __future__ import annotations

from pathlib import Path

import pytest

from untrain.bench.asking.document import also, document, find, packaged
from untrain.errors import UserError

TEXT = """
seeds = 3
[data]
limit = 100
holdout = 0.2

[[methods]]
name = "ft"
epochs = 4

[[methods]]
name = "ft"
add = "contrastive"

[sizes.laptop]
seeds = 1
data.limit = 50

[[sizes.laptop.methods]]
name = "ft"
add = "contrastive"
epochs = 2

[[sizes.laptop.methods]]
name = "coun"

[sizes.paper]
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "study.toml").write_text(TEXT)
    return tmp_path / "study.toml"


def test_tables_are_laid_over_deeply_and_methods_by_row(path: Path) -> None:
    doc = document(str(path))
    assert doc.tree == {
        "seeds": 1,
        "data": {"limit": 50, "holdout": 0.2},
        "methods": [
            {"name": "ft", "epochs": 4},
            {"name": "ft", "add": "contrastive", "epochs": 2},
            {"name": "coun"},
        ],
    }
    places = [("seeds",), ("data", "limit"), ("data", "holdout"), ("methods", 0, "epochs")]
    places += [("methods", 1, "epochs"), ("methods", 1, "lam"), ("methods", 2, "name")]
    lines = [int(doc.where(*key).rpartition(" ")[2]) for key in places]
    assert lines == [16, 17, 5, 9, 22, 11, 25]


def test_a_size_that_changes_nothing_leaves_the_file(path: Path) -> None:
    tree = document(str(path), "paper").tree
    assert tree["seeds"] == 3
    assert [entry["name"] for entry in tree["methods"]] == ["ft", "ft"]


@pytest.mark.parametrize(
    ("text", "size", "told"),
    [
        (TEXT, "paber", "no size 'paber'"),
        ("seeds = 1", "paper", "no size 'paper'"),
        ("[sizes.paper]", "large", "no size 'large'"),
        ("sizes = 3", "laptop", "no table of tables"),
        ("seeds = [", "laptop", "not valid TOML"),
    ],
)
def test_what_is_no_study_is_refused(path: Path, text: str, size: str, told: str) -> None:
    path.write_text(text)
    with pytest.raises(UserError, match=told) as caught:
        document(str(path), size)
    assert (caught.value.code, "study.toml" in caught.value.where) == (2, True)


@pytest.mark.parametrize(
    ("name", "code", "told"),
    [
        ("coun-table22", 2, "Did you mean 'coun-table2'"),
        ("no/such.toml", 3, "No file"),
        (".", 2, "is a folder"),
    ],
)
def test_a_study_that_does_not_exist(name: str, code: int, told: str) -> None:
    with pytest.raises(UserError, match=told) as caught:
        find(name)
    assert caught.value.code == code


def test_other_names_lead_to_studies_that_exist() -> None:
    assert set(also().values()) <= set(packaged())
    assert not set(also()) & set(packaged())
    assert find("coun-table9") == find("coun-table2")


def test_windows_line_ends_and_a_byte_order_mark_move_no_line(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    doc = document(str(path))
    assert doc.where("data", "holdout").endswith("line 5")


def test_a_file_is_its_own_size_where_it_says_nothing_of_laptop(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text("seeds = 1\n[sizes.paper]\nseeds = 10\n")
    assert document(str(mine)).tree["seeds"] == 1
    assert document(str(mine), "paper").tree["seeds"] == 10
    with pytest.raises(UserError, match="no size 'laptop'"):
        document("tune-paper-random10")
