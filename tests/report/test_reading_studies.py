"""A store with a study's listing: every cell at its place, and what is missing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import made_results
import pytest

from untrain.bench.kept import listing
from untrain.errors import UserError
from untrain.report.reading import read_report


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reading") / "store"
    return made_results.write(folder, failed=("ft",), missing=("neggrad-plus",), points=30)


@pytest.fixture
def broken(store: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(store, tmp_path / "store"))


def first(store: Path, label: str) -> Path:
    """The folder of a run."""
    for path in sorted(store.glob("runs/*/run.json")):
        if json.loads(path.read_text())["label"] == label:
            return path.parent
    raise AssertionError(label)


def test_a_study_is_read_with_all_that_was_measured(store: Path) -> None:
    report = read_report([store])
    (table,) = report.tables
    assert [row.label for row in table.rows] == [
        "original",
        "retrain",
        "coun",
        "ft",
        "neggrad-plus",
    ]
    assert [len(row.runs) for row in table.rows] == [3, 3, 3, 2, 2]
    coun = table.rows[2]
    assert coun.gap is not None
    assert coun.gap.average < 2
    assert set(coun.runs[0].audits) >= {"accuracy", "answers", "destination", "verdict"}
    assert set(table.rows[0].runs[0].audits) >= {"accuracy", "answers", "destination"}
    assert report.joint[table.block]["models"]
    assert report.title == "Synthetic study"
    assert report.make == "untrain bench run synthetic --store STORE"
    assert report.command == "untrain report synthetic --store STORE"
    assert report.ended == "2026-11-20T10:02:30Z"
    assert not any(str(store.parent) in place for place in report.places.values())


def test_runs_that_are_not_there_are_told_with_their_reason(store: Path) -> None:
    (table,) = read_report([store]).tables
    told = {lack.cell.row: lack.reason for lack in table.lacks}
    assert told == {"ft": "ft diverged at epoch 3 (loss nan).", "neggrad-plus": ""}


def test_requests_in_a_row_are_blocks_with_the_original_in_each(tmp_path: Path) -> None:
    report = made_results.report(requests=2, seeds=1, methods=["coun"], points=20)
    assert [table.block.forget for table in report.tables] == ["random:0.1", "random:0.1 x2"]
    originals = [table.rows[0].runs[0] for table in report.tables]
    assert originals[0].address == originals[1].address
    assert originals[0].values != originals[1].values or originals[0].cell != originals[1].cell
    assert set(report.joint) == {table.block for table in report.tables}


def test_points_of_a_grid_are_rows() -> None:
    (table,) = made_results.report(grid=True, methods=["coun"], seeds=2, points=20).tables
    assert [row.label for row in table.rows][2:] == ["coun (lam 0.3)", "coun (lam 1.0)"]


def test_an_oracle_epoch_joins_its_twin(broken: Path) -> None:
    path = listing.place(broken, "synthetic", "laptop")
    content = listing.load(path)
    plain = [cell for cell in content["cells"] if cell["label"] == "coun"]
    content["cells"] += [
        one | {"label": "coun (oracle)", "select": "oracle", "twin": one["address"]}
        for one in plain
    ]
    path.write_text(json.dumps(content))
    (table,) = read_report([broken]).tables
    row = table.row("coun")
    assert row is not None
    assert len(row.oracle) == 3
    assert table.row("coun (oracle)") is None


def test_a_choosing_study_is_read_on_val(broken: Path) -> None:
    path = listing.place(broken, "synthetic", "laptop")
    path.write_text(json.dumps(listing.load(path) | {"choosing": True}))
    accuracy = first(broken, "retrain") / "measures" / "accuracy.json"
    content = json.loads(accuracy.read_text())
    content["values"]["choosing"]["test_accuracy"] = 12.5
    accuracy.write_text(json.dumps(content))
    report = read_report([broken])
    assert report.warnings[0].startswith("Measured on val")
    retrain = report.tables[0].retrain
    assert retrain is not None
    assert 12.5 in [run.values["test_accuracy"] for run in retrain.runs]


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("measures/answers.json", '{"schema": 1', "answers.json is half written"),
        ("audit/verdict.json", "", "verdict.json is half written"),
        ("measures/accuracy.json", '{"schema": 9, "values": {}}', "has schema 9"),
    ],
)
def test_half_written_measures_are_told_and_left_out(
    file: str, text: str, told: str, broken: Path
) -> None:
    folder = first(broken, "coun")
    (folder / file).parent.mkdir(exist_ok=True)
    (folder / file).write_text(text)
    report = read_report([broken])
    assert any(told in warning and folder.name in warning for warning in report.warnings)
    (table,) = report.tables
    lost = [lack.cell.row for lack in table.lacks]
    assert ("coun" in lost) == ("accuracy" in file)


def test_a_half_written_run_is_listed_as_unreadable(broken: Path) -> None:
    folder = first(broken, "coun")
    (folder / "run.json").write_text('{"schema": 1, ')
    (table,) = read_report([broken]).tables
    reasons = {lack.cell.row: lack.reason for lack in table.lacks}
    assert reasons["coun"].startswith("run.json is damaged")


def test_measures_and_verdicts_of_other_weights_do_not_count(broken: Path) -> None:
    folder = first(broken, "coun")
    content = json.loads((folder / "run.json").read_text())
    content["checkpoints"]["child"] = "0" * 64
    (folder / "run.json").write_text(json.dumps(content))
    (table,) = read_report([broken]).tables
    row = table.row("coun")
    assert row is not None
    assert len(row.runs) == 2
    assert [lack.cell.row for lack in table.lacks].count("coun") == 1


def test_what_cannot_be_read_at_all_is_refused(broken: Path) -> None:
    for words, code, told in (
        ({"study": "other"}, 3, "does not list the study other"),
        ({"study": "synthetic", "size": "paper"}, 3, "--size laptop"),
    ):
        with pytest.raises(UserError) as refusal:
            read_report([broken], **words)
        assert refusal.value.code == code
        assert told in str(refusal.value)
    folder = first(broken, "ft")
    content = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(content | {"schema": 99}))
    with pytest.raises(UserError, match="schema 99; this version reads 1") as refusal:
        read_report([broken])
    assert refusal.value.code == 2
    shutil.rmtree(broken / "runs")
    with pytest.raises(UserError, match="Nothing of synthetic is finished") as refusal:
        read_report([broken])
    assert refusal.value.code == 3


@pytest.mark.parametrize(
    ("text", "told"),
    [("{", "is damaged"), ('{"schema": 7}', "has schema 7"), ('{"schema": 1}', "is no listing")],
)
def test_a_listing_that_cannot_be_read_is_refused(text: str, told: str, broken: Path) -> None:
    listing.place(broken, "synthetic", "laptop").write_text(text)
    with pytest.raises(UserError, match=told) as refusal:
        read_report([broken])
    assert refusal.value.code == 2


def test_of_several_studies_one_is_named(broken: Path) -> None:
    path = listing.place(broken, "synthetic", "laptop")
    shutil.copy(path, listing.place(broken, "another", "paper"))
    with pytest.raises(UserError, match="holds 2 studies") as refusal:
        read_report([broken])
    assert "untrain report another --size paper" in refusal.value.fix
    assert read_report([broken], "another", "paper").tables
    assert read_report([path]).tables


def test_a_store_without_a_listing_is_read_as_folders(broken: Path) -> None:
    shutil.rmtree(broken / "studies")
    report = read_report([broken])
    assert "lists no study" in report.warnings[0]
    assert {row.label for row in report.tables[0].rows} >= {"original", "retrain", "coun"}
