"""Traces of erased images, found and removed: told by a search through all bytes of all files."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from untrain.cli.main import main
from untrain.data.pixels.cache import cache_folder
from untrain.data.sets.splits import load_split
from untrain.data.sources import load
from untrain.models.checkpoint import save
from untrain.runs.load import data_of
from untrain.runs.measure import measured
from untrain.runs.record import read
from untrain.traces.erased import Erased, saved_keys
from untrain.traces.find import below
from untrain.traces.holdings import Trace, verdict_of
from untrain.traces.purge import chosen, purge
from untrain.traces.request import by_folder, by_rule, by_runs
from untrain.traces.stores import in_cache, sources

SMALL = ["--epochs", "1", "--threads", "1", "--batch", "8"]
NAMES = ("anna", "berta", "clara")
"""Of images that are erased: names that nothing else has."""


def pictures(folder: Path, seed: int = 0, swap: bool = False) -> None:
    """Two classes of ten pictures to train on; NAMES are of the first one, or the other."""
    pixels = np.random.default_rng(seed).integers(0, 256, (24, 8, 8, 3), dtype=np.uint8)
    for number, picture in enumerate(pixels):
        first = (number < 12) != swap
        name = NAMES[number] if number < len(NAMES) else f"{number:03}"
        part = "test" if number % 12 > 9 else "train"
        place = folder / part / ("cat" if first else "dog")
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(place / f"{name}.png")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Original, unlearned, Retrain, one of another request, and evidence of two of them."""
    top = tmp_path_factory.mktemp("traces")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNTRAIN_CACHE", str(top / "cache"))
        pictures(top / "pictures")
        rule = f"ids:{top}/list.txt"
        (top / "list.txt").write_text("".join(f"train/cat/{name}.png\n" for name in NAMES))
        train = ["train", "--data", f"folder:{top}/pictures", "--width", "4", *SMALL]
        train += ["--holdout", "0"]
        unlearn = ["unlearn", "ft", "--original", f"{top}/runs/original", *SMALL]
        for args in (
            [*train, "--out", f"{top}/runs/original"],
            [*train, "--forget", rule, "--out", f"{top}/runs/retrain"],
            [*unlearn, "--forget", rule, "--out", f"{top}/runs/ft"],
            [*unlearn, "--forget", "class:dog", "--out", f"{top}/runs/dogs"],
        ):
            assert main(args) == 0, args
        images = data_of(read(top / "runs" / "ft"))[1]
        for name in ("original", "ft"):
            measured(top / "runs" / name, images)
    return top


