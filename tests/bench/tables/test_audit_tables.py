"""Tables of what audits have found, from made-up runs whose every number is known."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from made import BLOCK, run

from untrain.bench.audits.packing import packed
from untrain.bench.job import Block, Result
from untrain.bench.tables.grid import Grid, number, over_seeds
from untrain.bench.tables.measured import WHAT, grids
from untrain.errors import UserError

FOUR = (99.0, 5.0, 94.0, 10.0)
CLASS = Block(data="cifar10", model="resnet18", forget="class:truck")


def audited(label: str, audits: Mapping[str, Any], seed: int = 0, **more: Any) -> Result:
    return replace(run(label, FOUR, train=seed, **more), audits=audits)


def going(forget: Mapping[str, Mapping[str, int]], gone: Sequence[int] = ()) -> dict[str, Any]:
    """An audit of destinations; unseen images are all predicted as class 0."""
    unseen = {label: {"0": 10} for label in forget}
    classes = ["plane", "car", "bird", "truck"]
    found = {"classes": classes, "gone": list(gone), "forget": forget, "unseen": unseen}
    return {"destination": found}


def cells(grid: Grid) -> dict[str, list[str]]:
    return {row[0]: row[1:] for row in grid.rows}


TRUCK = [
    audited("retrain", going({"3": {"1": 6, "0": 4}}, [3]), 0, block=CLASS),
    audited("retrain", going({"3": {"1": 8, "0": 2}}, [3]), 1, block=CLASS),
    audited("coun", going({"3": {"1": 7, "2": 3}}, [3]), 0, block=CLASS),
    audited("original", going({"3": {"3": 10}}, [3]), 0, block=CLASS),
]


@pytest.mark.parametrize("results", [TRUCK, TRUCK[::-1]])
def test_destinations_of_a_class_that_is_gone(results: list[Result]) -> None:
    (grid,) = grids("destination", results)
    assert grid.title == f"{CLASS}: where forgotten truck images go, %"
    assert grid.head == ["model", "truck", "car", "plane", "bird", "TV", "TV unseen"]
    assert list(cells(grid)) == ["original (n=1)", "retrain (n=2)", "coun (n=1)"]
    assert cells(grid) == {
        "original (n=1)": ["100.00", "0.00", "0.00", "0.00", "1.000", "1.000"],
        "retrain (n=2)": ["0.00", "70.00", "30.00", "0.00", "0.200", "0.700"],
        # to the Retrains: (0.1 + 0.4 + 0.3) / 2 and (0.1 + 0.2 + 0.3) / 2
        "coun (n=1)": ["0.00", "70.00", "0.00", "30.00", "0.350", "1.000"],
    }


def test_spread_from_three_seeds_on_and_splits_apart() -> None:
    results = [
        audited("retrain", going({"3": {"1": n, "0": 10 - n}}, [3]), seed, block=CLASS)
        for seed, n in enumerate((6, 7, 8))
    ]
    other = audited("ft", going({"3": {"0": 10}}, [3]), 0, block=CLASS, split=1)
    grid = grids("destination", [*results, other])[0]
    assert cells(grid)["retrain (n=3)"][1] == "70.00±10.00"
    assert cells(grid)["ft (n=1)"][-2] == "-"  # no Retrain of its split


def test_destinations_of_a_random_request() -> None:
    forget = {str(k): {str(k): 8, "0": 2} if k else {"0": 10} for k in range(4)}
    moved = forget | {"3": {"3": 4, "1": 6}}
    results = [audited("retrain", going(forget)), audited("coun", going(moved))]
    (grid,) = grids("destination", results)
    assert grid.head == ["model", "plane", "car", "bird", "truck", "TV", "TV unseen"]
    assert cells(grid)["coun (n=1)"][:4] == ["100.00", "80.00", "80.00", "40.00"]
    assert cells(grid)["coun (n=1)"][4] == "0.150"  # 0.6 of one class in four
    assert cells(grid)["retrain (n=1)"][4] == "-"
    named, _ = grids("destination", results, classes=["truck"])
    assert cells(named)["retrain (n=1)"][:2] == ["80.00", "20.00"]
    with pytest.raises(UserError, match="Did you mean 'truck'"):
        grids("destination", results, classes=["trucks"])


def test_a_class_that_is_gone_in_one_request_is_shown_of_the_others_too() -> None:
    random = going({str(k): {str(k): 9, "0": 1} for k in range(4)})
    found = grids("destination", [*TRUCK, audited("retrain", random)])
    assert [grid.title.rpartition(": ")[2] for grid in found] == [
        "where forgotten truck images go, %",
        "where forgotten truck images go, %",
        "forgotten images predicted as their own class, %",
    ]
    assert cells(found[1])["retrain (n=1)"][:2] == ["90.00", "10.00"]


def test_a_retrain_without_the_class_leaves_the_order_to_others() -> None:
    results = [*TRUCK[2:], audited("retrain", going({"0": {"1": 1}}), block=CLASS)]
    grid = grids("destination", results, classes=["truck"])[0]
    assert cells(grid)["retrain (n=1)"] == ["-"] * (len(grid.head) - 1)
    assert grid.head[1] == "truck"  # where all of the Original's go


def test_printed_rows_stand_below_ours() -> None:
    names = {"classes": ["airplane", "automobile", "ship", "truck"]}
    results = [
        replace(one, audits={"destination": one.audits["destination"] | names}) for one in TRUCK
    ]
    (grid,) = grids("destination", results, paper="coun")
    assert [row[0] for row in grid.rows] == [
        "original (n=1)",
        *("retrain (n=2)", "  printed"),
        *("coun (n=1)", "  printed"),
    ]
    assert grid.head[1:5] == ["truck", "automobile", "airplane", "ship"]
    assert grid.rows[2][1:] == ["-", "69.32", "13.47", "12.60", "-", "-"]
    assert "tables 1, 5 and 6 of the paper" in grid.notes[1]
    assert len(grids("destination", results, paper="cu")[0].rows) == 3
    (plain,) = grids("destination", TRUCK)
    assert len(plain.rows) == 3


def lying(row: Sequence[float], own: float | None = None, label: str = "3") -> dict[str, Any]:
    found = {
        "classes": ["plane", "car", "bird", "truck"],
        "retained": [0, 1, 2] if label == "3" else [0, 1, 2, 3],
        "radius": [1.0, 2.0, 4.0, 1.0][: len(row)],
        "forget": {label: list(row)},
        "own_class": {"value": own, "error": None},
    }
    return {"centroids": found}


def test_centroids_are_divided_by_the_largest() -> None:
    results = [
        audited("retrain", lying([4.0, 2.0, 8.0]), block=CLASS),
        audited("retrain", lying([4.0, 4.0, 8.0]), 1, block=CLASS),
        audited("coun", lying([1.0, 1.0, 2.0]), block=CLASS),
    ]
    (grid,) = grids("centroids", results)
    assert grid.head == ["model", "car", "plane", "bird", "L1"]
    assert cells(grid) == {
        "retrain (n=2)": ["0.375", "0.500", "1.000", "0.250"],
        "coun (n=1)": ["0.500", "0.500", "1.000", "0.125"],
    }


def test_centroids_of_a_retained_class_tell_memorisation() -> None:
    results = [
        audited("retrain", lying([4.0, 2.0, 8.0, 1.0], 0.01, "1")),
        audited("ft", lying([4.0, 2.0, 8.0, 1.0], -0.2, "1")),
    ]
    _, own = grids("centroids", results)
    assert cells(own) == {"retrain (n=1)": ["0.0100", "-"], "ft (n=1)": ["-0.2000", "0.000"]}


@pytest.mark.parametrize(
    ("kind", "cell"), [("none", "2.000"), ("within", "1.000"), ("row_sum", "0.143")]
)
def test_kinds_of_distances(kind: str, cell: str) -> None:
    from untrain.bench.numbers.statistics import tables
    from untrain.bench.tables.distances import distances

    (table,) = tables([audited("retrain", lying([4.0, 2.0, 8.0]), block=CLASS)])
    grid = distances(table, kind=kind)[0]
    assert grid.rows[0][1 + grid.head[1:].index("car")] == cell
    with pytest.raises(ValueError, match="kind is one of"):
        distances(table, kind="square")


def proof(retain: Sequence[float], forget: Sequence[float], **theorem: Any) -> dict[str, Any]:
    """Curves with intervals of a tenth to each side."""
    curves = {
        name: {
            "n": 100,
            "share": list(share),
            "low": [one - 0.1 for one in share],
            "high": [one + 0.1 for one in share],
        }
        for name, share in (("retain", retain), ("forget", forget))
    }
    known = {"sigma": 0.5, "rho_max": 2.0, "bound": 1.5, "error": 0.1, "pairs": 0.25}
    found = {"eps": [0.1, 0.5], "curves": {"crop": curves}, "sigma": {}}
    return {"lemma": found | {"theorem": known | {"vacuous": True} | theorem}}


def test_lemma_and_theorem() -> None:
    results = [
        audited("coun", proof([0.5, 0.1], [0.8, 0.2], bound=0.5, vacuous=False)),
        audited("coun", proof([0.5, 0.4], [0.5, 0.1]), 1),
    ]
    lemma, theorem = grids("lemma", results)
    shown = ["50.0 / 65.0", "-", "25.0 / 15.0", "-"]
    assert lemma.rows == [["coun (n=2)", *shown, "3 of 4", "1 of 4", "1 of 4"]]
    assert theorem.rows == [["coun (n=2)", "0.50", "2.00", "25", "1.00", "0.1000", "1 of 2"]]


def test_lemma_of_one_class_alone() -> None:
    one = proof([0.5, 0.1], [0.8, 0.2])
    one["lemma"]["theorem"] = None
    _, theorem = grids("lemma", [audited("ft", one)])
    assert theorem.rows == [["ft (n=1)", *["-"] * 6]]


def test_agreement_needs_no_weights() -> None:
    def of(*labels: int) -> dict[str, Any]:
        text = packed(np.array(labels), 10)
        return {"predictions": {"images": len(labels), "predicted": text}}

    results = [
        audited("retrain", of(1, 2, 3, 4)),
        audited("retrain", of(1, 2, 3, 5), 1),
        audited("coun", of(1, 2, 0, 5)),
        audited("ft", of(1, 2, 0)),
    ]
    (grid,) = grids("agreement", results)
    assert cells(grid) == {
        "retrain (n=2)": ["75.00"],
        "coun (n=1)": ["62.50"],
        "ft (n=1)": ["-"],  # it has forgotten other images
    }


@pytest.mark.parametrize("what", ["destination", "centroids", "lemma", "agreement"])
def test_an_audit_that_nobody_made_is_told(what: str) -> None:
    for audits in ({}, {"destination": {}, "centroids": {}, "lemma": {}, "predictions": {}}):
        with pytest.raises(UserError, match="No finished run has the audit") as raised:
            grids(what, [audited("retrain", audits)])
        assert raised.value.code == 3


def test_unknown_tables_and_ragged_grids_are_refused() -> None:
    with pytest.raises(UserError, match="Did you mean 'destination'"):
        grids("destinations", [])
    with pytest.raises(ValueError, match="another length"):
        Grid("", ["a"], [["b", "c"]])
    assert len(WHAT) == len(set(WHAT))


def test_a_run_of_another_block_stands_apart() -> None:
    results = [*TRUCK, audited("retrain", going({"0": {"1": 1}, "1": {"1": 1}}), block=BLOCK)]
    assert {grid.title.partition(":")[0] for grid in grids("destination", results)} == {
        "cifar10 / resnet18 / class",
        "cifar10 / resnet18 / random",
    }


def test_cells() -> None:
    assert over_seeds([1.0, math.nan, 2.0]) == "1.50"
    assert over_seeds([1.0, 2.0, 3.0], 1) == "2.0±1.0"
    assert over_seeds([]) == over_seeds([math.nan]) == number(None) == number(math.inf) == "-"
    assert number(0.5, 3, "x") == "0.500x"
