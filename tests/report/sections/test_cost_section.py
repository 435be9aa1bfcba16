"""Gap against cost: the line of what nothing beats, and what the sentence calls cheap."""

from __future__ import annotations

import numpy as np
import pytest
from by_hand import answered, figure, missing, retrains, row, rows_of, run, sheet, table

from untrain.report.charts.cost import Spent, front, labelled, uneven
from untrain.report.sections.cost import SECTION, spent


def cost(seconds: float) -> dict[str, float]:
    return {"seconds": seconds, "flops": seconds * 1e9, "samples": seconds * 10}


WHOLE = (
    row("original", 20, cost=cost(120)),
    retrains(cost=cost(100)),
    row("ft", 2, cost=cost(50)),
    row("not", 2.4, cost=cost(25)),
    row("ssd", 9, cost=cost(5)),
    row("ga", 10, cost=cost(60)),
)


def test_the_sentence_names_the_closest_the_cheapest_near_it_and_the_cheapest_of_all() -> None:
    assert answered(SECTION, table(*WHOLE)).sentence == (
        "FT, the nearest, takes 50 % of Retrain's FLOPs and 50 % of its seconds. The cheapest that "
        "comes within 0.5 points of it is NoT: 25 % of Retrain's FLOPs and 25 % of its seconds, "
        "gap 2.40. The cheapest of all, SSD (5 %), lies 9.00 points away."
    )


def test_the_line_is_what_a_slow_search_finds() -> None:
    draw = np.random.default_rng(0)
    points = [Spent(f"m{k}", *draw.random(2)) for k in range(40)]
    slow = {
        one.model
        for one in points
        if not any(o.cost <= one.cost and o.gap <= one.gap and o is not one for o in points)
    }
    assert {one.model for one in front(points)} == slow
    assert [one.cost for one in front(points)] == sorted(one.cost for one in front(points))


def test_costs_are_shares_and_single_runs_stand_behind() -> None:
    rows = [one for one in rows_of(answered(SECTION, table(*WHOLE))) if one["kind"] == "seconds"]
    whole = {one["model"]: one for one in rows if one["what"] == "row"}
    assert whole["Retrain"]["cost"] == 1.0
    assert whole["SSD"]["cost"] == pytest.approx(0.05)
    assert whole["SSD"]["front"]
    assert not whole["GA"]["front"]
    assert "Original" not in whole
    assert sum(one["model"] == "FT" and one["what"] == "run" for one in rows) == 3
    assert figure(answered(SECTION, table(*WHOLE))).controls[0].options == {
        "flops": "FLOPs",
        "seconds": "seconds",
        "samples": "images seen",
    }


def test_what_costs_nothing_is_named_and_not_drawn() -> None:
    free = row("mask", 5, cost={"seconds": 0.0, "flops": 0.0, "samples": 0.0})
    said = answered(SECTION, table(*WHOLE, free))
    assert "mask" not in {one["model"] for one in rows_of(said)}
    assert any(note.startswith("Not drawn: mask") for note in figure(said).table.notes)


def test_mixed_machines_are_told() -> None:
    place = {"device": "cuda", "commit": "0" * 40, "threads": 1}
    other = row("coun", 4, cost=cost(30), about={"environment": place})
    said = answered(SECTION, table(*WHOLE, other))
    assert said.sentence.endswith("Seconds do not compare here: the runs do not share a machine.")
    assert said.sentence.startswith("FT, the nearest, takes 50 % of Retrain's FLOPs. ")
    assert any("seconds do not compare" in note for note in figure(said).table.notes)
    assert list(figure(said).controls[0].options) == ["flops", "samples"]


def test_without_a_retrain_the_costs_are_listed() -> None:
    said = answered(SECTION, table(row("ft", 2, cost=cost(50))))
    assert said.sentence.startswith("Without a Retrain neither the gap nor")
    assert not missing(said)  # the first section tells how to train one
    assert "50.0" in sheet(said).rows[0][5].text


def test_one_seed_has_no_single_runs_beside_its_point() -> None:
    said = answered(SECTION, table(retrains(1, cost=cost(100)), row("ft", 2, 1, cost=cost(50))))
    assert {one["what"] for one in rows_of(said)} == {"row"}
    assert all(one["low"] is None for one in rows_of(said))


def test_no_cost_and_no_method() -> None:
    bare = run("retrain", [100.0, 5.0, 94.0, 11.0], cost={"steps": 1.0})
    method = run("ft", [99.0, 4.0, 93.0, 10.0], cost={"steps": 1.0})
    assert spent(table([bare], [method]), "flops") == []
    assert "No row has both" in answered(SECTION, table([bare], [method])).sentence
    assert "No method is finished" in answered(SECTION, table(retrains())).sentence


def test_names_are_of_those_on_the_line_first_and_leave_it_free() -> None:
    points = [Spent("retrain", 1.0, 0.0), Spent("near", 0.5, 3.0)]
    points += [Spent("cheap", 0.1, 0.2)]
    points += [Spent(f"one of a heap {k}", 0.5, 3.2) for k in range(12)]
    places = labelled(points, 700)
    assert places["retrain"]
    assert places["near"]
    assert None in places.values()
    assert all(place[1] < 0 for who in ("retrain", "cheap") if (place := places[who]))  # no axis


def test_a_row_far_away_bends_the_axis() -> None:
    near = [Spent(f"m{k}", 0.1 * k, 1.0 + k) for k in range(1, 5)]
    assert not uneven(near)
    assert uneven([*near, Spent("far", 0.5, 80.0)])


def test_what_trains_nothing_is_told_though_it_has_no_place_on_the_axis() -> None:
    half, none = ({"flops": 1e10 * share, "seconds": 10 * share} for share in (0.5, 0.0))
    rows = (row("coun", 2, 1, cost=half), row("ssd", -2, 1, cost=none))
    said = answered(SECTION, table(retrains(1), *rows)).sentence
    assert said.startswith("Of the 2 nearest SSD trained nothing. CoUn, the other nearest,")
