"""Requests in a row: drawn once, with the gap, and the cost of all of them until then."""

from __future__ import annotations

import pytest
from by_hand import answered, asked, figure, missing, retrains, row, rows_of, table

from untrain.bench.job import Block
from untrain.bench.numbers.statistics import Table
from untrain.report.sections.requests import SECTION


def stage(number: int, ft: float, coun: float, retrain: bool = True, seeds: int = 3) -> Table:
    rules = tuple(f"random:0.{k}" for k in range(1, number + 1))
    block = Block(data="cifar10", model="resnet18", forget=f"x{number}")
    place = {"rules": rules, "block": block, "seeds": seeds}
    made = [row("ft", ft, cost={"seconds": 5.0 * number, "flops": 5e9 * number}, **place)]
    made += [row("coun", coun, cost={"seconds": 2.0, "flops": 2e9}, **place)]
    made += [retrains(cost={"seconds": 20.0, "flops": 2e10}, **place)] if retrain else []
    return table(*made)


def test_the_sentence_at_the_last_request() -> None:
    first, last = stage(1, 1, 2), stage(2, 6, 4)
    gap = last.row("coun").gap  # type: ignore[union-attr]
    assert gap is not None
    assert answered(SECTION, last, first).sentence == (
        f"After 2 requests in a row CoUn is closest: 4.00 points [{gap.low:.2f}, {gap.high:.2f}], "
        "2.00 after the first; it has taken 10 % of the FLOPs of training anew each time. "
        "The gap of 2 of 2 methods is larger than after the first."
    )


def test_costs_add_up_over_requests() -> None:
    first, last = stage(1, 1, 2), stage(2, 6, 4)
    rows = rows_of(answered(SECTION, last, first))
    spent = {(r["model"], r["request"]): r["value"] for r in rows if r["measure"] == "seconds"}
    assert spent["FT", 1] == pytest.approx(5 / 20)
    assert spent["FT", 2] == pytest.approx((5 + 10) / 40)
    assert spent["Retrain", 2] == 1.0
    lines = {
        (line[0], line[1]): line[2:] for line in figure(answered(SECTION, last, first)).table.rows
    }
    assert lines["FT", "seconds, share of Retrain's"] == ["0.250", "0.375"]


def test_it_is_drawn_once_and_not_for_single_requests() -> None:
    first, last = stage(1, 1, 2), stage(2, 6, 4)
    assert asked(SECTION, first) is None
    report_of_both = asked(SECTION, first, last)
    assert report_of_both is None


def test_one_seed_has_no_band() -> None:
    said = answered(SECTION, stage(2, 6, 4, seeds=1), stage(1, 1, 2, seeds=1))
    assert said.sentence.endswith("Fewer than 3 seeds: no spread is known.")
    assert {one["spread"] for one in rows_of(said)} == {"not known"}
    assert "has the smallest gap" in said.sentence


def test_without_a_retrain_accuracies_are_drawn() -> None:
    said = answered(SECTION, stage(2, 6, 4, retrain=False), stage(1, 1, 2, retrain=False))
    assert "not known, as there is no Retrain" in said.sentence
    assert missing(said)
    assert "gap" not in {one["measure"] for one in rows_of(said)}
