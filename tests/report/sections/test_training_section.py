"""Curves: means over seeds, turns of forget and retain, thinning, and who has none."""

from __future__ import annotations

import math
from typing import Any

import pytest
from by_hand import RETRAINS, answered, figure, retrains, row, rows_of, run, table

from untrain.report.charts.lines import room
from untrain.report.sections.curves import MOST, lines
from untrain.report.sections.training import SECTION


def curve(losses: list[float], seconds: float = 2.0, **more: Any) -> dict[str, Any]:
    rows = [
        {"epoch": k, "loss": loss, "lr": 0.1, "seconds": seconds, **more}
        for k, loss in enumerate(losses, 1)
    ]
    return {"curve": rows}


def trained(label: str, by_seed: list[list[float]], **more: Any) -> list[Any]:
    return [
        run(label, RETRAINS[seed], seed, about=curve(losses, **more))
        for seed, losses in enumerate(by_seed)
    ]


FT = trained("ft", [[2.0, 1.0], [3.0, 1.5], [4.0, 0.5]])


def test_the_mean_and_spread_over_seeds_and_seconds_until_then() -> None:
    loss = next(one for one in lines(table(retrains(), FT)) if one.measure == "loss")
    assert [point.value for point in loss.points] == [3.0, 1.0]
    assert [point.spread for point in loss.points] == [pytest.approx(1.0), pytest.approx(0.5)]
    assert [point.seconds for point in loss.points] == [2.0, 4.0]


def test_the_sentence_tells_epochs_seconds_and_the_course_of_the_loss() -> None:
    said = answered(SECTION, table(trained("retrain", [[1.0] * 4] * 3), FT, row("ssd", 9)))
    assert said.sentence == (
        "FT took 2 epochs and 10 s; its loss fell from 3 to 1 (mean of 3 seeds). Retrain took 4 "
        "epochs and 10 s. SSD has logged no passes."
    )


def test_methods_that_take_turns_have_a_line_for_each() -> None:
    rows = [
        {"epoch": 1, "loss": 8.0, "role": "forget", "seconds": 1.0},
        {"epoch": 1, "loss": 0.5, "role": "retain", "seconds": 3.0},
        {"epoch": 2, "loss": 9.0, "role": "forget", "seconds": 1.0},
        {"epoch": 2, "loss": 0.2, "role": "retain", "seconds": 3.0},
    ]
    of = table([run("salun", RETRAINS[0], about={"curve": rows})])
    found = {one.part: one for one in lines(of)}
    assert [point.seconds for point in found["retain"].points] == [4.0, 8.0]
    assert [point.value for point in found["forget"].points] == [8.0, 9.0]
    assert "its loss on forget rose from 8 to 9" in answered(SECTION, of).sentence
    assert {one["series"] for one in rows_of(answered(SECTION, of))} == {
        "SalUn: forget",
        "SalUn: retain",
    }


def test_values_that_are_not_finite_are_left_out() -> None:
    found = lines(table(trained("ft", [[2.0, math.nan, 1.0]])))
    assert [[p.epoch for p in one.points] for one in found if one.measure == "loss"] == [[1.0, 3.0]]


def test_long_curves_are_thinned_with_their_ends() -> None:
    of = table(*(trained(f"m{k}", [[float(x) for x in range(200)]]) for k in range(4)))
    found = [one for one in lines(of) if one.measure == "loss"]
    assert sum(len(one.points) for one in found) <= MOST
    assert {(one.points[0].epoch, one.points[-1].epoch) for one in found} == {(1.0, 200.0)}
    assert any("thinned" in note for note in figure(answered(SECTION, of)).table.notes)


def test_one_run_has_no_band() -> None:
    said = answered(SECTION, table(trained("ft", [[2.0, 1.0]])))
    assert "in a single run" in said.sentence
    assert all(one["low"] == one["value"] == one["high"] for one in rows_of(said))
    assert "Fewer than 3 seeds: no spread." in figure(said).table.notes


def test_runs_of_different_length_are_averaged_as_far_as_all_go() -> None:
    found = lines(table(trained("ft", [[2.0, 1.0, 0.5], [4.0, 3.0]])))
    loss = next(one for one in found if one.measure == "loss")
    assert [point.value for point in loss.points] == [3.0, 2.0]


def test_nobody_has_a_curve() -> None:
    said = answered(SECTION, table(retrains(), row("ssd", 9)))
    assert not said.parts
    assert "none of these runs has logged a pass" in said.sentence


def test_names_that_would_cover_others_are_left_out() -> None:
    ends = [(1.0, 1.0, "first"), (1.0, 1.01, "second"), (1.0, 0.2, "third")]
    assert room(ends, (0.0, 2.0)) == [True, False, True]
