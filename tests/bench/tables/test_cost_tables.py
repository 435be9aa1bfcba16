"""Tables of costs, sequences, ablations and the frontier, from made-up runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from made import RETRAINS, row, run, shifted

from untrain.bench.job import Block, Result
from untrain.bench.numbers.statistics import tables
from untrain.bench.tables.ablations import families
from untrain.bench.tables.frontier import budget
from untrain.bench.tables.grid import Grid
from untrain.bench.tables.measured import grids
from untrain.bench.tables.sequences import chains
from untrain.errors import UserError

FIRST, SECOND = "random:0.1", "random:0.2"


def cells(grid: Grid) -> dict[str, list[str]]:
    return {line[0]: line[1:] for line in grid.rows}


def column(grid: Grid, name: str) -> dict[str, str]:
    place = grid.head.index(name)
    return {line[0]: line[place] for line in grid.rows}


def test_costs_stand_beside_gaps() -> None:
    results = [
        *row("retrain", RETRAINS, seconds=100.0),
        *shifted("coun", RETRAINS, 0.5, seconds=25.0),
        run("ft", RETRAINS[0], seconds=10.0, more={"samples": 640.0}),
    ]
    (grid,) = grids("cost", results, order=["ft", "coun"])
    assert list(cells(grid)) == ["retrain (n=3)", "ft (n=1)", "coun (n=3)"]
    assert "GFLOPs" in grid.head
    assert cells(grid)["coun (n=3)"][2:6] == ["25.000±0.000", "0.250x", "25.0±0.0", "0.250x"]
    assert column(grid, "gap")["coun (n=3)"].startswith("0.50 [")
    assert column(grid, "gap")["retrain (n=3)"] == "-"
    assert column(grid, "images")["ft (n=1)"] == "640"
    assert column(grid, "images")["coun (n=3)"] == "-"
    assert float(column(grid, "floor")["coun (n=3)"]) > 0


def test_costs_without_a_retrain_are_absolute() -> None:
    (grid,) = grids("cost", [run("ft", RETRAINS[0])])
    assert column(grid, "gap") == {"ft (n=1)": "-"}
    assert column(grid, "seconds") == {"ft (n=1)": "10.0"}
    assert cells(grid)["ft (n=1)"][3] == "-"
    with pytest.raises(UserError, match="no finished runs"):
        grids("cost", [])


def stage(rules: tuple[str, ...], results: Sequence[Result]) -> list[Result]:
    """The same runs after these requests."""
    block = Block(data="digits", model="small", forget=" + ".join(rules))
    return [
        replace(
            one,
            address=f"{one.address}-{block}",
            cell=replace(one.cell, block=block, rules=rules),
        )
        for one in results
    ]


def sequence() -> list[Result]:
    whole: list[Result] = []
    for k, rules in enumerate([(FIRST,), (FIRST, SECOND)], 1):
        made = [
            run("original", (100.0, 0.0, 94.0, 1.0)),
            run("retrain", (100.0, 5.0, 94.0, 11.0), seconds=100.0),
            run("coun", (100.0 - k, 5.0, 94.0, 11.0), seconds=10.0 * k),
        ]
        whole += stage(rules, made)
    return whole


def test_a_sequence_adds_up() -> None:
    gap, _, ua, _, _, flops, seconds = grids("sequence", sequence())
    assert gap.head == ["model", "request 1", "request 2"]
    assert cells(gap)["coun"] == ["0.25", "0.50"]
    assert cells(gap)["retrain"] == ["-", "-"]
    assert cells(ua)["original"] == ["0.00", "0.00"]
    assert cells(seconds)["coun"] == ["10.0 (0.100x)", "30.0 (0.150x)"]
    assert cells(seconds)["retrain"] == ["100.0 (1.000x)", "200.0 (1.000x)"]
    assert cells(seconds)["original"] == ["-", "-"]
    assert flops.title.endswith("GFLOPs of all requests until then")
    assert cells(flops)["coun"] == ["10.000 (0.100x)", "30.000 (0.150x)"]


def test_a_sequence_with_a_stage_missing_of_one_row() -> None:
    results = [
        one for one in sequence() if not (one.cell.label == "coun" and one.cell.rules == (FIRST,))
    ]
    gap, *_, seconds = grids("sequence", results)
    assert cells(gap)["coun"] == ["-", "0.50"]
    assert cells(seconds)["coun"] == ["-", "-"]  # what came before is not known


def test_single_requests_are_no_sequence() -> None:
    single = [*stage((FIRST,), RUNS), *stage((SECOND,), RUNS)]
    assert not chains(tables(single))
    assert len(chains(tables([*single, *sequence()]))) == 1
    other = stage((FIRST, SECOND), RUNS)  # its first request is not among the blocks
    assert not chains(tables(other))
    with pytest.raises(UserError, match="No request of this study follows"):
        grids("sequence", single)


TWO = RETRAINS[:2]
RUNS = [run("retrain", RETRAINS[0]), run("ft", RETRAINS[0])]


def grid_of(label: str, **points: tuple[float, float]) -> list[Result]:
    """Runs of two seeds by learning rate: how far from Retrain, and seconds."""
    return [
        one
        for value, (by, seconds) in points.items()
        for one in shifted(label, TWO, by, seconds=seconds, settings={"lr": float(value[1:])})
    ]


POINTS: dict[str, Any] = {"_0.1": (0.3, 40.0), "_0.05": (0.1, 80.0), "_0.2": (0.9, 20.0)}


def test_an_ablation_is_in_the_order_of_its_values() -> None:
    results = [*row("retrain", TWO, seconds=100.0), *grid_of("coun", **POINTS)]
    (grid,) = grids("ablation", results)
    assert grid.head[:2] == ["model", "lr"]
    assert [line[1] for line in grid.rows] == ["-", "0.05", "0.1", "0.2"]
    assert [line[0] for line in grid.rows] == ["retrain (n=2)", *["coun (n=2)"] * 3]
    assert [line[-1] for line in grid.rows] == ["1.000x", "0.800x", "0.400x", "0.200x"]
    with pytest.raises(UserError, match="several settings"):
        grids("ablation", [run("ft", RETRAINS[0])])


def test_the_frontier_has_each_best_point_and_that_at_equal_compute() -> None:
    results = [
        *row("retrain", TWO, seconds=100.0),
        *grid_of("coun", **POINTS),
        *grid_of("ft", **{"_0.1": (0.5, 30.0), "_0.2": (0.7, 40.0)}),
    ]
    points, best, reach = grids("frontier", results)
    assert column(points, "FLOPs") == {
        "coun (lr 0.2) (n=2)": "0.200x",
        "coun (lr 0.1) (n=2)": "0.400x",
        "coun (lr 0.05) (n=2)": "0.800x",
        "ft (lr 0.1) (n=2)": "0.300x",
        "ft (lr 0.2) (n=2)": "0.400x",
    }
    assert column(best, "best") == {"coun": "lr 0.05", "ft": "lr 0.1"}
    assert column(best, "best under 0.400x") == {"coun": "lr 0.1", "ft": "lr 0.1"}
    assert "oracle" in best.notes[0]
    # the Retrains' floor is 0.34, and coun at 0.1 has a gap of 0.3
    assert column(reach, "reached by") == {"coun": "lr 0.1", "ft": "-"}
    assert column(reach, "floor") == {"coun": "0.34", "ft": "-"}
    assert column(reach, "seconds") == {"coun": "40.0", "ft": "-"}
    (table,) = tables(results)
    assert budget(families(table)) == pytest.approx(0.4)
    alone = [one for one in results if one.cell.train_seed == 0]
    assert len(grids("frontier", alone)) == 2  # one Retrain has no floor to reach
    with pytest.raises(UserError, match="Retrain"):
        grids("frontier", grid_of("coun", **POINTS))
