"""`untrain bench ...` as it is typed: what it prints, what it leaves, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.bench.making.test_work import contents

from untrain.bench.kept.store import Store
from untrain.cli.main import main


def bench(*words: str | Path) -> int:
    return main(["bench", *map(str, words)])


def test_run_makes_what_is_missing_and_prints_the_table(
    study: Path, copied: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = sorted((copied.root / "runs").iterdir())[0]
    copied.clear(folder.name)
    assert bench("run", study, "--store", copied.root, "--threads", "1") == 0
    told = capsys.readouterr()
    assert "10/10" in told.err
    assert f"untrain bench table {study} --store {copied.root}" in told.err
    assert told.out.splitlines()[0].split("\t")[:3] == ["model", "RA", "UA"]
    assert (folder / "run.json").is_file()


def test_a_failed_run_ends_with_4_and_its_reason(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = study.read_text().replace("seeds = 2", "seeds = 1")
    path = tmp_path / "broken.toml"
    path.write_text(text + '\n[[methods]]\nname = "ga"\nepochs = 3\nbatch = 16\nlr = 1e30\n')
    store = tmp_path / "store"
    assert bench("run", path, "--store", store, "--only", "ga,retrain", "--threads", "1") == 4
    assert "ga of random:0.1, seed 0 FAILED" in capsys.readouterr().err
    assert bench("status", path, "--store", store, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert [failure["row"] for failure in told["failures"]] == ["ga"]
    counts = {row["row"]: (row["done"], row["failed"], row["missing"]) for row in told["rows"]}
    assert counts["retrain"] == (1, 0, 0)
    assert counts["ga"] == (0, 1, 0)
    assert counts["ft"] == (0, 0, 1)


def test_a_dry_run_leaves_nothing(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = tmp_path / "store"
    assert bench("run", study, "--store", store, "--dry-run", "--threads", "1") == 0
    assert "10 runs to make, 0 there already; about" in capsys.readouterr().out
    assert not store.exists()


def test_status_counts(study: Path, copied: Store, capsys: pytest.CaptureFixture[str]) -> None:
    copied.clear(sorted((copied.root / "runs").iterdir())[0].name)
    assert bench("status", study, "--store", copied.root) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "A small study"
    assert lines[3].split() == ["done", "missing"]


def test_prune_tells_first_and_tables_stay(
    study: Path, copied: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    bench("table", study, "--store", copied.root)
    table = capsys.readouterr().out
    assert bench("prune", study, "--store", copied.root) == 0
    assert len(capsys.readouterr().out.splitlines()) == 20
    assert list(copied.root.rglob("model.safetensors"))
    assert bench("prune", study, "--store", copied.root, "--yes") == 0
    assert not [*copied.root.rglob("model.safetensors"), *copied.root.rglob("evidence.npz")]
    capsys.readouterr()
    bench("table", study, "--store", copied.root)
    assert capsys.readouterr().out == table


def test_prune_keeps_what_unfinished_runs_start_from(study: Path, copied: Store) -> None:
    records = {
        folder.name: copied.record(folder.name) for folder in (copied.root / "runs").iterdir()
    }
    ft = next(name for name, run in records.items() if run and run["label"] == "ft")
    copied.clear(ft)
    assert bench("prune", study, "--store", copied.root, "--yes") == 0
    (kept,) = copied.root.rglob("model.safetensors")
    assert (records[kept.parent.name] or {})["label"] == "original"


def test_others_are_removed_when_asked(study: Path, copied: Store, tmp_path: Path) -> None:
    less = tmp_path / "less.toml"
    less.write_text(study.read_text().replace("lam = [0.1, 0.3]", "lam = 0.1"))
    before = contents(copied)
    assert bench("prune", less, "--store", copied.root, "--others", "--yes") == 0
    assert len(before) - len(contents(copied)) == 2


def test_export_is_small(study: Path, copied: Store, tmp_path: Path) -> None:
    assert bench("export", study, "--store", copied.root, "--out", tmp_path / "small") == 0
    assert len(list((tmp_path / "small" / "runs").glob("*/run.json"))) == 10


def test_the_list_names_every_study(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench("list", "--json") == 0
    assert "coun-table2" in json.loads(capsys.readouterr().out)
    assert bench("list") == 0
    assert "CoUn, tables 2, 7 and 9" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["rum", "x"], 2, "Unknown word 'rum'. Did you mean 'run'?"),
        (["--store", "x"], 2, "What to do is missing."),
        (["run"], 2, "The study is missing."),
        (["run", "coun-table22"], 2, "Did you mean 'coun-table2'?"),
        (["run", "no/such.toml"], 3, "No file no/such.toml"),
        (["run", "coun-table2", "--workers", "0"], 2, "--workers 0 is out of range."),
        (["run", "coun-table2", "--retries", "-1"], 2, "--retries -1 is out of range."),
        (["run", "coun-table2", "--size", "huge"], 2, "The study has no size 'huge'."),
        (["run", "coun-table2", "--only", "coum"], 2, "Did you mean 'coun'?"),
        (["status", "coun-table2", "--store", "no/store"], 3, "There is no store no/store yet."),
        (["prune", "coun-table2", "--only", "ft"], 2, "prune takes a whole study."),
        (["export", "coun-table2"], 2, "--out is missing."),
        (["list", "--jsn"], 2, "Did you mean '--json'?"),
        (["run", "coun-table2", "--take-from", "no/runs", "--store", "{new}"], 3, "No folder"),
    ],
)
def test_mistakes_are_told(
    words: list[str],
    code: int,
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert bench(*(word.format(new=tmp_path / "new") for word in words)) == code
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("word", ["run", "status", "table", "compare", "tune", "export", "prune"])
def test_each_word_has_help(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench(word, "--help") == 0
    assert "--store" in capsys.readouterr().out
