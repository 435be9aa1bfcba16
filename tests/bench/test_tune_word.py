"""`untrain bench tune`: from a study and its store to a recipe that `--recipe` takes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from made import MEASURES, run

from untrain.bench.job import Result
from untrain.bench.kept.results import Standing
from untrain.bench.making.order import Order
from untrain.cli.bench import tune
from untrain.cli.main import main
from untrain.engine.device import Device
from untrain.recipes.recipe import read, values

TUNING = """
title = "A small tuning study"
choosing = true
seeds = [100]
split_seeds = [1]
forget = ["random:0.1"]
data.data = "digits"
data.limit = 300
model.width = 4

[train]
epochs = 2
batch = 64
lr = 0.05

[[methods]]
name = "ft"
epochs = 1
batch = 64
grid = "search"
"""


@pytest.fixture
def tuning(tmp_path: Path) -> str:
    """The file of a study that tunes FT."""
    (tmp_path / "tuning.toml").write_text(TUNING)
    return f"{tmp_path}/tuning.toml"


def made_up(study: str, gaps: Iterable[float]) -> list[Result]:
    """What came of it, with these gaps in the order of FT's search."""
    from untrain.bench.asking.study import Study

    found, left = [], list(gaps)
    for cell in Study.load(study).cells():
        by = left.pop(0) if cell.label == "ft" else 0.0
        seen = dict.fromkeys(MEASURES, 50.0 + by)
        result = run("ft", [0.0] * 4)
        audits = {"accuracy": {"choosing": seen}}
        found.append(Result(cell=cell, address="", values={}, cost=result.cost, audits=audits))
    return found


def test_a_recipe_is_written_and_taken(
    tuning: str,
    study: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    results = made_up(tuning, [8.0, 7.0, 6.0, 1.0, 4.0, 3.0, 2.0, 5.0])
    monkeypatch.setattr(tune, "standing_of", lambda *_: Standing(results=results))
    out = f"{tmp_path}/tuned.toml"
    assert main(["bench", "tune", tuning, "--for", str(study), "--out", out]) == 0
    shown = capsys.readouterr()
    assert "not compared" not in shown.err
    assert len([line for line in shown.out.splitlines() if line.startswith("ft lr ")]) == 8
    assert values(read(out), "ft") == {"lr": 0.05, "epochs": 1, "batch": 64}
    about = read(out).about
    assert (about["for"], about["tuning_seeds"], about["split_seeds"]) == (str(study), [100], [1])
    assert main(["bench", "tune", tuning]) == 0
    assert "name it with --for" in capsys.readouterr().err


MISTAKES = [
    (["{study}"], 2, "small-study is no tuning study"),
    (["{tuning}", "--for", "{tuning}"], 2, "Split seeds 1 of the tuning study are those of tuning"),
    (["{tuning}", "--for", "{study}", "--store", "{tmp}/no"], 3, "There is no store"),
    (["{tuning}", "--for", "coun-tabel2"], 2, "Did you mean 'coun-table2'?"),
    (["{tuning}", "--out", "{tmp}"], 2, "is a folder"),
    (["{tuning}", "--out", "{tmp}/recipe.json"], 2, "is no TOML file"),
    (["{study}", "--out", "{tmp}/recipe.json"], 2, "is no tuning study"),
    (["{tuning}", "--store", "{store}"], 2, "Run the study on it first: untrain bench run"),
]


@pytest.mark.parametrize(("args", "code", "message"), MISTAKES)
def test_a_mistake_is_told(
    args: list[str],
    code: int,
    message: str,
    tuning: str,
    study: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "store.json").write_text('{"schema": 1}')
    places = {"study": study, "tuning": tuning, "tmp": tmp_path, "store": tmp_path / "store"}
    assert main(["bench", "tune", *(arg.format(**places) for arg in args)]) == code
    assert message in capsys.readouterr().err
    assert not list(tmp_path.glob("recipe*"))


@pytest.mark.slow
def test_a_study_is_made_chosen_from_and_its_values_are_taken(tuning: str, tmp_path: Path) -> None:
    store, out = f"{tmp_path}/store", f"{tmp_path}/tuned.toml"
    Order(study=tuning, store=Path(store)).work(Device(device="cpu", threads=1)).run()
    assert main(["bench", "tune", tuning, "--store", store, "--out", out]) == 0
    found = read(out)
    assert found.about["ft"]["gap"] == min(one["gap"] for one in found.about["ft"]["tried"])
    data = ["--data", "digits", "--limit", "300", "--width", "4", "--threads", "1"]
    assert main(["train", *data, "--epochs", "1", "--out", f"{tmp_path}/original"]) == 0
    args = ["unlearn", "ft", "--original", f"{tmp_path}/original", "--forget", "random:0.1"]
    assert main([*args, "--recipe", out, "--threads", "1", "--out", f"{tmp_path}/ft"]) == 0
    method = json.loads((tmp_path / "ft" / "run.json").read_text())["config"]["method"]
    assert {name: method[name] for name in values(found, "ft")} == values(found, "ft")
