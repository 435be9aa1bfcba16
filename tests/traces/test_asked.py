"""What was asked for names a person: searched through all bytes of all files, before and after."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from untrain.cli.main import main
from untrain.data.sets.hidden import hidden
from untrain.data.sets.pseudonyms import pseudonym
from untrain.files import file_hash
from untrain.runs.record import read
from untrain.traces.asked import replacements, without_rules
from untrain.traces.request import by_folder, by_rule, by_runs
from untrain.traces.stores import sources

WHO, OTHER = "person-8c41", "person-77aa"
RULE = f"where:user={WHO}"
SMALL = ["--epochs", "1", "--threads", "1", "--batch", "16"]
Shown = pytest.CaptureFixture[str]


def album(folder: Path) -> None:
    """Photos of three people, with a table that says whose they are; a list names one's."""
    rows = []
    for number, pixels in enumerate(np.random.default_rng(0).integers(0, 256, (60, 8, 8, 3))):
        user = (WHO, OTHER, "somebody", "somebody", "somebody")[number % 5]
        name = f"{'test' if number >= 40 else 'train'}/{'ab'[number // 5 % 2]}/{number:02}.png"
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels.astype(np.uint8)).save(folder / name)
        rows.append((name, user, name.startswith("train") and user == OTHER))
    with (folder / "metadata.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file_name", "user"), *(row[:2] for row in rows)])
    (folder.parent / f"{OTHER}.txt").write_text("\n".join(row[0] for row in rows if row[2]))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An Original, an audited answer to one request, and two requests one after the other."""
    top = tmp_path_factory.mktemp("asked")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNTRAIN_CACHE", str(top / "cache"))
        album(top / "photos")
        data = ["--data", f"folder:{top}/photos", "--width", "4", "--holdout", "0"]
        commands = [
            ["train", *data, *SMALL, "--out", f"{top}/runs/original"],
            ask(top, "ft", RULE),
            ask(top, "both", RULE, f"ids:{top}/{OTHER}.txt"),
            ["audit", f"{top}/runs/ft", "--healing", "1", "--threads", "1"],
        ]
        for args in commands:
            patch.setattr("sys.argv", ["untrain", *args])
            assert main(args) == 0, args
    return top


@pytest.fixture
def top(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copies of runs, cache and list, with the photos where they were; returns their folder."""
    for name in ("runs", "cache"):
        shutil.copytree(template / name, tmp_path / name)
    monkeypatch.setenv("UNTRAIN_CACHE", str(tmp_path / "cache"))
    return tmp_path


def ask(top: Path, out: str, *rules: str, start: str = "original") -> list[str]:
    runs = top / "runs"
    args = ["unlearn", "ft", "--original", f"{runs}/{start}", "--out", f"{runs}/{out}", *SMALL]
    return [*args, *(word for rule in rules for word in ("--forget", rule))]


