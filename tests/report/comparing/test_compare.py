"""Two sets of results: what agrees, what differs beyond the noise, and what cannot be told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from made_results import report, write

from untrain.bench.job import Result
from untrain.bench.numbers.statistics import tables
from untrain.cli.main import main
from untrain.errors import UserError
from untrain.report.comparing import compare
from untrain.report.content import Answer, Figure, Missing, Sheet
from untrain.report.data import Report


@pytest.fixture(scope="module")
def one() -> Report:
    return report(methods=["coun", "ft"], seeds=4, audits=("accuracy",))


def changed(of: Report, make: Callable[[Result], Result | None]) -> Report:
    """The same with other runs, and all statistics made anew."""
    runs = [made for run in of.runs if (made := make(run)) is not None]
    return replace(of, tables=tuple(tables(runs, [row.label for row in of.tables[0].rows])))


def moved(label: str, by: float) -> Callable[[Result], Result]:
    def make(run: Result) -> Result:
        if run.cell.label != label:
            return run
        unlearn = run.values["unlearn_accuracy"] + by
        return replace(run, values={**run.values, "unlearn_accuracy": unlearn})

    return make


def answers(one: Report, other: Report) -> dict[str, Answer]:
    made, sections = compare(one, other)
    found = {section.key: section.answer(made, made.tables[0]) for section in sections}
    assert all(answer is not None for answer in found.values())
    return {key: answer for key, answer in found.items() if answer is not None}


def test_a_set_beside_itself_is_the_same(one: Report) -> None:
    found = answers(one, one)
    assert found["agree"].sentence == "All 4 rows are the same in both."
    assert found["apart"].sentence.startswith("Nothing")
    assert found["alone"].sentence.startswith("Nothing")


def test_noise_is_no_difference_and_a_shift_of_one_row_is(one: Report) -> None:
    found = answers(one, changed(one, moved("ft", -20.0)))
    assert found["agree"].sentence.startswith("3 of 4 rows agree within the noise; FT is ")
    assert "points further away in the second" in found["agree"].sentence
    (sheet,) = (part for part in found["agree"].parts if isinstance(part, Sheet))
    states = {row[0].text: row[1].text for row in sheet.rows}
    assert states["FT"] == "beyond the noise"
    assert states["CoUn"] == "identical"
    assert all(len(line) == len(sheet.head) for lines in sheet.opened.values() for line in lines)


def test_the_direction_is_from_the_first_to_the_second(one: Report) -> None:
    shifted = changed(one, moved("retrain", -30.0))
    found = answers(one, shifted)
    (sheet,) = (part for part in found["agree"].parts if isinstance(part, Sheet))
    column = list(sheet.head).index("UA")
    cells = {row[0].text: row[column].text for row in sheet.rows}
    assert cells["Retrain"].startswith("-30.00")
    back = answers(shifted, one)
    (sheet,) = (part for part in back["agree"].parts if isinstance(part, Sheet))
    assert {row[0].text: row[column].text for row in sheet.rows}["Retrain"].startswith("+30.00")


def test_few_seeds_tell_nothing_apart(one: Report) -> None:
    few = changed(one, lambda run: run if run.cell.train_seed < 2 else None)
    found = answers(few, changed(few, moved("ft", 20.0)))
    assert "FT cannot be told apart or together" in found["agree"].sentence
    (figure,) = (part for part in found["agree"].parts if isinstance(part, Figure))
    assert all(row[-1] == "-" for row in figure.table.rows)


def test_seeds_that_only_one_has_are_not_compared(one: Report) -> None:
    first = changed(one, lambda run: run if run.cell.train_seed < 2 else None)
    second = changed(one, lambda run: run if run.cell.train_seed >= 2 else None)
    found = answers(first, second)
    missing = [part for part in found["agree"].parts if isinstance(part, Missing)]
    assert len(missing) == 4
    assert "0, 1 beside 2, 3" in missing[0].why


def test_rows_of_one_alone_are_listed(one: Report) -> None:
    found = answers(one, changed(one, lambda run: None if run.cell.label == "ft" else run))
    assert found["alone"].sentence == "Only Synthetic study (first) has FT."


def test_other_settings_code_and_data_are_told(one: Report) -> None:
    def other(run: Result) -> Result:
        about = dict(run.about)
        about["environment"] = {**about["environment"], "torch": "9.9"}
        config = about["config"]
        if run.cell.label == "coun":
            method = {**config["method"], "lr": 0.123}
            about["config"] = {**config, "method": method, "seed": 99}
        about["images"] = {**about["images"], "hash": "other"}
        return replace(run, about=about)

    second = changed(one, other)
    sentence = answers(one, second)["apart"].sentence
    assert "different images" in sentence
    assert "settings of CoUn" in sentence
    assert "version of torch" in sentence
    sheets = [part for part in answers(one, second)["apart"].parts if isinstance(part, Sheet)]
    names = [[cell.text for cell in row] for row in sheets[0].rows]
    assert [row[:2] for row in names] == [["CoUn", "method.lr"]]
    assert any("different images" in told for told in compare(one, second)[0].warnings)


def test_nothing_in_common_is_an_error(one: Report) -> None:
    other = report(methods=["coun"], seeds=1, rule="class:5", audits=("accuracy",))
    with pytest.raises(UserError, match="Nothing is in both") as found:
        compare(one, other, names=("here", "runs/there"))
    assert found.value.what == (
        "Nothing is in both: here has CIFAR-10, ResNet-18, random 10 % forgotten; runs/there has "
        "CIFAR-10, ResNet-18, class 5 forgotten."
    )


def test_one_set_named_twice_is_said_to_be_so(one: Report) -> None:
    made, _ = compare(one, one, names=("runs", "runs"))
    assert made.title == "runs beside itself"
    assert "runs is named twice: it is compared with itself." in made.warnings


def test_what_is_beyond_the_noise_is_marked_by_a_sign(one: Report) -> None:
    answer = answers(one, changed(one, moved("ft", -20.0)))["agree"]
    (sheet,) = (part for part in answer.parts if isinstance(part, Sheet))
    cells = {row[0].text: row[list(sheet.head).index("UA")] for row in sheet.rows}
    assert cells["FT"].text.endswith(" ✗")
    assert not cells["CoUn"].text.endswith("✗")
    assert {cell.style for cell in cells.values()} == {""}


def test_a_title_of_ones_own_stands_above_and_in_the_command(tmp_path: Path) -> None:
    sets = [str(write(tmp_path / name, methods=["ft"], audits=("accuracy",))) for name in "ab"]
    page = tmp_path / "page.html"
    assert main(["report", *sets, "--measure", "none", "--title", "Old, new", "-o", str(page)]) == 0
    text = page.read_text()
    assert "<h1>Old, new</h1>" in text
    assert "--title &#39;Old, new&#39;" in text


def test_a_comparison_has_no_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sets = [str(write(tmp_path / name, methods=["ft"], audits=("accuracy",))) for name in "ab"]
    assert main(["report", *sets, "--thumbnails", "-o", str(tmp_path / "page.html")]) == 2
    assert "A comparison of two sets has no pictures." in capsys.readouterr().err
    assert not (tmp_path / "page.html").exists()
