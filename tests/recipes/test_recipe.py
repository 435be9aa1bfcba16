"""Recipes: files of users and packaged ones, what they hold for a method, and what they refuse."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from untrain.config import build
from untrain.errors import UserError
from untrain.methods.contract import Term
from untrain.recipes import recipe as module
from untrain.recipes.evidence import told
from untrain.recipes.recipe import names, read, values
from untrain.recipes.writing import write
from untrain.registry import methods, terms

TEXT = """
lr-min = 1e-3
epochs = 7

[contrastive]
tau = 0.2
second-view = "stop-grad"

[neggrad-plus]
lr = 0.03
weight-decay = 0.001

[neggrad-plus.contrastive]
tau = 0.3

[coun]
lam = 0.3

[about]
study = "tune-something"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(TEXT)
    return path


def test_a_method_takes_its_own_table_over_the_top(file: Path) -> None:
    found = read(str(file))
    top = {"lr_min": 1e-3, "epochs": 7}
    assert values(found, "ft") == top
    assert values(found, "neggrad-plus") == {**top, "lr": 0.03, "weight_decay": 0.001}
    assert (found.holds("coun"), found.holds("ft")) == (True, False)


def test_a_term_takes_its_table_where_it_is_added(file: Path) -> None:
    found = read(str(file))
    shared = {"tau": 0.2, "second_view": "stop-grad"}
    assert values(found, "ft", ["contrastive"])["contrastive"] == shared
    own = values(found, "neggrad-plus", ["contrastive"])["contrastive"]
    assert own == {**shared, "tau": 0.3}


def test_a_file_goes_before_a_packaged_recipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").mkdir()
    write(tmp_path / "home" / "known.toml", {"ft": {"lr": 0.1}})
    monkeypatch.setattr(module, "HOME", tmp_path / "home")
    monkeypatch.chdir(tmp_path)
    assert names() == ["known"]
    (tmp_path / "known").mkdir()  # a folder of that name is no recipe
    assert values(read("known"), "ft") == {"lr": 0.1}
    (tmp_path / "known").rmdir()
    write(tmp_path / "known", {"ft": {"lr": 0.2}})
    assert values(read("known"), "ft") == {"lr": 0.2}
    with pytest.raises(UserError, match=r"Unknown recipe 'knwon'\. Did you mean 'known'\?"):
        read("knwon")


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("[cuon]\nlr = 1", ["Unknown table [cuon]. Did you mean [coun]?"]),
        ("[coun.contrastve]\nlam = 1", ["[coun.contrastve]. Did you mean [coun.contrastive]?"]),
        ("[data]\n[ft.more]", ["Unknown table [data].", "Unknown table [ft.more]."]),
        ("[ft", ["is not valid TOML"]),
    ],
)
def test_a_table_that_nothing_takes_is_told(text: str, messages: list[str], tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(UserError) as error:
        read(str(tmp_path / "mine.toml"))
    for message in messages:
        assert message in str(error.value)


def test_reading_needs_no_torch(file: Path) -> None:
    code = f"""
import sys
from untrain.recipes.recipe import read, values
assert values(read({str(file)!r}), "coun")["lam"] == 0.3
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    about = {
        "title": 'A "title" with \\ and ä\n\x7f',
        "seeds": [1, 2],
        "none": [],
        "neggrad-plus": {"tried": [{"lr": 1e-05, "stop": "none"}, {"lr": 1.0, "by hand": True}]},
    }
    own = {"lr": 1e-05, "batch": 64, "rewind": False, "contrastive": {"lam": 0.5}}
    path = tmp_path / "mine.toml"
    write(path, {"about": about, "neggrad-plus": own}, head="made by\na test")
    found = read(str(path))
    assert found.about == about
    assert values(found, "neggrad-plus", ["contrastive"]) == own
    assert path.read_text().startswith("# made by\n# a test\n")
    with pytest.raises(ValueError, match="TOML has no NoneType"):
        write(path, {"about": {"a": None}})


@pytest.mark.parametrize("name", names())
def test_a_packaged_recipe_holds_what_its_methods_take_and_says_where_from(name: str) -> None:
    found = read(name)
    assert not found.top, "a packaged recipe is of methods"
    for method in found.methods:
        given = values(found, method, terms.names())
        added: dict[str, Term] = {n: terms.get(n) for n in terms.names() if n in given}
        for term, cls in added.items():
            build(cls, given.pop(term), name)
        build(methods.get(method), given, name)
        assert "best of" in told(found, method)["evidence"]
    counts = {found.about[method]["trials"] for method in found.methods}
    assert len(counts) == 1, "methods were not tried alike"