def naming(who: str, folder: Path) -> set[str]:
    """Files below a folder with a name in their bytes."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    forms = (who.encode(), who.encode("utf-32-le"))
    found = [file for file in files if any(form in file.read_bytes() for form in forms)]
    return {file.relative_to(folder).as_posix() for file in found}


def purge(run: Path, *flags: str) -> None:
    assert main(["traces", str(run), "--purge", "--yes", *flags]) == 0


def test_nobody_is_named_after_a_purge(top: Path, capsys: Shown) -> None:
    pages = {"ft/audit/verdict.json", "ft/audit/verdict.md"}
    records = {f"{name}/run.json" for name in ("ft", "both/1", "both/2")}
    assert naming(WHO, top / "runs") == pages | records
    assert naming(OTHER, top / "runs") == {"both/1/run.json", "both/2/run.json"}
    assert main(["traces", f"{top}/runs/ft"]) == 0
    told = capsys.readouterr().out
    assert told.count(f"the request as it was asked: {RULE}") == len(pages | records)
    purge(top / "runs" / "ft")
    assert not naming(WHO, top)
    assert naming(OTHER, top / "runs") == {"both/1/run.json", "both/2/run.json"}, "another's"
    purge(top / "runs" / "both" / "2")
    assert not naming(OTHER, top)
    assert read(top / "runs" / "ft")["config"]["forget"] == f"where:user={pseudonym(WHO)}"
    purge(top / "runs" / "both" / "2")
    assert len(read(top / "runs" / "both" / "1")["purged"]) == 2, "a third purge writes"


def test_the_record_keeps_the_hash_that_pages_name(top: Path) -> None:
    run = top / "runs" / "ft"
    before = file_hash(run / "run.json")
    purge(run)
    assert read(run)["purged"] == [{"run_json": before}]
    assert json.loads((run / "audit" / "verdict.json").read_text())["log"]["run_json"] == before


def test_what_was_done_is_known_and_goes_on(template: Path, top: Path, capsys: Shown) -> None:
    rules = (RULE, f"ids:{template}/{OTHER}.txt")
    purge(top / "runs" / "both" / "2")
    weights = {file: file_hash(file) for file in (top / "runs").rglob("model.safetensors")}
    assert main(ask(top, "ft", RULE)) == 0
    assert main(ask(top, "both", *rules)) == 0
    assert {file: file_hash(file) for file in weights} == weights, "runs are made again"
    assert main([*ask(top, "ft", RULE), "--lr", "0.5"]) == 2
    assert "another finished run (--lr" in " ".join(capsys.readouterr().err.split())
    assert main(ask(top, "next", rules[1], start="ft")) == 0
    assert not naming(WHO, top / "runs" / "next")
    assert main(["audit", f"{top}/runs/ft", "--healing", "1", "--threads", "1"]) == 0
    assert not naming(WHO, top / "runs" / "ft" / "audit")


def test_the_images_are_found_by_the_rule_as_it_was_asked(template: Path, top: Path) -> None:
    runs = top / "runs"
    named = by_runs([runs / "both" / "2"])
    purge(runs / "both" / "2")
    for found in (by_folder([runs]), by_runs([runs / "both" / "2"])):
        assert set(found.digests) == set(named.digests)
        assert template / f"{OTHER}.txt" in [trace.path for trace in sources(found)]
    for rule in (RULE, hidden(RULE)):
        assert len(by_rule(rule, runs / "original", [runs])) == 8


def test_a_purge_that_was_stopped_in_the_middle_goes_on(top: Path) -> None:
    """The last record is done already, and the command of the first names what only it has."""
    first, last = (top / "runs" / "both" / name for name in "12")
    before = (first / "run.json").read_text()
    purge(last)
    (first / "run.json").write_text(before)
    purge(last)
    assert not naming(OTHER, top / "runs")


@pytest.mark.parametrize("rule", [hidden(RULE), f"ids:{pseudonym(WHO)}.txt"])
def test_a_rule_from_a_purged_record_is_refused(rule: str, top: Path, capsys: Shown) -> None:
    assert main(ask(top, "again", rule)) in (2, 3)
    assert "is a pseudonym, which a purge has left" in " ".join(capsys.readouterr().err.split())


def test_exports_are_weights_like_others(top: Path, capsys: Shown) -> None:
    runs = top / "runs"
    places = {"original": runs / "sent", "ft": runs / "public", "both/1": top / "elsewhere"}
    for run, out in places.items():
        assert main(["export", f"{runs}/{run}", "--out", str(out), "--pickle"]) == 0
    shutil.copytree(runs / "public", runs / "stranger")
    text = (runs / "stranger" / "untrain.json").read_text()
    weights = read(runs / "ft")["checkpoints"]["child"]
    (runs / "stranger" / "untrain.json").write_text(text.replace(weights, "unknown"))
    listed = ["traces", f"{runs}/ft", f"{top}/elsewhere", "--json"]
    capsys.readouterr()
    assert main(listed) == 0
    found = json.loads(capsys.readouterr().out)["traces"]
    told = {one["path"]: (one["kind"], one["purge"]) for one in found}
    for name in ("model.safetensors", "model.pt"):
        assert told[f"{runs}/sent/{name}"] == ("export", "models")
        assert told[f"{runs}/public/{name}"] == ("export", "no")
        assert told[f"{top}/elsewhere/{name}"] == ("export", "no")
    assert told[f"{runs}/stranger"] == ("unknown", "no")
    purge(runs / "ft")
    assert (runs / "sent" / "model.safetensors").exists()
    purge(runs / "ft", "--models")
    assert {path.name for path in (runs / "sent").iterdir()} == {"README.md", "untrain.json"}
    assert len(list(runs.glob("*/model.pt"))) == 2
    assert main(["export", f"{runs}/original", "--out", str(runs / "sent")]) != 0


TEXTS = [
    ("forget where:user=17: 3 of 9", "forget where:user={17}: 3 of 9"),
    ("--forget 'where:user=a b' --out x", "--forget where:user={a b} --out x"),
    ("where:user=17-b, 17 images", "where:user=17-b, 17 images"),
    ("--out runs/ft-user-5b", "--out runs/ft-{user-5b}"),
    ("user-5bc and auser-5b", "user-5bc and auser-5b"),
]
"""A text, and what stays of it with digests in place of {values}."""


@pytest.mark.parametrize(("text", "after"), TEXTS)
def test_rules_and_telling_values_go_from_texts(text: str, after: str) -> None:
    hides = replacements(["where:user=17", "where:user=a b", "where:user=user-5b"])
    for value in ("17", "a b", "user-5b"):
        after = after.replace("{" + value + "}", pseudonym(value))
    assert without_rules(text, hides) == after
