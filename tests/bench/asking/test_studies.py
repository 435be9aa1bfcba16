"""The packaged studies: each loads, expands, and is what the papers ask for."""

from __future__ import annotations

import tomllib
from collections import Counter
from functools import cache

import pytest

from untrain.bench.asking.cells import cells
from untrain.bench.asking.document import FOLDER, packaged
from untrain.bench.asking.study import PAPERS, Study, names

SIZES = {
    name: list(tomllib.loads((FOLDER / f"{name}.toml").read_text()).get("sizes", ["laptop"]))
    for name in packaged()
}
load = cache(Study.load)
COUNTS = {
    ("coun-table2", "laptop"): 45,
    ("coun-table2", "paper"): 150,
    ("coun-table8", "laptop"): 27,
    ("coun-figure6", "laptop"): 25,
    ("coun-figure7", "laptop"): 7,
    ("cu-class", "laptop"): 66,
    ("tune-laptop-random10", "laptop"): 58,
}


@pytest.mark.parametrize("name", packaged())
def test_it_loads_and_expands(name: str) -> None:
    for size in SIZES[name]:
        study = load(name, size)
        made = cells(study)
        assert study.about
        assert study.title in names()[name]
        assert len(made) == COUNTS.get((name, size), len(made))
        for block, found in Counter(cell.block for cell in made).items():
            here = [cell for cell in made if cell.block == block]
            rows = Counter((cell.row, cell.train_seed, cell.unlearn_seed) for cell in here)
            assert found == len(rows)
            assert {"original", "retrain"} < {cell.label for cell in here}
        if size == "paper" and not study.choosing:
            assert len(study.seeds) == 10
            assert {data.limit for data in study.data} == {0}
            assert study.train.epochs == 182
            assert {model.width for model in study.model} == {0}


def test_every_table_of_the_paper_is_in_one() -> None:
    held = {table for name in packaged() for table in load(name, SIZES[name][-1]).tables}
    assert held == set(PAPERS["coun"])


def test_equal_arithmetic_at_the_size_laptop() -> None:
    """Views of retain images that carry gradient, and forget images as many, by epoch."""
    study = load("coun-table2")
    each = {"coun": 2, "neggrad-plus": 2, "neggrad-plus+contrastive": 3}
    each |= {"l1-sparse+contrastive": 2, "not+contrastive": 2}
    for row in study.methods:
        if row.label in ("ft", "l1-sparse", "not", *each):
            assert row.method.length * each.get(row.label, 1) in (9, 10), row.label


def test_tuning_shares_neither_seeds_nor_draws_with_what_is_reported() -> None:
    tuning = load("tune-laptop-random10")
    trials = Counter(row.label for row in tuning.methods)
    assert set(trials.values()) == {8}
    assert tuning.choosing
    for name in packaged():
        for size in SIZES[name]:
            study = load(name, size)
            if not study.choosing:
                assert not set(study.seeds) & set(tuning.seeds)
                assert not set(study.split_seeds) & set(tuning.split_seeds)


def test_what_two_studies_ask_for_is_one_run() -> None:
    table = {cell.job for cell in load("coun-table2").cells()}
    trucks = {cell.job for cell in load("coun-table8").cells()}
    places = {cell.job for cell in load("coun-destinations").cells()}
    assert places <= table | trucks
    assert {cell.job for cell in load("coun-centroids").cells()} <= trucks
    assert {cell.job for cell in load("coun-lemma1").cells()} <= table
