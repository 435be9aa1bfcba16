"""Two rows, or two stores, paired by seed."""

from __future__ import annotations

import math

import pytest
from made import RETRAINS, row, run, shifted

from untrain.bench.numbers.comparison import again, compared
from untrain.bench.numbers.statistics import Row, Table, tables
from untrain.bench.tables.differences import stores, two


def made(by: float, seeds: int = 3) -> Table:
    uneven = [[value + by + seed for value in four] for seed, four in enumerate(RETRAINS)]
    (table,) = tables([*row("retrain", RETRAINS), *row("ft", uneven[:seeds])])
    return table


def of(table: Table, label: str = "ft") -> Row:
    found = table.row(label)
    assert found is not None
    return found


def test_differences_are_paired_by_seed() -> None:
    """Each seed moves a row by as much as the other one, so that their difference has no spread."""
    found = compared(of(made(3.0)), of(made(1.0)))
    assert found.pairs == ((0, 0), (0, 1), (0, 2))
    test, gap = found.of("test_accuracy"), found.of("gap")
    assert test is not None
    assert gap is not None
    assert (test.mean, test.half) == pytest.approx((2, 0))
    assert test.tells
    assert gap.mean == pytest.approx(2)
    same = compared(of(made(1.0)), of(made(1.0))).of("test_accuracy")
    assert same is not None
    assert not same.tells


def test_the_interval_is_student_s() -> None:
    first = row("ft", [[1.0] * 4, [2.0] * 4, [6.0] * 4])
    second = row("coun", [[0.0] * 4] * 3)
    found = compared(Row("ft", tuple(first)), Row("coun", tuple(second))).of("mia_efficacy")
    assert found is not None
    assert found.half == pytest.approx(4.302653 * math.sqrt(7 / 3), rel=1e-6)
    assert not found.tells


def test_only_shared_seeds_count() -> None:
    some = [run("coun", RETRAINS[0], train=seed) for seed in (1, 2, 7)]
    found = compared(Row("coun", tuple(some)), of(made(1.0)))
    assert found.pairs == ((0, 1), (0, 2))
    shown = two("a block", found)
    assert shown.title == "a block: coun less ft (n=2)"
    assert {line[-1] for line in shown.rows} == {"-"}
    assert "Fewer than 3 pairs of seeds" in shown.notes[-1]
    none = compared(Row("coun", tuple(some[2:])), of(made(1.0)))
    assert (none.pairs, none.differences) == ((), ())


def test_two_rows_as_a_table() -> None:
    shown = two("a block", compared(of(made(3.0)), of(made(1.0))))
    assert shown.head == ["measure", "ft", "ft", "difference [95 %]", "differs"]
    lines = {line[0]: line[1:] for line in shown.rows}
    assert lines["TA"] == ["98.20", "96.20", "+2.00 [+2.00, +2.00]", "yes"]
    assert lines["FLOPs"][2:] == ["+0", "not told"]
    assert lines["gap"][2] == "+2.00 [+2.00, +2.00]"


def test_two_stores_row_by_row() -> None:
    found = again(made(1.0), made(1.0, seeds=2))
    assert [one.first for one in found] == ["retrain", "ft"]
    shown = stores("a block", found, "here", "there")
    assert shown.title == "a block: here less there"
    assert shown.head[:3] == ["model", "RA", "UA"]
    assert [line[:2] for line in shown.rows] == [
        ["retrain (n=3)", "+0.00 [+0.00, +0.00]"],
        ["ft (n=2)", "+0.00"],
    ]


def test_rows_of_one_store_alone_are_left_out() -> None:
    (bare,) = tables(shifted("coun", RETRAINS, 1))
    assert again(made(1.0), bare) == []
