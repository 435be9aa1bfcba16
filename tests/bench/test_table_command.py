"""`untrain bench table` and `compare` over a small store of real runs, and what they refuse."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from made import RETRAINS, row, shifted

from untrain.bench.asking.study import Study
from untrain.bench.kept.plans import Place
from untrain.bench.kept.results import Standing
from untrain.bench.kept.store import Store
from untrain.bench.making.order import Order
from untrain.bench.numbers.paper import load
from untrain.bench.tables.measured import WHAT
from untrain.cli.bench.table import TableOptions, looked, tables_of
from untrain.cli.main import main
from untrain.fields import field_texts

Told = Callable[..., tuple[int, str, str]]


@pytest.fixture
def told(study: Path, finished: Path, capsys: pytest.CaptureFixture[str]) -> Told:
    """Code, output and errors of `untrain bench WORD STUDY ... --store STORE`."""

    def run(word: str, *args: str, store: Path = finished) -> tuple[int, str, str]:
        code = main(["bench", word, str(study), *args, "--store", str(store)])
        return code, *capsys.readouterr()

    return run


ROWS = ["original", "retrain", "ft", "coun (lam 0.1)", "coun (lam 0.3)"]


def test_a_pipe_takes_the_table_and_stderr_its_notes(told: Told) -> None:
    code, out, err = told("table")
    assert code == 0
    lines = [line.split("\t") for line in out.splitlines()]
    assert [line[0] for line in lines[2:]] == [f"{row} (n=2)" for row in ROWS]
    assert lines[0][:3] == ["model", "RA", "UA"]
    assert "digits / 300" in err or "digits" in err
    assert "Fewer than 3 seeds: no spread, no interval, no mark." in err
    assert "Settings over the defaults." in err
    assert "Made by: untrain bench table" in err


def test_the_table_in_other_forms(told: Told) -> None:
    code, shown, _ = told("table", "--md")
    assert code == 0
    assert shown.startswith("### digits")
    assert r"\begin{table*}" in told("table", "--tex")[1]
    (content,) = json.loads(told("table", "--json")[1])
    assert [row["row"] for row in content["rows"]] == ROWS
    lines = list(csv.DictReader(io.StringIO(told("table", "--csv")[1])))
    assert len(lines) == 2 * len(ROWS)
    by_address = {line["address"]: line for line in lines}
    runs = {run for one in content["rows"] for run in one["runs"]}
    assert by_address.keys() == runs
    for told_row in content["rows"]:
        mine = [float(by_address[run]["test_accuracy"]) for run in told_row["runs"]]
        assert told_row["mean"]["test_accuracy"] == pytest.approx(sum(mine) / 2)


def test_all_forms_are_written_into_a_folder(told: Told, tmp_path: Path) -> None:
    code, out, err = told("table", "--out", str(tmp_path / "told"))
    assert code == 0
    written = {path.name for path in (tmp_path / "told").iterdir()}
    assert written == {"table.md", "table.tex", "table.json", "results.csv"}
    assert "written to" in err
    assert out.startswith("model\t")
    code, _, err = told("table", "--out", str(tmp_path / "told" / "table.md"))
    assert code == 2
    assert "table.md is a file." in err


def test_some_rows_alone_keep_their_gaps(told: Told) -> None:
    whole = json.loads(told("table", "--json")[1])[0]["rows"]
    code, out, _ = told("table", "--json", "--only", "coun")
    (content,) = json.loads(out)
    assert code == 0
    assert [row["row"] for row in content["rows"]] == [row for row in ROWS if row != "ft"]
    assert content["rows"][-1]["gap"] == whole[-1]["gap"]


def test_a_missing_retrain_is_told_and_named(told: Told, study: Path, copied: Store) -> None:
    _, cells = Order(study=str(study), store=copied.root).read()
    place = Place.at(copied, look=False)
    gone = [cell.job for cell in cells if cell.label == "retrain"]
    shutil.rmtree(place.folder(gone[1]))
    code, out, err = told("table", store=copied.root)
    assert code == 4
    assert "No Retrain for seed 1: its gaps cannot be computed. Add it: untrain bench run" in err
    assert f"untrain bench run {study} --only retrain" in err
    assert "\tgap\t" in out.splitlines()[0]
    shutil.rmtree(place.folder(gone[0]))
    code, out, err = told("table", store=copied.root)
    assert code == 4
    assert "No Retrain for digits" in err
    assert "gap" not in out.splitlines()[0]
    assert "Not finished yet: retrain (seeds 0, 1)." in err


def test_the_small_tables(told: Told) -> None:
    code, out, _ = told("table", "--what", "cost")
    assert code == 0
    assert "coun (lam 0.3)" in out
    code, out, _ = told("table", "--what", "ablation", "--json")
    assert code == 0
    assert json.loads(out)[0].keys() == {"title", "head", "rows", "notes"}
    text = field_texts(TableOptions)["what"]
    assert all(name in text for name in WHAT)


def test_a_paper_alone_needs_no_study(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "table", "--paper", "coun", "--printed", "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    flags = [note for one in content for note in one["notes"] if note.startswith("§")]
    assert len(flags) == 3
    assert main(["bench", "table", "--printed"]) == 2
    assert "--printed needs a paper." in capsys.readouterr().err


def test_a_study_without_printed_numbers_says_so(told: Told) -> None:
    code, _, err = told("table", "--paper", "coun")
    assert code == 0
    assert "coun prints no row for digits" in err


@pytest.mark.parametrize(
    ("word", "args", "code", "words"),
    [
        ("table", ["--what", "costs", "--paper", "cuon"], 2, ["Did you mean 'cost'", "'coun'"]),
        ("table", ["--md", "--json"], 2, ["--md and --json are 2 forms."]),
        ("table", ["--only", "cuon"], 2, ["Unknown row 'cuon'. Did you mean 'coun'?"]),
        ("table", ["--what", "lemma"], 3, ["No finished run has the audit 'lemma'."]),
        ("compare", [], 2, ["The rows are missing."]),
        ("compare", ["ft"], 2, ["Only ft is named.", "--with STORE"]),
        ("compare", ["ft", "coun"], 2, ["'coun' is 2 rows.", "coun (lam 0.3)"]),
        ("compare", ["ft", "cun"], 2, ["Unknown row 'cun'."]),
        ("compare", ["ft", "--with", "nowhere"], 3, ["There is no store nowhere yet."]),
    ],
)
def test_what_is_refused(
    told: Told, word: str, args: list[str], code: int, words: list[str]
) -> None:
    found, out, err = told(word, *args)
    assert (found, out) == (code, "")
    for one in words:
        assert one in err


def test_a_store_that_is_not_there(told: Told, tmp_path: Path) -> None:
    code, _, err = told("table", store=tmp_path / "none")
    assert code == 3
    assert "There is no store" in err


def test_two_rows_side_by_side(told: Told) -> None:
    code, out, err = told("compare", "coun (lam 0.3)", "ft")
    assert code == 0
    lines = {line.split("\t")[0]: line.split("\t") for line in out.splitlines()}
    assert lines["measure"][1:3] == ["coun (lam 0.3)", "ft"]
    assert {"RA", "UA", "TA", "MIA", "gap", "seconds"} <= lines.keys()
    assert "coun (lam 0.3) less ft (n=2)" in err


def test_a_store_beside_its_copy_is_the_same(told: Told, copied: Store) -> None:
    code, out, _ = told("compare", "--with", str(copied.root))
    assert code == 0
    lines = [line.split("\t") for line in out.splitlines()]
    assert [line[0] for line in lines[1:]] == [f"{row} (n=2)" for row in ROWS]
    cells = {cell for line in lines[1:] for cell in line[1:]}
    assert cells <= {"+0.00", "+0.000", "+0", "-"}
    code, out, _ = told("compare", "ft", "retrain", "--with", str(copied.root), "--json")
    assert code == 0
    assert json.loads(out)[0]["head"][2] == f"retrain in {copied.root}"


@pytest.mark.parametrize(
    ("name", "paper", "printed", "own"),
    [
        ("coun-table2", "", "coun", (2, 7, 9)),
        ("coun-table2", "none", "", ()),
        ("cu-sample", "", "", ()),
        ("cu-sample", "coun", "coun", ()),
    ],
)
def test_a_study_s_own_paper_stands_beside_it(
    name: str, paper: str, printed: str, own: tuple[int, ...]
) -> None:
    named = load(paper) if paper == "coun" else None
    look = looked(Study.load(name), TableOptions(paper=paper), named, (), "")
    assert (look.paper.name if look.paper else "") == printed
    assert look.tables == own
    assert look.notes == ()


def test_a_tuning_study_is_told_on_val_alone() -> None:
    study = Study.load("tune-laptop-random10")
    results = [*row("retrain", RETRAINS[:1]), *shifted("ft", RETRAINS[:1], 1)]
    chosen = dict.fromkeys(results[0].values, 50.0)
    audits = {"accuracy": {"choosing": chosen}}
    results = [replace(one, audits=audits) for one in results]
    (table,) = tables_of(study, Standing(results=results))
    assert table.rows[1].values("test_accuracy") == [50]
    look = looked(study, TableOptions(), None, (), "")
    assert look.notes[0].startswith("Measured on val")
