"""The listing of a study in its store: what it holds, when it is written, where it goes along."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from untrain.bench.asking.study import Study
from untrain.bench.kept import listing
from untrain.bench.kept.store import Store
from untrain.cli.main import main
from untrain.errors import UserError
from untrain.report.reading import read_report


def content(store: Path) -> dict[str, object]:
    return listing.load(listing.place(store, "small-study", "laptop"))


def test_a_listing_names_every_run_at_its_place(study: Path, copied: Store) -> None:
    assert main(["bench", "status", str(study), "--store", str(copied.root)]) == 0
    told = content(copied.root)
    assert told["title"] == "A small study"
    assert told["command"] == "untrain bench run small-study.toml"
    assert told["order"] == ["original", "retrain", "ft", "coun (lam 0.1)", "coun (lam 0.3)"]
    assert told["blocks"] == [{"data": "digits", "model": "", "forget": "random:0.1"}]
    cells = told["cells"]
    assert isinstance(cells, list)
    assert len(cells) == 10
    assert {cell["address"] for cell in cells} == {
        path.name for path in (copied.root / "runs").iterdir()
    }
    assert str(study.parent) not in json.dumps(told)


@pytest.mark.parametrize("word", ["table", "compare"])
def test_words_that_read_a_study_list_it(word: str, study: Path, copied: Store) -> None:
    more = ["coun", "ft"] if word == "compare" else []
    main(["bench", word, str(study), *more, "--store", str(copied.root)])
    assert content(copied.root)["study"] == "small-study"


def test_a_listing_that_is_there_is_not_written_again(study: Path, copied: Store) -> None:
    asked = Study.load(str(study))
    path = listing.keep(copied, asked)
    assert path is not None
    written = path.stat().st_mtime_ns
    assert listing.keep(copied, asked) == path
    assert path.stat().st_mtime_ns == written
    path.write_text("{")
    listing.keep(copied, asked)
    assert content(copied.root)["study"] == "small-study"


def test_a_store_that_does_not_know_the_data_lists_nothing(study: Path, tmp_path: Path) -> None:
    empty = Store(tmp_path / "new").open()
    assert listing.keep(empty, Study.load(str(study))) is None
    assert listing.names(empty.root) == []


def test_small_results_hold_the_listing_and_are_read_without_the_study(
    study: Path, copied: Store, tmp_path: Path
) -> None:
    folder = copied.folder(sorted(path.name for path in (copied.root / "runs").iterdir())[0])
    run = json.loads((folder / "run.json").read_text())
    log = {"command": "untrain audit /home/ada/runs", "checkpoints": run["checkpoints"]}
    page = {"schema": 1, "log": log, "request": {"title": "forget random:0.1"}}
    (folder / "audit").mkdir()
    (folder / "audit" / "verdict.json").write_text(json.dumps(page))
    out = tmp_path / "small"
    assert (
        main(["bench", "export", str(study), "--store", str(copied.root), "--out", str(out)]) == 0
    )
    kept = json.loads((out / "runs" / folder.name / "audit" / "verdict.json").read_text())
    assert kept["log"]["command"] == "untrain audit runs"
    report = read_report([out])
    here = read_report([copied.root])
    assert [str(table.block) for table in report.tables] == ["digits / random:0.1"]
    for mine, theirs in zip(report.tables[0].rows, here.tables[0].rows, strict=True):
        assert [run.values for run in mine.runs] == [run.values for run in theirs.runs]
        assert str((mine.label, mine.gap)) == str((theirs.label, theirs.gap))


@pytest.mark.parametrize(
    ("text", "told"), [("", "damaged"), ('{"schema": 2}', "schema 2"), ('{"schema": 1}', "lacks")]
)
def test_a_listing_that_cannot_be_read_is_told(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "studies" / "one-laptop.json"
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(UserError, match=told):
        listing.load(path)
