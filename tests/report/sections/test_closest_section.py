"""Who is closest: the sentence, the marks and the sides, from gaps that are known by hand."""

from __future__ import annotations

import math

import pytest
from by_hand import answered, figure, missing, retrains, row, rows_of, run, sheet, table

from untrain.bench.job import Cell
from untrain.bench.numbers.statistics import Lack, Table
from untrain.report.content import Mark
from untrain.report.data import Report
from untrain.report.sections.closest import SECTION

CLEAR = (row("original", 20), retrains(), row("ft", -3), row("coun", 2), row("not", 8))


def cells(of: Table, label: str) -> dict[str, Mark]:
    found = sheet(answered(SECTION, of))
    line = next(one for one in found.rows if one[0].text.startswith(label))
    return dict(zip(found.head, line, strict=True))


def test_the_closest_is_named_with_its_gap_floor_and_what_comes_next() -> None:
    of = table(*CLEAR)
    gap = of.row("coun").gap  # type: ignore[union-attr]
    assert gap is not None
    assert gap.average == pytest.approx(2.0)
    assert answered(SECTION, of).sentence == (
        f"CoUn is closest to Retrain: 2.00 points [{gap.low:.2f}, {gap.high:.2f}] away. Next "
        "comes FT with 3.00. The gap is the average over RA, UA, TA and MIA; two groups of "
        f"Retrains differ by {gap.floor:.2f} (the floor). The Original, which forgets nothing, "
        "lies 20.00 away."
    )


def test_a_cell_tells_mean_spread_side_and_distance() -> None:
    mark = cells(table(*CLEAR), "FT")["UA"]
    assert mark.text.startswith("2.00±")
    assert mark.text.endswith("(-3.00)")
    assert mark.hint == "3.00 below Retrain; 3 seeds."
    assert mark.shade == pytest.approx(3 / 8, abs=1e-3)
    assert cells(table(*CLEAR), "NoT")["UA"].shade == 1.0
    assert cells(table(*CLEAR), "Original")["UA"].shade == 1.0
    assert cells(table(*CLEAR), "Retrain")["UA"].shade is None


def test_small_distances_are_pale_even_where_there_are_no_others() -> None:
    of = table(row("original", 20), retrains(), row("ft", 0.5))
    assert cells(of, "FT")["UA"].shade == pytest.approx(0.5 / 5)
    assert cells(of, "FT")["gap"].shade == pytest.approx(0.5 / 5)
    assert cells(of, "Original")["UA"].shade == 1.0


def test_best_is_bold_and_the_second_only_where_seeds_tell_it_apart() -> None:
    of = table(*CLEAR)
    styles = {label: cells(of, label)["gap"].style for label in ("CoUn", "FT", "NoT")}
    assert styles == {"CoUn": "best", "FT": "second", "NoT": ""}
    close = table(retrains(), row("coun", 2), row("ft", -5), row("not", 5.01))
    assert [cells(close, one)["gap"].style for one in ("CoUn", "FT", "NoT")] == ["best", "", ""]


def test_nothing_is_ranked_inside_the_noise() -> None:
    of = table(retrains(), row("ft", 2.0), row("coun", -2.05), row("not", 9))
    assert "has the smallest gap" in answered(SECTION, of).sentence
    assert "3 seeds cannot tell it from CoUn" in answered(SECTION, of).sentence
    assert {cells(of, one)["gap"].style for one in ("FT", "CoUn", "NoT")} == {""}
    assert cells(of, "FT")["gap"].text.endswith("†")
    assert any(note.startswith("†") for note in sheet(answered(SECTION, of)).notes)


def test_as_near_as_another_retrain() -> None:
    of = table(retrains(), row("ft", 0.0), row("not", 9))
    assert "FT is as near as another Retrain would be." in answered(SECTION, of).sentence


def test_one_seed_has_no_spread_and_no_mark() -> None:
    of = table(row("original", 20, 1), retrains(1), row("ft", 2, 1), row("not", 8, 1))
    said = answered(SECTION, of)
    assert said.sentence == (
        "FT has the smallest gap to Retrain, 2.00 points (one seed). The gap is "
        "the average over RA, UA, TA and MIA. The Original, which forgets nothing, lies 20.00 away."
    )
    found = sheet(said)
    assert "±" not in "".join(mark.text for line in found.rows for mark in line)
    assert any("Fewer than 3 seeds" in note for note in found.notes)
    assert {mark.style for line in found.rows for mark in line} <= {"", "muted"}
    assert all(one["low"] is None and one["floor"] is None for one in rows_of(said))


def test_equal_gaps_of_one_seed_are_named_together() -> None:
    said = answered(SECTION, table(retrains(1), row("ft", 2, 1), row("not", -2, 1)))
    assert said.sentence.startswith("FT and NoT have the same gap to Retrain, 2.00 points (")


