"""Runs that are missing, damaged, or of something else, and folders that cannot be written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from mistakes import SMALL, Refused, edit, filled

from untrain.cli.main import main
from untrain.files import lock
from untrain.models.checkpoint import load, save

Copied = Callable[[str], Path]
UNLEARN = ["--forget", "class:1", "--out", "{tmp}/run", "--epochs", "1"]

ORIGINALS = [
    ("ft", "{tmp}/none", [], 3, "holds no run"),
    ("ft", "{made}/orignal", [], 3, "Did you mean {made}/original"),
    ("ft", "{made}", [], 3, "Did you mean {made}/all or"),
    ("ft", "{made}/both", [], 3, "Did you mean {made}/both/1 or {made}/both/2?"),
    ("ft", "{made}/original/run.json", [], 2, "Name its folder, {made}/original"),
    ("ft", "{made}/retrain", [], 2, "have erased all 135 training images of '1'"),
    ("ft", "{made}/original", ["--forget", "class:1"], 2, "have erased all 135"),
    ("cu", "{made}/all", [], 2, "no held-out images to stop on"),
    ("scrub", "{made}/all", ["--rewind"], 2, "Rewinding needs held-out images"),
]
"""Method, --original, more flags, code, message."""

SAMPLES = [
    ("unsir", [], 2, "it forgets whole classes"),
    ("mask-class", [], 2, "needs a whole class to forget"),
    ("cu", ["--stop", "class"], 2, "there is no class to stop on"),
]
"""What random requests cannot have."""


@pytest.mark.parametrize(("method", "original", "more", "code", "message"), ORIGINALS)
def test_an_original_that_cannot_be_started_from_is_told(
    method: str,
    original: str,
    more: list[str],
    code: int,
    message: str,
    made: Path,
    tmp_path: Path,
    refused: Refused,
) -> None:
    args = ["unlearn", method, "--original", original, *UNLEARN, *more]
    refused(filled(args, made=made, tmp=tmp_path), code, message.format(made=made))


@pytest.mark.parametrize(("method", "more", "code", "message"), SAMPLES)
def test_a_request_that_a_method_cannot_take_is_told(
    method: str,
    more: list[str],
    code: int,
    message: str,
    made: Path,
    tmp_path: Path,
    refused: Refused,
) -> None:
    args = ["unlearn", method, "--original", "{made}/original", "--out", "{tmp}/run", *more]
    refused(filled([*args, "--forget", "random:9"], made=made, tmp=tmp_path), code, message)


def without(name: str) -> Callable[[Path], None]:
    return lambda run: (run / name).unlink()


def cut(name: str, size: int) -> Callable[[Path], None]:
    return lambda run: (run / name).write_bytes((run / name).read_bytes()[:size])


def edited(**changes: Any) -> Callable[[Path], None]:
    return lambda run: edit(run, **changes)


def rewritten(run: Path) -> None:
    """Somebody has written the weights anew."""
    tensors, about = load(run / "model.safetensors")
    save(run / "model.safetensors", {name: t * 2 for name, t in tensors.items()}, about)


def unfinished(run: Path) -> None:
    (run / "run.json").unlink()
    save(run / "resume.safetensors", {"a": torch.zeros(1)}, {"key": "another"})


DAMAGE = [
    (without("run.json"), 3, "holds no run"),
    (unfinished, 3, "holds an unfinished run"),
    (cut("run.json", 100), 2, "run.json is damaged"),
    (cut("run.json", 0), 2, "run.json is damaged"),
    (edited(schema=9), 2, "run.json has schema 9; this version reads 1"),
    (edited(config=[]), 2, "it lacks config.data, config.model"),
    (edited(checkpoints=3), 2, "it lacks checkpoints.parent, checkpoints.child"),
    (edited(images={"hash": "0"}), 2, "is not the data set that the run was made with"),
    (edited(config={"model": {"modle": "small"}}), 2, "Did you mean 'model'?"),
    (edited(config={"model": {"width": "4"}}), 2, "width = '4': Input should be a valid integer"),
    (edited(config={"model": {"width": 8}}), 2, "does not fit the model"),
    (without("split.npz"), 2, "split.npz is missing or damaged"),
    (cut("split.npz", 100), 2, "split.npz is missing or damaged"),
    (cut("split.npz", 0), 2, "split.npz is missing or damaged"),
    (without("model.safetensors"), 3, "model.safetensors"),
    (cut("model.safetensors", 100), 2, "not a whole safetensors file"),
    (rewritten, 2, "hashes differ"),
]


@pytest.mark.parametrize(("spoil", "code", "message"), DAMAGE)
def test_a_damaged_run_is_told_by_unlearning_and_by_the_audit(
    spoil: Callable[[Path], None],
    code: int,
    message: str,
    copied: Copied,
    made: Path,
    tmp_path: Path,
    refused: Refused,
) -> None:
    run = copied("original")
    spoil(run)
    args = ["unlearn", "ft", "--original", str(run), *UNLEARN]
    refused(filled(args, tmp=tmp_path), code, message)
    refused(["audit", str(run), f"{made}/ft"], code, message)


FOLDERS = [
    ("{made}/original", 2, "holds another finished run (--seed 0, not 3)"),
    ("{made}/ft", 2, "holds another finished run (method ft, not retrain)"),
    ("{tmp}/file", 3, "cannot be written"),
    ("{tmp}/file/below", 3, "cannot be written"),
    ("{tmp}/dangling", 3, "cannot be written"),
    ("{tmp}/weights", 2, "has a model.safetensors of something else"),
    ("{tmp}/json", 2, "run.json is not a run's"),
    ("{tmp}/state", 2, "resume.safetensors is not a whole safetensors file"),
    ("{tmp}/begun", 2, "holds an unfinished run with other settings"),
]


@pytest.mark.parametrize(("out", "code", "message"), FOLDERS)
def test_a_folder_that_cannot_be_written_to_is_told(
    out: str, code: int, message: str, made: Path, tmp_path: Path, refused: Refused
) -> None:
    for name, file in (("weights", "model"), ("state", "resume"), ("begun", "resume")):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{file}.safetensors").write_text("something else")
    save(tmp_path / "begun" / "resume.safetensors", {"a": torch.zeros(1)}, {"key": "another"})
    (tmp_path / "json").mkdir()
    (tmp_path / "json" / "run.json").write_text("{}")
    (tmp_path / "file").touch()
    (tmp_path / "dangling").symlink_to("nowhere")
    before = sorted(tmp_path.rglob("*"))
    args = ["train", *SMALL, "--seed", "3", "--out", out]
    refused(filled(args, made=made, tmp=tmp_path), code, message)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_run_is_not_written_over_the_one_that_it_starts_from(
    made: Path, refused: Refused
) -> None:
    args = ["unlearn", "ft", "--original", f"{made}/ft", "--forget", "class:2"]
    refused([*args, "--out", f"{made}/../{made.name}/ft/"], 2, "is the run to start from")


def test_one_request_and_several_do_not_share_a_folder(made: Path, refused: Refused) -> None:
    args = ["unlearn", "ft", "--original", f"{made}/original", "--epochs", "1", "--threads", "1"]
    one, two = ["--forget", "class:1"], ["--forget", "class:2"]
    refused([*args, *one, "--out", f"{made}/both"], 2, "holds the runs of several requests")
    refused([*args, *one, *two, "--out", f"{made}/ft"], 2, "holds the run of a single request")


def test_the_folder_of_a_later_request_is_looked_at_before_the_first_one_trains(
    made: Path, copied: Copied, tmp_path: Path, refused: Refused
) -> None:
    copied("other").rename(tmp_path / "2")
    args = ["unlearn", "ft", "--original", f"{made}/original", "--out", str(tmp_path)]
    args += ["--forget", "class:1", "--forget", "class:2"]
    refused(args, 2, "2 holds another finished run (method retrain, not ft)")
    assert not (tmp_path / "1").exists()


def test_a_folder_that_another_process_works_in_is_refused(
    tmp_path: Path, refused: Refused
) -> None:
    with lock(tmp_path):
        refused(["train", *SMALL, "--out", str(tmp_path)], 3, "Another process")


def test_other_files_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    assert main(["train", *SMALL, "--out", str(tmp_path)]) == 0
    assert (tmp_path / "notes.txt").read_text() == "mine"


AUDITS = [
    (["none"], 3, "holds no run"),
    (["original"], 2, "original has forgotten nothing"),
    (["original", "other"], 2, "None of these runs has forgotten anything"),
    (["other", "ft"], 2, "started from another model"),
    (["original", "ft", "wide"], 2, "2 different networks"),
    (["original", "painted"], 2, "2 different data sets"),
    (["original", "ft", "two"], 2, "forgot 2 different sets of images"),
    (["ft", "all"], 2, "were trained on 2 different sets of images"),
    (["original", "ft", "ft"], 2, "named twice"),
    (["original", "--retrain", "ft"], 2, "'ft', not of Retrain"),
    (["--retrain", "retrain"], 2, "No run is named"),
    (["ft", "--json", "--md"], 2, "--json and --md are two forms"),
    (["ft", "--jsno"], 2, "Perhaps you meant: --json"),
]


@pytest.mark.parametrize(("args", "code", "message"), AUDITS)
def test_the_audit_refuses_strangers(
    args: list[str], code: int, message: str, made: Path, refused: Refused
) -> None:
    words = [arg if arg.startswith("-") else f"{made}/{arg}" for arg in args]
    refused(["audit", *words], code, message)


def test_a_copy_is_no_second_seed(made: Path, copied: Copied, refused: Refused) -> None:
    copy = copied("ft")
    refused(["audit", f"{made}/original", f"{made}/ft", str(copy)], 2, "named twice", str(copy))


@pytest.mark.parametrize("left", [None, 500])
def test_a_finished_run_without_its_weights_is_not_there_already(
    left: int | None, copied: Copied, capsys: pytest.CaptureFixture[str]
) -> None:
    run = copied("original")
    weights = run / "model.safetensors"
    whole = weights.read_bytes()
    weights.unlink() if left is None else weights.write_bytes(whole[:left])
    assert main(["train", *SMALL, "--out", str(run)]) == 2
    assert "model.safetensors is missing or was changed" in capsys.readouterr().err
    weights.write_bytes(whole)
    assert main(["train", *SMALL, "--out", str(run)]) == 0


def test_a_run_in_the_folder_of_its_images_is_refused(
    copied: Copied, capsys: pytest.CaptureFixture[str]
) -> None:
    """It would be taken for a class."""
    images = copied("pictures")
    assert main(["train", *SMALL, "--data", f"folder:{images}", "--out", f"{images}/run"]) == 2
    assert "lies in the folder of the images" in capsys.readouterr().err
    assert not (images / "run").exists()


def test_torn_evidence_is_collected_anew(copied: Copied) -> None:
    run = copied("retrain")
    for left in (0, 100):
        (run / "evidence.npz").write_bytes(b"PK"[:left])
        assert main(["audit", str(run)]) == 0


def test_a_folder_with_an_empty_split_is_refused(tmp_path: Path) -> None:
    """A killed run leaves drafts, but never half a split: an empty one is somebody else's."""
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "split.npz").touch()
    assert main(["train", *SMALL, "--out", f"{tmp_path}/run"]) == 2
