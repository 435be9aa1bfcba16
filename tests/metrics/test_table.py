"""The table: every digit at every width, and values that can be read back."""

from __future__ import annotations

import json
import math
import re

import pytest

from untrain.metrics.audit import GONE, METRICS, Audit, Row, of_request
from untrain.metrics.table import markdown, text, tsv, values

NAN = float("nan")


def filled(label: str, shift: float, seeds: int = 3, gap: float | None = None) -> Row:
    """A row whose cells are all as wide as they get."""
    names = [metric.name for metric in (*METRICS, GONE)]
    many = {name: [100 - shift + s for s in range(seeds)] for name in names}
    many |= {"membership_auc": [0.5 + shift / 100] * seeds, "relative_flops": [0.25]}
    made = Row(label, list(range(seeds)), many | {"seconds": [12345.6] * seeds})
    if gap is not None:
        made.gap = {"average": gap, "interval": (gap, NAN), "floor": NAN, "paired": None}
    return made


@pytest.fixture
def made() -> Audit:
    retrain = filled("retrain", 12.34)
    retrain.values["agreement"] = [NAN] * 3
    method = filled("coun lam=0.3", 23.45, gap=1.2345)
    method.remark = "UA 99.9: a remark."
    return Audit("a title", [retrain, method], (*METRICS, GONE), ["a note"])


HEAD = ["model", *(m.short for m in METRICS), "TA gone", "gap", "floor", "FLOPs", "seconds"]
CELLS = ["coun lam=0.3 (n=3)", *["77.55±1.00"] * 4, "0.735±0.000", *["77.55±1.00"] * 2]
CELLS += ["1.23", "-", "0.25x", "12345.6"]


def test_tsv_reads_back_cell_by_cell(made: Audit) -> None:
    head, retrain, method = (line.split("\t") for line in tsv(made).split("\n"))
    assert head == HEAD
    assert method == CELLS
    assert dict(zip(head, retrain, strict=True))["agree"] == "-"


def test_markdown_has_the_cells_of_the_tsv(made: Audit) -> None:
    lines = [line for line in markdown(made).split("\n") if line.startswith("|")]
    grid = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert {len(line) for line in grid} == {len(HEAD)}
    assert grid[0] == HEAD
    assert set(grid[1]) == {"---"}
    assert grid[2][:6] == ["(goal)", *["Retrain's"] * 5]
    assert grid[4] == CELLS
    assert "### a title" in markdown(made)
    assert "- a note" in markdown(made)


def tables(shown: str) -> list[list[list[str]]]:
    """The tables of a text, as lines of cells."""
    blocks = [block.split("\n") for block in shown.split("\n\n") if "\n---" in block]
    return [
        [re.split(r"  +", line) for line in block if line and line[0] not in "-"]
        for block in blocks
    ]


@pytest.mark.parametrize(("width", "blocks"), [(80, 2), (200, 1)])
def test_text_shows_every_cell_whole_at_any_width(made: Audit, width: int, blocks: int) -> None:
    shown = text(made, width)
    found = tables(shown)
    assert len(found) == blocks
    assert [block[0][0] for block in found] == ["model"] * blocks
    assert [cell for block in found for cell in block[0][1:]] == HEAD[1:]
    assert [cell for block in found for cell in block[-1][1:]] == CELLS[1:]


def test_narrow_text_stacks_at_exactly_the_needed_width(made: Audit) -> None:
    rule = next(line for line in text(made, 500).split("\n") if line.startswith("---"))
    assert len(tables(text(made, len(rule)))) == 1
    assert len(tables(text(made, len(rule) - 1))) == 2


def test_stacked_tables_of_plain_rows_fit_80_columns() -> None:
    rows = [filled("original", 0, seeds=1), filled("coun", 20, seeds=1, gap=10)]
    shown = text(Audit("", rows, (*METRICS, GONE), []), 80, glossary=False)
    assert max(map(len, shown.split("\n"))) <= 80


def test_requests_of_their_own_are_a_third_table(made: Audit) -> None:
    made.metrics += tuple(map(of_request, (1, 2)))
    for one in made.rows:
        one.values |= {"unlearn_accuracy_1": [1.0], "unlearn_accuracy_2": [2.0]}
    found = tables(text(made, 80))
    assert [block[0][0] for block in found] == ["model"] * 3
    assert found[2][0][1:] == ["UA 1", "UA 2"]
    assert found[2][-1][1:] == ["1.00", "2.00"]
    assert [cell for block in found[:2] for cell in block[0][1:]] == HEAD[1:]


def test_a_gap_of_three_seeds_shows_its_interval(made: Audit) -> None:
    made.rows[1].gap["interval"] = (0.5, 2.25)
    assert "1.23 [0.50, 2.25]" in tsv(made).split("\n")[2].split("\t")


def test_columns_line_up(made: Audit) -> None:
    lines = text(made, 200).split("\n")
    start = next(place for place, line in enumerate(lines) if line.startswith("model"))
    assert len({len(line) for line in lines[start : start + 5]}) == 1


def test_json_values_read_back(made: Audit) -> None:
    read = json.loads(json.dumps(values(made), allow_nan=False))
    method = read["rows"][1]
    assert method["label"] == "coun lam=0.3"
    assert method["seeds"] == [0, 1, 2]
    assert method["values"]["test_accuracy"] == pytest.approx([76.55, 77.55, 78.55])
    assert method["gap"] == {
        "average": 1.2345,
        "interval": [1.2345, None],
        "floor": None,
        "paired": None,
    }
    assert read["rows"][0]["values"]["agreement"] == [None] * 3
    assert list(read["metrics"]) == [metric.name for metric in made.metrics]
    assert read["notes"] == ["a note"]


def test_remarks_notes_and_definitions_stand_below(made: Audit) -> None:
    shown = text(made, 200)
    assert shown.startswith("a title\n")
    places = [shown.index(part) for part in ("coun lam=0.3: UA 99.9", "a note", "RA: accuracy on")]
    assert places == sorted(places)
    assert "RA: accuracy on" not in text(made, 200, glossary=False)
    assert str(made)


def test_columns_without_values_are_left_out(made: Audit) -> None:
    for one in made.rows:
        one.gap = {}
        del one.values["relative_flops"], one.values["seconds"]
    assert tsv(made).split("\n")[0].split("\t") == HEAD[:-4]
    assert "gap:" not in text(made, 200)
    assert "FLOPs" not in text(made, 200)


def test_a_row_without_a_value_shows_a_dash() -> None:
    one = Row("ft", [0], {"retain_accuracy": [50.0], "mia_efficacy": [math.inf]})
    cells = tsv(Audit("", [one], METRICS, [])).split("\n")[1].split("\t")
    assert cells == ["ft", "50.00", *["-"] * 5]
