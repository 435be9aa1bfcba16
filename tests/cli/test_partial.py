"""Part of the retained images, no forgotten ones, and models trained elsewhere: the whole chain."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mistakes import Refused
from PIL import Image

from untrain.cli.main import main
from untrain.cli.plan import PlanOptions
from untrain.cli.tune import TuneOptions
from untrain.cli.unlearn import UnlearnOptions
from untrain.engine.device import Device
from untrain.registry import methods
from untrain.verdict import relearn

FAST = ["--epochs", "1", "--threads", "1"]


def record(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "run.json").read_text())
    return content


def start(made: Path, method: str) -> list[str]:
    return ["unlearn", method, "--original", f"{made}/original", "--forget", "class:1"]


def test_a_method_is_given_part_of_the_retained_images(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    part = [*start(made, "ft"), *FAST, "--available", "0.1", "--no-forget-data"]
    assert main([*part, "--out", f"{tmp_path}/part"]) == 0
    told = capsys.readouterr().err
    run, whole = record(tmp_path / "part"), record(made / "ft")
    assert run["label"] == "ft (10 % of retain)"
    assert run["config"]["at_hand"] == {"available": 0.1, "forget_data": False}
    assert run["split"] == whole["split"]
    assert run["cost"]["samples"] == round(0.1 * whole["cost"]["samples"])
    assert run["key"] != whole["key"]
    assert "at_hand" not in whole
    sentence = f"Only {run['cost']['samples']} of {whole['cost']['samples']:,} retained images"
    assert sentence in told
    assert main(["audit", f"{tmp_path}/part", "--healing", "1", "--threads", "1"]) == 0
    assert sentence in " ".join(capsys.readouterr().out.split())
    # the same again is there, another share is another run
    assert main([*part, "--out", f"{tmp_path}/part"]) == 0
    assert main([*start(made, "ft"), *FAST, "--out", f"{tmp_path}/part"]) == 2
    assert "--available 0.1, not 1.0" in capsys.readouterr().err


def test_retrain_on_a_part_is_named_and_is_no_reference(
    made: Path, tmp_path: Path, refused: Refused
) -> None:
    args = [*start(made, "retrain"), *FAST, "--available", "0.5", "--out", f"{tmp_path}/half"]
    assert main(args) == 0
    assert record(tmp_path / "half")["label"] == "retrain (50 % of retain)"
    audit = ["audit", f"{made}/ft", "--retrain", f"{tmp_path}/half"]
    refused(audit, 2, "half is a run of 'retrain (50 % of retain)', not of Retrain")


GONE = ["--no-forget-data", "--out", "{tmp}/run"]
REFUSED = [
    ("salun", GONE, "'salun' trains on forgotten images, and none are available."),
    ("cu", GONE, "Take a method that reads none of them: cf-k, coun, eu-k, fisher, ft, l1-sparse"),
    ("ft", [*GONE, "--select", "early"], "A choice looks at one half of the forgotten images"),
    ("ft", ["--available", "0"], "--available 0 is out of range. where: --available"),
    ("ft", ["--available", "1.1"], "It must be in (0, 1]; 1 is all of them."),
]


@pytest.mark.parametrize(("method", "args", "message"), REFUSED)
def test_a_method_that_cannot_work_says_why(
    method: str, args: list[str], message: str, made: Path, tmp_path: Path, refused: Refused
) -> None:
    filled = [arg.format(tmp=tmp_path) for arg in args]
    refused([*start(made, method), *filled], 2, message)


def test_a_model_from_elsewhere_is_unlearned_and_judged(
    made: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With and without images that it has never seen."""
    monkeypatch.setattr(relearn, "CAP", 1)
    weights = f"{made}/all/model.safetensors"
    for name, given in (
        ("seen", []),
        ("fresh", ["--unseen", "test:0.5", "--val", "test:0.2"]),
    ):
        original, out = f"{tmp_path}/{name}-original", f"{tmp_path}/{name}"
        bring = ["import", weights, "--width", "4", "--threads", "1", "--test", "drawn", *given]
        assert main([*bring, "--out", original]) == 0
        unlearn = ["unlearn", "ft", "--original", original, "--forget", "random:0.1", *FAST]
        assert main([*unlearn, "--out", out]) == 0
        capsys.readouterr()
        assert main(["audit", out, "--healing", "1", "--threads", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["conditions"][0]["key"] == "unseen"
    assert found["conditions"][0]["met"]
    assert len(found["findings"]) > 3
    sizes = {name: part["images"] for name, part in record(tmp_path / "fresh")["split"].items()}
    assert sizes["retain"] + sizes["forget"] == 1438
    assert main(["audit", f"{tmp_path}/seen", "--md"]) == 0
    page = capsys.readouterr().out
    assert "Result: NOT-TESTABLE" in page
    assert "untrain import --unseen" in page
    assert "Healing" not in page


def test_choices_without_val_are_refused(made: Path, refused: Refused) -> None:
    args = ["--original", f"{made}/all", "--forget", "random:0.2", "--out", "run"]
    refused(["unlearn", "ft", *args, "--select", "early"], 2, "untrain import --val")
    refused(["unlearn", "cu", *args], 2, "There are no held-out images to stop on", "--val")


def test_weights_that_know_val_by_heart_are_called_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was trained on is imported as if a part of it had been held out."""
    chance = np.random.default_rng(0)
    for label in ("a", "b"):
        (tmp_path / "data" / label).mkdir(parents=True)
        for number in range(80):
            pixels = chance.integers(0, 256, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "data" / label / f"{number}.png")
    data = ["--data", f"folder:{tmp_path}/data", "--augment", "none", "--model", "small"]
    learn = ["--epochs", "40", "--batch", "16", "--lr", "0.1", "--holdout", "0", "--threads", "1"]
    assert main(["train", *data, *learn, "--out", f"{tmp_path}/run"]) == 0
    bring = ["import", f"{tmp_path}/run/model.safetensors", *data, "--threads", "1"]
    bring += ["--test", "drawn"]
    capsys.readouterr()
    assert main([*bring, "--holdout", "0.5", "--out", f"{tmp_path}/bad"]) == 0
    told = capsys.readouterr().err
    assert "warning: val looks trained on: " in told
    assert "warning: unseen looks trained on: " in told
    assert any("unseen looks trained on" in note for note in record(tmp_path / "bad")["notes"])
    unlearn = ["unlearn", "ft", "--original", f"{tmp_path}/bad", "--forget", "random:0.4", *FAST]
    assert main([*unlearn, "--out", f"{tmp_path}/ft"]) == 0
    assert main(["audit", f"{tmp_path}/ft", "--threads", "1"]) == 0
    page = " ".join(capsys.readouterr().out.split())
    assert "Result: NOT-TESTABLE" in page
    assert "unseen looks trained on" in page


PLAN = ["plan", "coun", "--forget", "class:1", "--threads", "1"]


def test_a_plan_tells_what_a_request_costs(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(made.rglob("*"))
    assert main([*PLAN, "--original", f"{made}/original", "--epochs", "2"]) == 0
    page = capsys.readouterr().out
    for part in (
        "vanishes: no image of it is left",
        "retrain  ",
        "coun     ",
        "held out: ",
        "Advice",
    ):
        assert part in page
    assert "unseen images" in page
    assert "Retrain is cheap here, and exact" in page
    assert sorted(made.rglob("*")) == before
    args = [*PLAN, "--original", f"{made}/original", "--json", "--available", "0.1"]
    assert main([*args, "--epochs", "2"]) == 0
    found = json.loads(capsys.readouterr().out)
    run = record(made / "ft")
    assert found["sizes"]["forget"] == run["split"]["forget"]["images"]
    assert found["classes"][0]["share"] == 1
    assert found["vanishing"] == ["1"]
    assert found["cost"]["recipe_known"]
    assert found["cost"]["retrain"]["steps"] == record(made / "retrain")["cost"]["steps"]
    assert found["cost"]["method"]["steps"] == 2
    assert found["advice"].startswith("Retrain needs all retained images")


PLANNED = [
    ([], 2, "--original is missing"),
    (["--original", "{made}/none"], 3, "holds no run"),
    (["--original", "{made}/original", "--margin", "0.5"], 2, "--margin 0.5 is out of range"),
    (["--original", "{made}/original", "--available", "2"], 2, "--available 2 is out of"),
    (["--original", "{made}/original", "--batch", "1"], 2, "at least 2 images a batch"),
]


@pytest.mark.parametrize(("args", "code", "message"), PLANNED)
def test_a_plan_that_cannot_be_is_told(
    args: list[str], code: int, message: str, made: Path, refused: Refused
) -> None:
    refused([*PLAN, *(arg.format(made=made) for arg in args)], code, message)


@pytest.mark.parametrize("name", methods.modules)
def test_no_flag_of_a_verb_is_one_of_a_method(name: str) -> None:
    """Both stand on one line; a second meaning would crash the parser."""
    own = {field.name for field in fields(methods.get(name))}
    for options in (UnlearnOptions, PlanOptions, TuneOptions, Device):
        assert not own & {field.name for field in fields(options)}