@pytest.fixture
def made(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copies of runs and cache, which may be purged; returns the runs' folder."""
    for name in ("runs", "cache"):
        shutil.copytree(template / name, tmp_path / name)
    monkeypatch.setenv("UNTRAIN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "runs"


def all_traces(erased: Erased, *folders: Path) -> list[Trace]:
    return below(folders, erased)[0] + in_cache(erased) + sources(erased)


def clean(run: Path, *, models: bool = False) -> list[Trace]:
    """Purge what a run has forgotten; returns what was removed."""
    erased, done = by_runs([run]), []
    purge(chosen(all_traces(erased, run.parent), models), erased, done.append)
    return done


def leaks(template: Path, *folders: Path) -> set[str]:
    """Files in which the pixels or the names of erased images stand, archives unpacked."""
    wanted = [form for name in NAMES for form in (name.encode(), name.encode("utf-32-le"))]
    for name in NAMES:
        with Image.open(template / "pictures" / "train" / "cat" / f"{name}.png") as picture:
            wanted.append(np.asarray(picture).tobytes())
    found = set()
    for file in (f for folder in folders for f in folder.rglob("*") if f.is_file()):
        contents = [file.read_bytes()]
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                contents += [archive.read(name) for name in archive.namelist()]
        if any(form in content for form in wanted for content in contents):
            found.add(f"{file.parent.name}/{file.name}")
    return found


def test_a_search_finds_nothing_after_a_purge(template: Path, made: Path) -> None:
    cache = cache_folder()
    entry = next(path.name for path in cache.iterdir() if path.is_dir())
    before = leaks(template, made, cache)
    splits = {f"{name}/split.npz" for name in ("original", "retrain", "ft", "dogs")}
    assert before == splits | {
        "original/evidence.npz",
        "ft/evidence.npz",
        f"{entry}/x.npy",
        f"{entry}/rows.npz",
    }
    clean(made / "ft")
    assert leaks(template, made, cache) == set()
    assert not clean(made / "ft"), "a second purge finds something"


def test_the_listing_names_what_the_search_finds(template: Path, made: Path) -> None:
    listed = all_traces(by_runs([made / "ft"]), made)
    paths = {f"{trace.path.parent.name}/{trace.path.name}" for trace in listed}
    found = leaks(template, made)
    assert found < paths
    assert {trace.kind for trace in listed if trace.path.is_relative_to(cache_folder())} == {
        "cache"
    }


@pytest.mark.parametrize("after", [1, 2, 3, 5])
def test_a_purge_that_was_stopped_goes_on(after: int, template: Path, made: Path) -> None:
    erased, done = by_runs([made / "ft"]), []

    def stop(trace: Trace) -> None:
        done.append(trace)
        if len(done) == after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        purge(chosen(all_traces(erased, made), models=False), erased, stop)
    assert leaks(template, made, cache_folder())
    assert clean(made / "ft")
    assert leaks(template, made, cache_folder()) == set()


def test_a_cache_entry_half_removed_is_removed(
    template: Path, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", broken)
        with pytest.raises(KeyboardInterrupt):
            clean(made / "ft")
    clean(made / "ft")
    assert leaks(template, made, cache_folder()) == set()


def test_runs_work_on_after_a_purge(template: Path, made: Path) -> None:
    images = data_of(read(made / "ft"))[1]
    before = {name: load_split(made / name / "split.npz", images) for name in ("ft", "original")}
    clean(made / "ft")
    for name, split in before.items():
        assert load_split(made / name / "split.npz", images).hashes(images) == split.hashes(images)
    assert len(measured(made / "ft", images).sets["train"]) == len(before["ft"].train)
    again = ["unlearn", "ft", "--original", str(made / "ft"), "--out", str(made / "again"), *SMALL]
    assert main([*again, "--forget", f"ids:{template}/list.txt"]) == 2, "they are erased already"
    assert main([*again, "--forget", "random:2"]) == 0


WEIGHTS = {
    "original": ("weights", "models", "weights trained on them"),
    "dogs": ("weights", "models", "weights trained on them"),
    "ft": ("answer", "no", "not audited"),
    "retrain": ("answer", "no", "not audited"),
}
"""Run: kind, whether it is purged, what it holds."""


@pytest.mark.parametrize("run", WEIGHTS)
def test_weights_are_told_by_what_they_were_trained_on(run: str, made: Path) -> None:
    found = all_traces(by_runs([made / "ft"]), made)
    trace = next(t for t in found if t.path == made / run / "model.safetensors")
    kind, goes, holds = WEIGHTS[run]
    assert (trace.kind, trace.purge) == (kind, goes)
    assert holds in trace.holds


def test_models_go_only_when_asked(made: Path) -> None:
    clean(made / "ft")
    assert all((made / run / "model.safetensors").exists() for run in WEIGHTS)
    clean(made / "ft", models=True)
    left = {run for run in WEIGHTS if (made / run / "model.safetensors").exists()}
    assert left == {"ft", "retrain"}
    assert all((made / run / "run.json").exists() for run in WEIGHTS)


def test_states_drafts_and_arrays_of_ours_go(made: Path) -> None:
    audit = made / "ft" / "audit"
    audit.mkdir()
    np.savez(audit / "healed-12.npz", logits=np.zeros((3, 2)))
    np.savez(audit / "page.npz", keys=np.asarray(["train/cat/005.png"]))  # of others
    (audit / "torn.npz").write_bytes(b"PK")
    (made / "ft" / ".draft-1-evidence.npz").write_bytes(b"half")
    (cache_folder() / ".draft-folder-1").mkdir()
    save(made / "ft" / "resume.safetensors", {}, {"key": ""})
    (made / "begun").mkdir()
    shutil.copy(made / "ft" / "split.npz", made / "begun" / "split.npz")
    save(made / "begun" / "resume.safetensors", {}, {"key": ""})
    (made / "torn").mkdir()
    (made / "torn" / ".draft-1-split.npz").write_bytes(b"half")
    costs = {trace.path: trace.cost for trace in all_traces(by_runs([made / "ft"]), made)}
    assert "is finished" in costs[made / "ft" / "resume.safetensors"]
    assert "starts anew" in costs[made / "begun" / "resume.safetensors"]
    clean(made / "ft")
    assert [path.name for path in audit.iterdir()] == ["page.npz"]
    assert not list(made.rglob("resume.safetensors")) + list(made.rglob(".draft-*"))
    assert not list(cache_folder().glob(".draft-*"))


def test_files_that_are_not_ours_are_told_and_left(template: Path, made: Path) -> None:
    (made / "ft" / "notes.txt").write_text("asked for by anna: train/cat/anna.png")
    np.savez(made / "ft" / "mine.npz", keys=np.asarray(["train/cat/anna.png"]))
    clean(made / "ft", models=True)
    assert leaks(template, made) == {"ft/notes.txt", "ft/mine.npz"}
    told = [trace for trace in below([made], by_runs([made / "ft"]))[0] if trace.kind == "source"]
    assert [(trace.path.name, trace.purge) for trace in told] == [
        ("mine.npz", "no"),
    ], "once the digests stand for the keys, words in a text cannot be told"


def test_a_search_is_told_and_its_best_run_is_an_answer(made: Path) -> None:
    shutil.copytree(made / "ft", made / "tuned" / "best")
    (made / "tuned" / "trials.json").write_text('{"trials": [{"auc": 0.5}]}')
    kinds = {
        trace.path.name: (trace.kind, trace.purge)
        for trace in all_traces(by_runs([made / "ft"]), made / "tuned")
    }
    assert kinds["trials.json"] == ("search", "no")
    assert kinds["model.safetensors"] == ("answer", "no")


def test_the_same_pixels_in_another_data_set_are_found(
    template: Path, made: Path, tmp_path: Path
) -> None:
    pictures(tmp_path / "swapped", swap=True)
    pictures(tmp_path / "strange", seed=1)
    for name in ("swapped", "strange"):
        load(f"folder:{tmp_path / name}")
    found = in_cache(by_runs([made / "ft"]))
    assert [trace.holds for trace in found] == [
        "pixels of 3 of them, in another data set",
        "pixels and keys of all of them",
    ]
    clean(made / "ft")
    assert len([path for path in cache_folder().iterdir() if path.is_dir()]) == 1
    with np.load(next(cache_folder().glob("folder-*/rows.npz"))) as rows:
        assert "train/cat/anna.png" in rows["keys"], "of other pictures under the same name"


def test_runs_of_other_data_are_left_alone(made: Path, tmp_path: Path) -> None:
    pictures(tmp_path / "strange", seed=1)
    out = made / "strange"
    data = ["--data", f"folder:{tmp_path}/strange", "--width", "4"]
    assert main(["train", *data, *SMALL, "--out", str(out)]) == 0
    before = {path: path.read_bytes() for path in out.iterdir()}
    found, others = below([made], by_runs([made / "ft"]))
    assert others == 1
    assert not any(trace.path.is_relative_to(out) for trace in found)
    clean(made / "ft", models=True)
    assert {path: path.read_bytes() for path in out.iterdir()} == before


@pytest.mark.parametrize("lost", ["run.json", ""])
def test_a_damaged_run_is_told_and_left(lost: str, made: Path) -> None:
    (made / "dogs" / "split.npz").write_bytes(b"half")
    if lost:
        (made / "dogs" / lost).unlink()
    found = all_traces(by_runs([made / "ft"]), made)
    unknown = [trace for trace in found if trace.kind == "unknown"]
    assert [(trace.path, trace.purge) for trace in unknown] == [(made / "dogs", "no")]
    assert "split.npz is missing or damaged" in unknown[0].holds


def test_sources_are_told_and_never_touched(template: Path, made: Path) -> None:
    found = sources(by_runs([made / "ft"]))
    assert [(trace.path, trace.holds) for trace in found] == [
        (template / "pictures", "the files of 3 of them"),
        (template / "list.txt", "the list that names them"),
    ]
    clean(made / "ft", models=True)
    assert (template / "pictures" / "train" / "cat" / "anna.png").exists()
    assert len(sources(by_runs([made / "ft"]))) == 2, "digests lead to the files as keys do"


def test_three_ways_to_say_which(template: Path, made: Path) -> None:
    named = by_runs([made / "ft"])
    shutil.rmtree(made / "dogs")
    rule = f"ids:{template}/list.txt"
    selected = by_rule(rule, made / "original", [])
    for other in (by_folder([made]), by_rule(rule, None, [made]), selected):
        assert set(other.digests) == set(named.digests)


def test_a_rule_that_no_run_knows_leaves_no_copy(template: Path, made: Path) -> None:
    clean(made / "ft")
    found = by_rule("class:cat", made / "original", [made])
    retain = saved_keys(made / "dogs")["retain"]
    assert len(found) == len(retain)
    assert found.among(retain).all()
    assert [path.name for path in cache_folder().iterdir()] == [".lock"]


def told(verdict: str, weights: str) -> str:
    return json.dumps({"verdict": verdict, "log": {"checkpoints": {"child": weights}}})


VERDICTS: list[tuple[Callable[[str], str], str | None]] = [
    (lambda weights: told("PASS", weights), "PASS"),
    (lambda weights: told("FAIL-RESIDUAL", weights), "FAIL-RESIDUAL"),
    (lambda weights: told("PASS", "of others"), None),
    (lambda weights: '{"verdict": "PASS"}', None),
    (lambda weights: '{"ver', None),
    (lambda weights: "[]", None),
]


@pytest.mark.parametrize(("content", "verdict"), VERDICTS)
def test_the_verdict_of_the_weights_that_are_there(
    content: Callable[[str], str], verdict: str | None, made: Path
) -> None:
    run = made / "ft"
    assert verdict_of(run) is None
    (run / "audit").mkdir()
    text = content(read(run)["checkpoints"]["child"])
    (run / "audit" / "verdict.json").write_text(text)
    assert verdict_of(run) == verdict
