"""--recipe with tables of methods, packaged recipes by name, and `untrain list recipes`."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from mistakes import SMALL, Refused

from untrain.cli.compose import parse
from untrain.cli.main import main
from untrain.cli.unlearn import UnlearnOptions, added_terms
from untrain.errors import Problems
from untrain.methods.coun import CoUn
from untrain.methods.ft import FT
from untrain.methods.neggrad_plus import NegGradPlus
from untrain.methods.terms import Contrastive
from untrain.recipes import recipe as module
from untrain.recipes.writing import write
from untrain.registry import methods

ABOUT = {
    "data": "cifar10",
    "forget": "random:0.1",
    "retrain_seeds": [100],
    "coun": {"searched": ["lr"], "trials": 8, "failed": 1, "gap": 4.321, "at_end": ["lr"]},
}
TABLES = {
    "about": ABOUT,
    "coun": {"lr": 0.07, "epochs": 1, "batch": 32},
    "neggrad-plus": {"lr": 0.03, "epochs": 1, "contrastive": {"lam": 0.25}},
}


@pytest.fixture
def packaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One packaged recipe, `small-random`."""
    monkeypatch.setattr(module, "HOME", tmp_path / "home")
    write(tmp_path / "home" / "small-random.toml", TABLES)


def composed(name: str, *flags: str) -> SimpleNamespace:
    """The parts that `untrain unlearn` makes of these flags."""
    args, problems = [*flags], Problems()
    added = added_terms(args, problems)
    parts = {"options": UnlearnOptions, "method": methods.get(name), **added}
    found = parse(args, parts, problems, prog="", about="", prefixed=tuple(added))
    problems.raise_all()
    assert isinstance(found, SimpleNamespace)
    return found


@pytest.mark.usefixtures("packaged")
def test_a_packaged_recipe_stands_between_the_preset_and_the_flags(
    capsys: pytest.CaptureFixture[str],
) -> None:
    flags = ["--batch", "16", "--recipe", "small-random", "--preset", "laptop"]
    assert composed("coun", *flags).method == CoUn(lr=0.07, epochs=1, lam=0.3, batch=16)
    assert "not tuned" not in capsys.readouterr().err


@pytest.mark.usefixtures("packaged")
def test_a_method_that_it_does_not_hold_is_untuned_and_that_is_told(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = ["unlearn", "ft", "--original", f"{made}/original", "--forget", "class:1"]
    args += ["--recipe", "small-random", "--threads", "1", "--epochs", "1"]
    assert main([*args, "--out", f"{tmp_path}/run"]) == 0
    run = json.loads((tmp_path / "run" / "run.json").read_text())
    assert run["config"]["method"]["lr"] == 0.01
    told = "small-random is not tuned for ft, which keeps its own values\n"
    assert capsys.readouterr().err.count(told) == 1


@pytest.mark.usefixtures("packaged")
def test_the_values_of_a_term_wait_until_it_is_added() -> None:
    flags = ["--recipe", "small-random", "--add", "contrastive", "--contrastive.tau", "0.2"]
    assert not hasattr(composed("neggrad-plus", *flags[:2]), "contrastive")
    assert composed("neggrad-plus", *flags).contrastive == Contrastive(lam=0.25, tau=0.2)
    assert composed("neggrad-plus", *flags).method == NegGradPlus(lr=0.03, epochs=1)


def test_a_file_may_hold_flags_of_the_run_and_tables_of_methods(tmp_path: Path) -> None:
    file, later = tmp_path / "mine.toml", tmp_path / "later.toml"
    file.write_text('forget = "class:1"\nepochs = 1\n[coun]\nlam = 0.7\nlr = 0.3\n[ft]\nlr = 0.02')
    later.write_text("lr = 0.5")
    found = composed("coun", "--recipe", str(file))
    assert (found.options.forget, found.method) == (("class:1",), CoUn(epochs=1, lam=0.7, lr=0.3))
    assert composed("ft", "--recipe", str(file)).method == FT(epochs=1, lr=0.02)
    both = composed("coun", "--recipe", str(file), "--recipe", str(later))
    assert both.method == CoUn(epochs=1, lam=0.7, lr=0.5)  # a later recipe stands over all of it


MISTAKES = [
    ("[coun]\nlma = 1\n[coun.contrastve]\n", ["Unknown key 'lma'", "[coun.contrastve]"]),
    ("[coun]\nlma = 1", ["Did you mean 'lam'?", "where: [coun] of the recipe"]),
    ("[coun]\nlam = 'x'", ["lam = 'x': Input should be a valid number"]),
    ("[coun]\nlam = -1.0", ["--lam -1.0 is out of range"]),
    ("[coun]\nseed = 1", ["Unknown key 'seed'"]),
    ("[coun]\npreset = 'laptop'", ["Give --preset as a flag"]),
    ("[cuon]\nlam = 1", ["Did you mean [coun]?"]),
    ("coun = 3", ["Unknown key 'coun'"]),
]


@pytest.mark.parametrize(("text", "messages"), MISTAKES)
def test_a_mistake_in_the_table_of_a_method_is_told(
    text: str, messages: list[str], made: Path, tmp_path: Path, refused: Refused
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    args = ["unlearn", "coun", "--original", f"{made}/original", "--forget", "class:1"]
    refused([*args, "--recipe", str(file), "--out", f"{tmp_path}/run"], 2, *messages)


@pytest.mark.usefixtures("packaged")
def test_a_recipe_that_is_not_there_is_told_with_the_nearest(
    tmp_path: Path, refused: Refused
) -> None:
    args = ["train", *SMALL, "--out", f"{tmp_path}/run", "--recipe"]
    refused([*args, "small-randm"], 2, "Did you mean 'small-random'?", "untrain list recipes")
    refused([*args, "small-random.toml"], 3, "No file small-random.toml")


@pytest.mark.usefixtures("packaged")
def test_the_list_shows_values_with_their_evidence_and_what_is_untuned(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["list", "recipes", "--json"]) == 0
    shown = capsys.readouterr()
    coun, neggrad = json.loads(shown.out)
    assert coun == {
        "name": "small-random",
        "method": "coun",
        "tuned": "lr 0.07",
        "beside": "epochs 1, batch 32",
        "evidence": "best of 8 trials, 1 of them failed; gap 4.32 on val; Retrain seeds 100; "
        "random:0.1 of cifar10; at the end of its range: lr",
    }
    assert neggrad["tuned"] == "lr 0.03, epochs 1, contrastive.lam 0.25"
    assert "native values: bad-teacher, " in shown.err
    assert " coun," not in shown.err
    assert main(["list", "methods", "--json"]) == 0
    tuned = {row["name"]: row["tuned"] for row in json.loads(capsys.readouterr().out)}
    assert (tuned["coun"], tuned["ft"]) == ("small-random", "no: native values")


def test_a_list_without_recipes_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "HOME", tmp_path)
    assert main(["list", "recipes"]) == 0
    assert "There are no recipes." in capsys.readouterr().err
