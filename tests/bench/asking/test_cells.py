"""From a study to its runs: grids, seeds, sequences, and runs that are shared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from untrain.bench.asking.study import Study

Load = Callable[[str], Study]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def read(text: str) -> Study:
        (tmp_path / "mine.toml").write_text('data.data = "digits"\n' + text)
        return Study.load(str(tmp_path / "mine.toml"))

    return read


FT = '[[methods]]\nname = "ft"\n'


def test_originals_and_retrains_come_first_and_are_shared(load: Load) -> None:
    cells = load('seeds = 2\nforget = ["random:9", "class:1"]\n' + FT).cells()
    labels = ["original"] * 2 + ["retrain"] * 2 + ["ft"] * 2
    assert [cell.label for cell in cells] == labels * 2
    first, second = cells[:6], cells[6:]
    assert [str(one[0].block) for one in (first, second)] == [
        "digits / random:9",
        "digits / class:1",
    ]
    assert [cell.job for cell in first[:2]] == [cell.job for cell in second[:2]]
    assert [cell.job.seed for cell in first] == [0, 1] * 3
    original, retrain, ft = first[0].job, first[2].job, first[4].job
    assert (original.rules, retrain.rules, ft.rules) == ((), ("random:9",), ("random:9",))
    assert (retrain.parent, ft.parent) == (None, original)
    assert original.method == retrain.method
    assert {cell.rules for cell in first} == {("random:9",)}


def test_seeds_of_training_and_of_unlearning_are_apart(load: Load) -> None:
    text = 'seeds = [3, 5]\nunlearn_seeds = [7, 8]\nsplit_seeds = [0, 1]\nforget = ["random:9"]\n'
    cells = load(text + FT).cells()
    rows = [cell for cell in cells if cell.label == "ft"]
    seeds = [(cell.split_seed, cell.train_seed, cell.unlearn_seed) for cell in rows]
    assert seeds == [(s, t, u) for s in (0, 1) for t in (3, 5) for u in (7, 8)]
    for cell in rows:
        assert cell.job.seed == cell.unlearn_seed
        assert cell.job.parent is not None
        assert cell.job.parent.seed == cell.train_seed
        assert cell.job.data.split_seed == cell.split_seed
    assert len({cell.job for cell in cells if cell.label == "retrain"}) == 4
    assert len({cell.block for cell in cells}) == 1


def test_a_sequence_goes_on_from_the_model_before(load: Load) -> None:
    text = 'forget = [["random:9", "random:9", "class:1"], ["random:9"]]\n'
    cells = load(text + FT + 'select = "oracle"\n').cells()
    blocks = list(dict.fromkeys(cell.block.forget for cell in cells))
    assert blocks == ["random:9", "random:9 x2", "random:9 + random:9 + class:1"]
    rows = {cell.block.forget: cell for cell in cells if cell.label == "ft (oracle)"}
    retrains = {cell.block.forget: cell for cell in cells if cell.label == "retrain"}
    first, second, third = (rows[name].job for name in blocks)
    assert (third.parent, second.parent) == (second, first)
    assert first.parent is not None
    assert first.parent.rules == ()
    for name in blocks:
        assert rows[name].job.retrain == retrains[name].job
        assert rows[name].job.rules == retrains[name].job.rules == rows[name].rules
        assert retrains[name].job.parent is None


def test_a_grid_is_a_row_for_each_point(load: Load) -> None:
    text = 'forget = ["random:9"]\n' + FT + 'add = "contrastive"\nlr = [0.1, 0.2]\nepochs = 3\n'
    study = load(text + "contrastive.lam = [1, 2]\navailable = [0.5, 1.0]\n")
    rows = [cell for cell in study.cells() if cell.job.method.name == "ft"]
    assert [cell.row for cell in rows] == [
        f"ft+contrastive{more} (lr {lr}, contrastive.lam {lam})"
        for lr in (0.1, 0.2)
        for lam in (1, 2)
        for more in (" (50 % of retain)", "")
    ]
    assert {cell.job.method.epochs for cell in rows} == {3}  # type: ignore[attr-defined]


def test_a_search_is_the_space_beside_the_method(load: Load) -> None:
    study = load('choosing = true\nforget = ["random:9"]\n' + FT + 'grid = "search"\nepochs = 3\n')
    assert study.choosing
    method = study.methods[0].method
    assert [row.method.lr for row in study.methods] == list(method.search["lr"])  # type: ignore[attr-defined]
    assert {row.label for row in study.methods} == {"ft"}


def test_grids_of_data_and_networks_are_blocks_with_names_of_their_own(load: Load) -> None:
    text = 'data.limit = [100, 200]\nmodel.model = ["small", "resnet18"]\nforget = ["random:9"]\n'
    blocks = list(dict.fromkeys(str(cell.block) for cell in load(text + FT).cells()))
    assert blocks == [
        f"digits, limit {limit} / {model} / random:9"
        for limit in (100, 200)
        for model in ("small", "resnet18")
    ]


def test_the_place_of_the_data_is_the_same_for_all(load: Load, tmp_path: Path) -> None:
    cells = load('forget = ["random:9"]\n' + FT).cells(data_root=str(tmp_path))
    assert {cell.job.data.data_root for cell in cells} == {str(tmp_path)}
    assert cells[2].job.parent == cells[0].job