def test_rows_of_one_remark_share_a_sentence_with_their_numbers() -> None:
    split = {"split": {"forget": {"images": 500}}}
    rows = [
        [
            run(label, (99.9, ua, ta, 11.0), seed, about=split | {"notes": ["Lower --alpha."]})
            for seed in range(3)
        ]
        for label, ua, ta in (("ssd", 0.0, 94.0), ("ft", 1.0, 94.0), ("coun", 2.0, 88.0),
                              ("ga", 60.0, 70.0), ("scrub", 50.0, 94.0))
    ]  # fmt: skip
    original = [run("original", (100, 0, 94, 1), seed, about=split) for seed in range(3)]
    goal = [run("retrain", (99.9, 20.0, 94.0, 11.0), seed, about=split) for seed in range(3)]
    notes = sheet(answered(SECTION, table(original, goal, *rows))).notes
    assert (
        "SSD did nothing: it knows the forgotten images as the Original did. Lower --alpha."
    ) in notes
    assert "Forgotten less than by Retrain (UA 20.0): CoUn (2.0)." in notes
    assert (
        "Forgotten more than by Retrain (UA 20.0), which is no merit: GA (60.0) and SCRUB (50.0)."
        in notes
    )
    assert any(note.startswith("Destroyed, by points") and "GA (24.0)" in note for note in notes)
    assert any(note.startswith("Harmed, by points") and "CoUn (6.0)" in note for note in notes)


def test_without_a_retrain_values_stand_alone_and_the_command_is_told() -> None:
    said = answered(SECTION, table(row("original", 20), row("ft", 2), row("not", 8)))
    assert "the 2 methods are from it cannot be computed" in said.sentence
    assert missing(said)[0].command == "untrain bench run it --only retrain"
    assert "gap" not in sheet(said).head
    assert "(" not in "".join(mark.text for line in sheet(said).rows for mark in line[1:])
    assert {"FLOPs", "seconds"} <= set(sheet(said).head)
    assert sheet(said).rows[0][-1].text == "10 s"


def test_of_loose_runs_the_command_trains_it() -> None:
    report = Report(title="Loose", tables=(table(row("ft", 2)),))
    (lacks,) = missing(SECTION.answer(report, report.tables[0]))  # type: ignore[arg-type]
    assert lacks.command == "untrain train --data cifar10 --forget random:0.1"


def test_a_seed_without_a_retrain_is_named_with_the_command() -> None:
    (lacks,) = missing(answered(SECTION, table(retrains(2), row("ft", 2))))
    assert lacks.what == "Retrain for seed 2"
    assert lacks.command == "untrain bench run it --only retrain"
    assert not missing(answered(SECTION, table(retrains(), row("ft", 2))))


def test_without_an_original() -> None:
    said = answered(SECTION, table(retrains(), row("ft", 2)))
    assert said.sentence.startswith("FT lies 2.00 points")
    assert sheet(said).first == 1


def test_only_original_and_retrain() -> None:
    said = answered(SECTION, table(row("original", 20), retrains()))
    assert said.sentence == "Nothing to rank: only Original and Retrain are finished here."


def test_nothing_finished() -> None:
    cell: Cell = run("ft", [0.0] * 4).cell
    said = answered(SECTION, table([], lacks=[Lack(cell, "diverged")]))
    assert said.sentence == "Nothing to rank: no run is finished here."
    assert missing(said)


def test_rows_without_a_measure_are_named_and_the_others_drawn() -> None:
    part = [run("not", [99.0], 0, measures=["retain_accuracy"])]
    said = answered(SECTION, table(retrains(), row("ft", 2), part))
    assert said.sentence.endswith("Without a gap, as something was not measured: NoT.")
    assert [one["model"] for one in rows_of(said)] == ["FT"]
    assert cells(table(retrains(), row("ft", 2), part), "NoT")["UA"].text == "-"


def test_rows_open_to_their_runs_beside_the_retrain_of_their_seed() -> None:
    found = sheet(answered(SECTION, table(*CLEAR)))
    lines = found.opened[3]
    assert [line[0].text for line in lines] == ["seed 0", "seed 1", "seed 2"]
    ua = found.head.index("UA")
    assert [line[ua].text for line in lines] == ["2.00 (-3.00)", "2.50 (-2.90)", "1.50 (-3.10)"]
    paired = found.head.index("paired gap")
    assert [line[paired].text for line in lines] == ["3.00", "2.90", "3.10"]


def test_the_chart_has_the_smallest_gap_on_top_and_the_floor() -> None:
    said = answered(SECTION, table(*CLEAR))
    assert [one["model"] for one in rows_of(said)] == ["CoUn", "FT", "NoT", "Original"]
    floors = {one["floor"] for one in rows_of(said)}
    assert len(floors) == 1
    assert all(math.isfinite(one) for one in floors)
    assert figure(said).static
    assert [line[0] for line in figure(said).table.rows] == ["CoUn", "FT", "NoT", "Original"]
