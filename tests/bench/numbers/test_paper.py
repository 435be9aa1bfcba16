"""Printed numbers: which gaps do not add up, which of our rows they belong to, whose lead holds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made import RETRAINS, row, run, shifted

from untrain.bench.job import Block, Result
from untrain.bench.numbers.counterparts import beside, block_of, data_set, request, scale
from untrain.bench.numbers.paper import Paper, lead, load, names
from untrain.bench.numbers.statistics import Table, tables
from untrain.bench.tables.main import Look, grid
from untrain.bench.tables.printed import printed
from untrain.config import DataConfig, ModelConfig
from untrain.errors import UserError
from untrain.methods.ft import FT
from untrain.methods.neggrad_plus import NegGradPlus
from untrain.methods.terms import Contrastive

CIFAR = ("cifar10", "resnet18", "random-10%")


@pytest.fixture(scope="module")
def coun() -> Paper:
    return load("coun")


def test_exactly_three_printed_gaps_do_not_add_up(coun: Paper) -> None:
    flagged = [(r.table, r.block, r.name) for r in coun.rows if not coun.adds_up(r)]
    assert flagged == [
        (2, ("cifar100", "resnet18", "random-10%"), "salun"),
        (3, ("cifar10", "resnet18", "random-50%"), "neggrad+"),
        (10, ("cifar10", "resnet18", "random-50%"), "neggrad++contrastive"),
    ]


@pytest.mark.parametrize(
    ("block", "name", "words"),
    [
        (("cifar10", "resnet18", "random-50%"), "neggrad+", "0.90, recomputed 3.26; "),
        (("cifar10", "resnet18", "random-50%"), "neggrad++contrastive", "0.45, recomputed 2.42; "),
        (("cifar100", "resnet18", "random-10%"), "salun", "2.95, recomputed 3.20."),
        (CIFAR, "coun", ""),
    ],
)
def test_a_flag_says_what_is_printed_and_what_is_right(
    coun: Paper, block: tuple[str, str, str], name: str, words: str
) -> None:
    found = coun.find(block, name)
    assert found is not None
    flag = coun.flag(found)
    assert words in flag
    assert ("is the gap to Retrain at random-10%" in flag) == words.endswith("; ")
    assert bool(flag) == bool(words)


def test_every_printed_row_has_a_retrain(coun: Paper) -> None:
    assert len(coun.rows) == 93
    assert all(row.block in coun.retrains for row in coun.rows)
    assert coun.tables == [2, 3, 7, 8, 9, 10]
    assert names() == ["coun"]
    with pytest.raises(UserError, match=r"Unknown paper 'cuon'. Did you mean 'coun'\?"):
        load("cuon")


def test_the_lead_over_not_is_inside_its_interval(coun: Paper) -> None:
    """0.05, with a standard deviation of about 0.06 when simulated from the printed ones."""
    own, other = coun.find(CIFAR, "coun"), coun.find(CIFAR, "not")
    far = coun.find(CIFAR, "ft")
    assert own is not None
    assert other is not None
    assert far is not None
    low, high = lead(coun, own, other)
    assert low < coun.recomputed(own) - coun.recomputed(other) < 0 < high
    assert (high - low) / 4 == pytest.approx(0.06, abs=0.01)
    assert lead(coun, own, far)[1] < 0
    assert lead(coun, own, other) == (low, high)


def test_tables_of_the_paper_alone(coun: Paper) -> None:
    grids = printed(coun, [3, 9])
    assert len(grids) == 7
    wrong = [row for one in grids for row in one.rows if row[6].endswith("§")]
    assert [row[:1] + row[5:7] for row in wrong] == [["neggrad+", "3.26", "0.90 §"]]
    assert "gap to Retrain at random-10%." in grids[0].notes[-1]
    borrowed = grids[-1]
    assert borrowed.rows[0][0] == "retrain"
    assert "Retrain is that of table 2: table 9 has none." in borrowed.notes


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("random:0.1", "random-10%"),
        ("random:0.5", "random-50%"),
        ("class:9", "class-truck"),
        ("class:truck", "class-truck"),
        ("random:500", ""),
        ("where:user=3", ""),
        ("random:x", ""),
    ],
)
def test_requests_in_the_paper_s_words(rule: str, words: str) -> None:
    assert request(rule, [*"012345678", "truck"]) == words


def test_a_stand_in_is_no_data_set_of_the_paper() -> None:
    assert data_set("tiny-imagenet-32", ["a"] * 200) == "tiny-imagenet"
    assert data_set("tiny-imagenet-32", ["a"] * 100) == ""
    assert data_set("cifar10", []) == "cifar10"


def matched(coun: Paper, results: list[Result]) -> dict[str, tuple[str, int]]:
    (table,) = tables(results)
    return {label: (r.name, r.table) for label, r in beside(table, coun).items()}


def added(result: Result, label: str) -> Result:
    job = replace(result.cell.job, terms=(Contrastive(),))
    return replace(result, cell=replace(result.cell, label=label, job=job))


def test_rows_find_their_printed_ones(coun: Paper) -> None:
    results = [run("original", RETRAINS[0]), run("retrain", RETRAINS[0]), run("ft", RETRAINS[0])]
    results += [run("coun", RETRAINS[0]), run("neggrad-plus", RETRAINS[0])]
    results += [added(run("neggrad-plus", RETRAINS[0]), "neggrad-plus+contrastive")]
    assert matched(coun, results) == {
        "retrain": ("retrain", 2),
        "ft": ("ft", 2),
        "coun": ("coun", 2),
        "neggrad-plus": ("neggrad+", 2),
        "neggrad-plus+contrastive": ("neggrad++contrastive", 9),
    }
    assert matched(coun, [added(run("ft", RETRAINS[0]), "ft+contrastive")]) == {
        "ft+contrastive": ("coun", 2)
    }
    grids = [run("coun", RETRAINS[0], settings={"lam": lam}) for lam in (0.1, 0.3)]
    assert matched(coun, grids) == {}
    elsewhere = Block(data="svhn", model="resnet18", forget="random:0.1")
    assert matched(coun, [run("ft", RETRAINS[0], block=elsewhere)]) == {}


def test_the_study_s_tables_are_those_that_are_taken(coun: Paper) -> None:
    results = [
        run("retrain", RETRAINS[0]),
        added(run("neggrad-plus", RETRAINS[0]), "n+contrastive"),
    ]
    (table,) = tables(results)
    assert list(beside(table, coun, [2])) == ["retrain"]
    assert list(beside(table, coun, [9])) == ["retrain", "n+contrastive"]
    assert block_of(table, results[0]) == CIFAR


def made(forget: str) -> Table:
    block = Block(data="cifar10", model="resnet18", forget=forget)
    results = [*row("retrain", RETRAINS[:2], block=block)]
    results += shifted("neggrad-plus", RETRAINS[:2], 1, block=block)
    (table,) = tables(results)
    return table


def test_the_paper_s_row_stands_below_ours_recomputed(coun: Paper) -> None:
    found = grid(made("random:0.5"), Look(paper=coun))
    at = [line[0] for line in found.rows].index("neggrad-plus (n=2)")
    line = dict(zip(found.head, found.rows[at + 1], strict=True))
    assert line["model"] == "  printed, table 3"
    assert line["UA"] == "4.06±0.20 (-3.23)"
    assert line["gap"] == "3.26 §"
    assert line["FLOPs"] == "0.37x"
    assert any(note.startswith("§ Table 3, cifar10") for note in found.notes)
    assert any("Ours: data cifar10, holdout 0.1, 182 epochs" in note for note in found.notes)


def test_a_block_that_is_not_printed_is_told(coun: Paper) -> None:
    found = grid(made("random:0.3"), Look(paper=coun))
    assert "coun prints no row for cifar10 / resnet18 / random:0.3." in found.notes


def test_our_size_is_told() -> None:
    (table,) = tables([run("ft", RETRAINS[0])])
    job = replace(
        table.rows[0].runs[0].cell.job,
        data=DataConfig(data="cifar10", limit=5000, holdout=0.0),
        model=ModelConfig(width=16),
        method=FT(epochs=10),
    )
    one = table.rows[0].runs[0]
    one = replace(one, cell=replace(one.cell, job=job))
    small = replace(table, rows=(replace(table.rows[0], runs=(one,)),))
    assert scale(small) == "data cifar10, width 16, limit 5000, holdout 0, 10 epochs of ft"
    assert NegGradPlus.name == "neggrad-plus"
