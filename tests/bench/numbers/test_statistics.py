"""Rows over seeds: closed-form means, intervals, gaps, floors, pairing, ties, order."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import numpy as np
import pytest
from made import BLOCK, RETRAINS, row, run, shifted

from untrain.bench.job import Block, Result
from untrain.bench.numbers import intervals
from untrain.bench.numbers.statistics import GAP, Lack, Row, Table, gap, tables
from untrain.bench.tables.main import Look
from untrain.bench.tables.plain import values
from untrain.metrics import audit
from untrain.metrics.gap import floor_of_gaps, floor_of_means


def one(results: list[Result], **more: object) -> Table:
    (table,) = tables(results, **more)  # type: ignore[arg-type]
    return table


def of(table: Table, label: str) -> Row:
    found = table.row(label)
    assert found is not None
    return found


@pytest.fixture
def retrains() -> list[Result]:
    return row("retrain", RETRAINS, seconds=100.0)


def test_the_gap_is_over_the_measures_of_the_audit() -> None:
    assert audit.GAP == GAP


def test_intervals_by_hand() -> None:
    values = np.array([1.0, 2.0, 6.0])
    assert intervals.mean(values) == 3
    assert intervals.std(values) == pytest.approx(math.sqrt(7))
    assert intervals.half(values) == pytest.approx(4.302653 * math.sqrt(7 / 3), rel=1e-6)
    assert math.isnan(intervals.std(values[:2]))
    assert math.isnan(intervals.half(values[:2]))
    assert math.isnan(intervals.mean(values[:0]))


def test_gaps_by_hand(retrains: list[Result]) -> None:
    up = [99.0, 6.0, 94.2, 12.5]  # Retrain's means are 99.9, 5, 94.2, 11.5
    table = one([*retrains, *row("ft", [up] * 3, seconds=25.0)])
    found = of(table, "ft")
    assert found.gap is not None
    assert found.gap.average == pytest.approx((0.9 + 1 + 0 + 1) / 4)
    theirs = np.array(RETRAINS)
    assert found.gap.paired == pytest.approx(np.abs(theirs - up).mean())
    assert found.gap.floor == pytest.approx(floor_of_means(theirs, 3))
    assert found.gap.paired_floor == pytest.approx(floor_of_gaps(theirs))
    assert found.gap.low <= found.gap.average <= found.gap.high
    assert found.relative == {"flops": 0.25, "seconds": 0.25}
    assert of(table, "retrain").gap is None


def test_gap_over_other_measures(retrains: list[Result]) -> None:
    found = one([*retrains, *row("ft", [[99.9, 5.0, 90.2, 0.0]] * 3)], over=("test_accuracy",))
    gap = of(found, "ft").gap
    assert gap is not None
    assert gap.average == pytest.approx(4)
    assert found.over == ("test_accuracy",)


def test_unlearning_seeds_are_averaged_first(retrains: list[Result]) -> None:
    again = [
        run("ft", [99, 5 + apart, 94, 11], train=train, unlearn=number)
        for train in range(3)
        for number, apart in ((1, -train), (2, train))
    ]
    found = of(one([*retrains, *again]), "ft")
    assert found.pairs == ((0, 0), (0, 1), (0, 2))
    assert list(found.values("unlearn_accuracy")) == [5, 5, 5]
    assert found.std("unlearn_accuracy") == 0


def test_pairs_are_of_split_and_training_seed() -> None:
    """Between splits Retrain moves by 10; a method that moves along has no gap, nor a larger
    floor."""
    groups = [(split, seed) for split in (0, 1) for seed in range(3)]
    noise = [0.0, 0.3, -0.3]
    fours = [[90.0, 10 * split + noise[seed], 80.0, 10.0] for split, seed in groups]
    theirs = [
        run("retrain", four, split=split, train=seed)
        for four, (split, seed) in zip(fours, groups, strict=True)
    ]
    mine = [replace(x, cell=replace(x.cell, label="ft"), address="ft" + x.address) for x in theirs]
    found = of(one([*theirs, *mine]), "ft")
    assert found.gap is not None
    assert found.gap.average == found.gap.paired == 0
    assert len(found.gap.pairs) == 6
    assert found.gap.floor < 0.1
    assert of(one([*theirs[:5], *mine]), "ft").gap is not None
    some = one([*theirs[:5], *mine])
    assert some.unpaired == (("ft", (1, 2)),)
    assert not some.complete


def test_retrains_of_other_splits_are_left_alone() -> None:
    theirs = [*row("retrain", RETRAINS), *shifted("retrain", RETRAINS, 50, split=1)]
    found = of(one([*theirs, *shifted("ft", RETRAINS, 1)]), "ft")
    assert found.gap is not None
    assert found.gap.average == pytest.approx(1)


def test_without_retrain_there_are_values_and_no_gaps() -> None:
    table = one(shifted("ft", RETRAINS, 1))
    assert of(table, "ft").gap is None
    assert of(table, "ft").mean("test_accuracy") == pytest.approx(95.2)
    assert table.retrain is None
    assert not table.complete
    retrain = Row("retrain", tuple(row("retrain", RETRAINS, split=3)))
    assert gap(of(table, "ft"), retrain) is None


def test_two_seeds_have_neither_spread_nor_interval_nor_mark(retrains: list[Result]) -> None:
    results = [*retrains, *shifted("ft", RETRAINS[:2], 1), *shifted("not", RETRAINS[:2], 9)]
    found = of(one(results), "ft")
    assert found.gap is not None
    assert found.gap.average == pytest.approx(1.0875, abs=0.1)
    unknown = (found.gap.low, found.gap.half, found.std("test_accuracy"))
    assert all(map(math.isnan, unknown))
    assert not any((found.best, found.tie, found.noise))


def marks(table: Table) -> dict[str, str]:
    names = ("best", "tie", "noise")
    return {x.label: "".join(n[0] for n in names if getattr(x, n)) for x in table.rows}


def test_the_smallest_gap_is_best_where_it_can_be_told(retrains: list[Result]) -> None:
    results = [*retrains, *shifted("original", RETRAINS, 0.5), *shifted("ft", RETRAINS, 3)]
    found = marks(one([*results, *shifted("coun", RETRAINS, 1)]))
    assert found == {"original": "", "retrain": "", "ft": "", "coun": "b"}


def test_gaps_that_cannot_be_told_apart_are_ties(retrains: list[Result]) -> None:
    uneven = [[value + by for value in four] for four, by in zip(RETRAINS, (1, 3, 2), strict=True)]
    found = marks(one([*retrains, *shifted("coun", RETRAINS, 1.5), *row("ft", uneven)]))
    assert found == {"retrain": "", "coun": "t", "ft": "t"}


def test_gaps_inside_the_noise_of_retrain_are_ties(retrains: list[Result]) -> None:
    results = [*retrains, *shifted("coun", RETRAINS, 0.01), *shifted("ft", RETRAINS, 0.2)]
    assert marks(one(results)) == {"retrain": "", "coun": "tn", "ft": "tn"}
    alone = one([*retrains, *shifted("coun", RETRAINS, 0.01), *shifted("ft", RETRAINS, 2)])
    assert marks(alone) == {"retrain": "", "coun": "bn", "ft": ""}


def test_one_method_alone_is_not_the_best(retrains: list[Result]) -> None:
    assert marks(one([*retrains, *shifted("ft", RETRAINS, 3)]))["ft"] == ""


def test_the_oracle_epoch_is_a_column_of_its_twin(retrains: list[Result]) -> None:
    last = shifted("ft", RETRAINS, 3)
    oracle = shifted("ft", RETRAINS, 1, select="oracle")
    oracle = [replace(x, cell=replace(x.cell, label="ft (oracle)")) for x in oracle]
    table = one([*retrains, *last, *oracle])
    assert [x.label for x in table.rows] == ["retrain", "ft"]
    found = of(table, "ft")
    assert found.gap is not None
    assert found.oracle_gap is not None
    assert found.gap.average == pytest.approx(3)
    assert found.oracle_gap.average == pytest.approx(1)
    alone = one([*retrains, *oracle])
    assert [x.label for x in alone.rows] == ["retrain", "ft (oracle)"]


def test_rows_stand_in_the_study_s_order_whatever_comes_first(retrains: list[Result]) -> None:
    two = RETRAINS[:2]  # of three seeds the bootstrap takes its time
    results = [*retrains, *shifted("original", two, 2), *shifted("ft", RETRAINS, 1)]
    results += [*shifted("coun", two, 1.2), *shifted("not", two, 0.3)]
    other = Block(data="digits", model="small", forget="class:8")
    results += shifted("ft", two, 1, block=other)
    order = ["not", "coun", "ft"]
    first = tables(results, order)
    random.Random(0).shuffle(results)
    assert [values(t, Look()) for t in tables(results, order)] == [values(t, Look()) for t in first]
    assert [x.label for x in first[0].rows] == ["original", "retrain", "not", "coun", "ft"]
    assert [table.block for table in first] == [BLOCK, other]
    assert [t.block for t in tables(results, order, blocks=[other, BLOCK])] == [other, BLOCK]


def test_rows_of_a_grid_are_apart(retrains: list[Result]) -> None:
    grid = [shifted("coun", RETRAINS, lam, settings={"lam": lam}) for lam in (0.1, 0.3)]
    table = one([*retrains, *grid[0], *grid[1]])
    assert [x.label for x in table.rows] == ["retrain", "coun (lam 0.1)", "coun (lam 0.3)"]


def test_a_measure_that_a_run_lacks_is_no_number(retrains: list[Result]) -> None:
    mine = shifted("ft", RETRAINS, 1)
    mine[0] = replace(mine[0], values={k: v for k, v in mine[0].values.items() if k != GAP[3]})
    found = of(one([*retrains, *mine]), "ft")
    assert math.isnan(found.mean(GAP[3]))
    assert found.gap is not None
    assert math.isnan(found.gap.average)
    assert found.mean(GAP[0]) == pytest.approx(100.9)


def test_lacks_make_a_block_known(retrains: list[Result]) -> None:
    (table,) = tables([], lacks=[Lack(retrains[0].cell, "diverged")])
    assert table.rows == ()
    assert table.lacks[0].reason == "diverged"
