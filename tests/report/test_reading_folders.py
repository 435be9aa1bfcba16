"""Folders of runs that no study lists: rows, blocks, families, and what belongs apart."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import made_results
import pytest

from untrain.errors import UserError
from untrain.report.data import Report
from untrain.report.reading import portable, read_report


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("loose") / "runs"
    return made_results.write(folder, loose=True, seeds=2, methods=["coun", "ft"], points=30)


@pytest.fixture
def copied(runs: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(runs, tmp_path / "runs"))


def change(folder: Path, part: str, **values: Any) -> None:
    """Other values in a part of run.json."""
    content = json.loads((folder / "run.json").read_text())
    content[part] = content[part] | values
    (folder / "run.json").write_text(json.dumps(content))


def rows(report: Report) -> list[list[tuple[str, int]]]:
    return [[(row.label, len(row.runs)) for row in table.rows] for table in report.tables]


def test_a_folder_of_runs_is_one_set(runs: Path) -> None:
    report = read_report([runs])
    assert rows(report) == [[("original", 2), ("retrain", 2), ("coun", 2), ("ft", 2)]]
    assert report.title == "CIFAR-10, ResNet-18, random 10 % forgotten"
    assert report.command == "untrain report PATH/runs"
    assert report.warnings == ()
    assert set(report.joint) == {report.tables[0].block}
    pairs = [run.cell.train_seed for run in report.tables[0].rows[2].runs]
    assert pairs == [0, 1]


def test_several_folders_are_one_set(runs: Path) -> None:
    report = read_report([runs / "coun-0", runs / "retrain-0", runs / "coun-0"])
    assert rows(report) == [[("retrain", 1), ("coun", 1)]]


@pytest.mark.parametrize("name", ["coun-0", "retrain-1"])
def test_a_single_run_stands_with_its_family(name: str, runs: Path) -> None:
    found = dict(rows(read_report([runs / name]))[0])
    assert found.pop("coun", 1) == 1
    assert found == {"original": 1 if name == "coun-0" else 2, "retrain": 2}


def test_methods_alone_stand_with_their_family_too(copied: Path) -> None:
    inner = copied / "mine"
    inner.mkdir()
    for name in ("coun-0", "ft-0"):
        shutil.move(copied / name, inner / name)
    assert rows(read_report([inner])) == [[("original", 1), ("retrain", 2), ("coun", 1), ("ft", 1)]]


def test_settings_that_differ_name_rows(copied: Path) -> None:
    method = {"name": "ft", "epochs": 5, "batch": 64, "lr": 0.3}
    change(copied / "ft-1", "config", method=method)
    (table,) = read_report([copied]).tables
    assert [row.label for row in table.rows][2:] == ["coun", "ft (lr 0.1)", "ft (lr 0.3)"]
    job = table.rows[3].runs[0].cell.job
    assert (job.method.name, job.method.lr) == ("ft", 0.1)


def test_spellings_of_a_class_are_one_request(tmp_path: Path) -> None:
    made: dict[str, Any] = {"loose": True, "seeds": 1, "points": 20}
    made_results.write(tmp_path / "a", methods=["coun"], rule="class:5", **made)
    made_results.write(tmp_path / "b", methods=["ft"], rule="class:dog", original=False, **made)
    shutil.rmtree(tmp_path / "b" / "retrain-0")
    (table,) = read_report([tmp_path]).tables
    assert {row.label for row in table.rows} == {"original", "retrain", "coun", "ft"}
    assert table.block.forget == "class:dog"


def test_runs_of_different_data_are_different_blocks_with_a_warning(tmp_path: Path) -> None:
    made: dict[str, Any] = {"loose": True, "seeds": 1, "methods": ["ft"], "points": 20}
    made_results.write(tmp_path / "a", **made)
    made_results.write(tmp_path / "b", data="cifar100", classes=100, **made)
    report = read_report([tmp_path / "a", tmp_path / "b"])
    assert [table.block.data for table in report.tables] == ["cifar10", "cifar100"]
    assert "different images" in report.about


def test_two_limits_of_one_data_set_have_two_names(copied: Path) -> None:
    for name in ("ft-0", "retrain-0"):
        data = json.loads((copied / name / "run.json").read_text())["config"]["data"]
        change(copied / name, "config", data=data | {"limit": 1000})
    report = read_report([copied])
    assert {table.block.data for table in report.tables} == {
        "cifar10, limit 1000",
        "cifar10, limit 5000",
    }


def test_another_lineage_is_told(copied: Path) -> None:
    change(copied / "ft-1", "checkpoints", root="e" * 64)
    (warning,) = read_report([copied]).warnings
    assert warning.startswith("ft-1 began with another model")


def test_one_rule_that_came_to_other_images_is_told(copied: Path) -> None:
    change(copied / "ft-1", "split", forget={"images": 500, "keys": "f" * 64})
    assert any("different images under one rule" in one for one in read_report([copied]).warnings)


def test_without_retrain_there_is_no_gap_and_the_command_is_told(copied: Path) -> None:
    for seed in (0, 1):
        shutil.rmtree(copied / f"retrain-{seed}")
    report = read_report([copied])
    assert all(row.gap is None for row in report.tables[0].rows)
    (warning,) = report.warnings
    assert "gaps cannot be computed" in warning
    assert "untrain train --forget random:0.1 --out runs/retrain" in warning


def test_a_seed_without_its_retrain_is_told(copied: Path) -> None:
    shutil.rmtree(copied / "retrain-1")
    (warning,) = read_report([copied]).warnings
    assert "No Retrain of training seed 1" in warning
    assert "--seed 1" in warning


def test_a_copy_counts_once(copied: Path) -> None:
    shutil.copytree(copied / "ft-0", copied / "zz-copy")
    report = read_report([copied])
    assert report.warnings == ("zz-copy is the same model as ft-0; it counts once.",)
    assert dict(rows(report)[0])["ft"] == 2


def test_unfinished_and_damaged_runs_are_told(copied: Path) -> None:
    (copied / "ft-0" / "run.json").write_text('{"schema"')
    (copied / "coun-0" / "run.json").unlink()
    (copied / "coun-0" / "resume.safetensors").touch()
    told = " ".join(read_report([copied]).warnings)
    assert "ft-0 cannot be read: run.json is damaged" in told
    assert "coun-0 is not finished" in told


@pytest.mark.parametrize("part", ["images", "split", "config", "checkpoints"])
def test_a_record_whose_parts_are_of_another_kind_is_damaged(part: str, copied: Path) -> None:
    content = json.loads((copied / "ft-0" / "run.json").read_text())
    (copied / "ft-0" / "run.json").write_text(json.dumps(content | {part: 3}))
    assert any("ft-0 cannot be read" in one for one in read_report([copied]).warnings)


def test_runs_that_are_not_measured_are_told(copied: Path) -> None:
    shutil.rmtree(copied / "ft-0" / "measures")
    (lack,) = read_report([copied]).tables[0].lacks
    assert (lack.cell.row, lack.cell.train_seed) == ("ft", 0)
    assert "not measured" in lack.reason


def test_what_may_name_a_person_is_a_pseudonym(tmp_path: Path) -> None:
    made: dict[str, Any] = {"loose": True, "seeds": 1, "methods": ["ft"], "points": 20}
    report = read_report([made_results.write(tmp_path, rule="where:user=Ada", **made)])
    told = [report.title, str(report.tables[0].block), *report.warnings]
    assert "Ada" not in " ".join(told)
    assert "sha256:" in report.tables[0].block.forget
    assert report.joint
    assert len(report.runs) == 3


@pytest.mark.parametrize(
    ("name", "code", "told"),
    [
        ("empty", 2, "empty holds no run."),
        ("missing", 2, "No folder"),
        ("original-0", 2, "Nothing was forgotten in original-0"),
        ("coun-0/run.json", 2, "is a file"),
    ],
)
def test_places_without_an_answer_are_refused(
    name: str, code: int, told: str, copied: Path
) -> None:
    (copied / "empty").mkdir()
    with pytest.raises(UserError) as refusal:
        read_report([copied / name])
    assert refusal.value.code == code
    assert told in str(refusal.value)
    assert refusal.value.fix


def test_all_that_is_wrong_is_told_at_once(copied: Path) -> None:
    (copied / "empty").mkdir()
    with pytest.raises(UserError) as refusal:
        read_report([copied / "empty", copied / "missing", copied / "ft-0"])
    assert "empty holds no run" in str(refusal.value)
    assert "No folder" in str(refusal.value)


def test_runs_of_another_schema_are_refused(copied: Path) -> None:
    for name in ("ft-0", "ft-1"):
        content = json.loads((copied / name / "run.json").read_text())
        (copied / name / "run.json").write_text(json.dumps(content | {"schema": 2}))
    with pytest.raises(UserError) as refusal:
        read_report([copied])
    assert refusal.value.code == 2
    assert str(refusal.value).count("has schema 2; this version reads 1") == 2


def test_runs_of_one_name_in_two_folders_are_two(tmp_path: Path) -> None:
    made: dict[str, Any] = {"loose": True, "seeds": 1, "methods": ["ft"], "points": 20}
    made_results.write(tmp_path / "all" / "a", **made)
    made_results.write(tmp_path / "all" / "b", data="own", rule="ids:/home/ada/wrong.txt", **made)
    report = read_report([tmp_path / "all"])
    assert set(report.places) == {
        f"all/{part}/{name}-0" for part in "ab" for name in ("original", "retrain", "ft")
    }
    assert len(report.joint) == 2
    told = [str(table.block) for table in report.tables] + [report.title]
    assert not any("/home" in one or "wrong" in one for one in told)


def spoil(path: Path, *place: str, value: Any) -> None:
    """Another value in a JSON file."""
    content = json.loads(path.read_text())
    inner = content
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    path.write_text(json.dumps(content))


def test_a_measure_with_a_wrong_value_is_left_out_and_told_once(copied: Path) -> None:
    for name in ("ft-0", "ft-1", "coun-0"):
        path = copied / name / "measures" / "answers.json"
        spoil(path, "values", "accuracy", "retain", "1", value=[1])
    report = read_report([copied])
    (warning,) = report.warnings
    assert warning.startswith("coun-0, ft-0, ft-1: answers.json has something that is no pair")
    assert warning.endswith("Measure it again.")
    with_answers = [run.address for run in report.runs if "answers" in run.audits]
    assert len(with_answers) == len(report.runs) - 3


@pytest.mark.parametrize(
    ("value", "told"),
    [(None, "is half written and left out"), (5, "has schema 5; this version reads 1")],
)
def test_joint_measures_that_cannot_be_read_are_told(
    value: int | None, told: str, copied: Path
) -> None:
    for path in copied.glob("*/measures/joint-*.json"):
        if value is None:
            path.write_text(path.read_text()[:300])
        else:
            spoil(path, "schema", value=value)
    report = read_report([copied])
    assert report.joint == {}
    assert any("joint-" in one and told in one for one in report.warnings)


def test_a_measure_with_fewer_classes_than_its_run_is_left_out(copied: Path) -> None:
    path = copied / "ft-0" / "measures" / "destination.json"
    content = json.loads(path.read_text())
    content["values"] |= {"classes": ["a"], "gone": [0], "forget": {}, "unseen": {}}
    path.write_text(json.dumps(content))
    (warning,) = read_report([copied]).warnings
    assert "names 1 classes, where the run has 10" in warning


def test_measures_that_none_can_read_are_told_in_place_of_an_answer(copied: Path) -> None:
    for path in copied.glob("*/measures/*.json"):
        spoil(path, "schema", value=9)
    with pytest.raises(UserError) as refusal:
        read_report([copied])
    assert refusal.value.code == 3
    assert "accuracy.json has schema 9; this version reads 1" in refusal.value.what
    assert "without --measure none" in refusal.value.fix


def test_a_link_to_a_folder_is_no_second_model(copied: Path) -> None:
    (copied / "again").symlink_to(".")
    (copied / "a-link").symlink_to("ft-0")
    report = read_report([copied])
    assert report.warnings == ()
    assert dict(rows(report)[0])["ft"] == 2
    twice = read_report([copied, copied / "again" / "ft-0"])
    assert twice.warnings == ()


def test_signs_that_end_a_line_in_a_script_are_blanks(tmp_path: Path) -> None:
    names = ["a\u2028b", *map(str, range(1, 10))]
    made: dict[str, Any] = {"seeds": 1, "methods": ["ft"], "points": 20, "classes": names}
    for loose in (True, False):
        folder = made_results.write(
            tmp_path / str(loose), loose=loose, rule="class:a\u2028b", **made
        )
        report = read_report([folder])
        assert report.runs[0].audits["answers"]["classes"][0] == "a b"
        assert report.tables[0].block.forget == "class:a b"
        assert report.joint
        assert not report.warnings


def test_a_record_nested_without_end_is_damaged(copied: Path) -> None:
    (copied / "ft-0" / "run.json").write_text("[" * 100_000)
    (copied / "ft-1" / "measures" / "answers.json").write_text("[" * 100_000)
    told = " ".join(read_report([copied]).warnings)
    assert "ft-0 cannot be read: run.json is damaged" in told
    assert "ft-1: answers.json is half written" in told


@pytest.mark.parametrize(
    ("typed_as", "told"),
    [("runs", "runs"), ("../{up}/runs", "runs"), ("../../elsewhere/ada", "PATH/ada")],
)
def test_commands_hold_no_place_of_a_machine(
    typed_as: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "runs").mkdir()
    monkeypatch.chdir(tmp_path)
    assert portable.typed(Path(typed_as.format(up=tmp_path.name))) == told
