"""The export of a run: a folder that loads, a card that leaks nothing, and what is refused."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from mistakes import Refused, edit, filled
from safetensors.torch import load_file

from untrain.cli.main import main
from untrain.files import DRAFT
from untrain.runs import export as exporting
from untrain.runs.card import card
from untrain.runs.facts import facts
from untrain.runs.load import described, load_model


def test_an_own_network_is_loaded_by_the_code_on_its_card(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "public"
    assert main(["export", f"{made}/both/2", "--out", str(out)]) == 0
    assert {path.name for path in out.iterdir()} == {
        *("README.md", "model.safetensors", "untrain.json")
    }
    text = (out / "README.md").read_text()
    assert "library_name: pytorch" in text
    assert "license:" not in text
    code = text.partition("```python\n")[2].partition("```")[0].replace('"."', repr(str(out)))
    names: dict[str, Any] = {}
    exec(code, names)
    assert names["logits"].shape == (1, 10)
    ours = load_file(made / "both" / "2" / "model.safetensors")
    assert all(torch.equal(ours[name], one) for name, one in names["model"].state_dict().items())
    said = json.loads((out / "untrain.json").read_text())
    assert [one["rule"] for one in said["forgotten"]] == ["class", "class"]
    assert "forgotten ones as well" in text
    assert "| `epochs` | `1` |" in text


@pytest.fixture
def judged(copied: Callable[[str], Path]) -> Path:
    """A run that was audited, with a sentence that names an image."""
    run = copied("ft")
    child = described(run)["checkpoints"]["child"]
    test = dict.fromkeys(("value", "low", "high", "margin", "sees"), 0.5)
    content = {
        "verdict": "PASS",
        "reasons": ["secret/photo.png stands out"],
        "terms": {"margin": 0.05, "epochs": 5, "candidates": 2},
        "findings": [
            {"key": "level", "state": "pass", "sentence": "secret/photo.png", **test},
            {"key": "shape", "state": "off", "sentence": "", **dict.fromkeys(test, None)},
        ],
        "utility": [{"name": "test", "before": 90.0, "after": 89.0, "low": -2, "high": 0}],
        "log": {"checkpoints": {"child": child}},
    }
    (run / "audit").mkdir()
    (run / "audit" / "verdict.json").write_text(json.dumps(content))
    return run


def test_the_card_tells_the_verdict_and_no_image(judged: Path, tmp_path: Path) -> None:
    edit(judged, requests=[{"rule": "where:user=secret", "images": 3, "keys": "ab12secret"}])
    edit(judged, config={"forget": "where:user=secret"}, command="untrain ... where:user=secret")
    assert main(["export", str(judged), "--out", f"{tmp_path}/public"]) == 0
    text = (tmp_path / "public" / "README.md").read_text()
    assert "**PASS**: no trace of the forgotten images was found" in text
    assert "2 models were audited for this request." in text
    assert "| level | pass | 0.500 | 0.500 to 0.500 | 0.500 |" in text
    assert "shape" not in text
    assert "| 1 | 3 | where |" in text
    for path in (tmp_path / "public").iterdir():
        assert b"secret" not in path.read_bytes(), path


def test_an_audit_of_other_weights_is_left_out(judged: Path, made: Path) -> None:
    place = judged / "audit" / "verdict.json"
    content = json.loads(place.read_text())
    content["log"]["checkpoints"]["child"] = "others"
    place.write_text(json.dumps(content))
    run, picture = described(judged), exporting.picture_of(described(judged), "")
    config = exporting.build(exporting.ModelConfig, run["config"]["model"], "run.json")
    found = facts(judged, run, config.spec(picture), picture)
    assert found["audit"] == {}
    assert "Nobody has audited these weights" in card(found, "")


def test_accuracies_come_from_an_audit(made: Path, tmp_path: Path) -> None:
    run = shutil.copytree(made / "ft", tmp_path / "ft")
    assert main(["audit", str(run), f"{made}/original"]) == 0
    assert main(["export", str(run), "--out", f"{tmp_path}/public"]) == 0
    said = json.loads((tmp_path / "public" / "untrain.json").read_text())
    assert set(said["accuracy"]) == {"test", "unseen", "retain", "forget"}


def test_a_run_of_an_older_version_asks_its_images(
    copied: Callable[[str], Path], tmp_path: Path
) -> None:
    run = copied("ft")
    content = json.loads((run / "run.json").read_text())
    content["images"] = {name: content["images"][name] for name in ("name", "hash")}
    (run / "run.json").write_text(json.dumps(content))
    assert main(["export", str(run), "--out", f"{tmp_path}/public"]) == 0
    said = json.loads((tmp_path / "public" / "untrain.json").read_text())
    assert said["model"]["classes"] == list("0123456789")


def test_files_that_answer_otherwise_are_no_export(
    copied: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = copied("ft")

    def spoilt(*given: Any) -> Any:
        model = load_model(*given)
        model.head.register_forward_hook(lambda module, x, y: y + 1)
        return model

    monkeypatch.setattr(exporting, "load_model", spoilt)
    assert main(["export", str(run), "--out", f"{tmp_path}/run"]) == 2
    assert "answer otherwise than the run's model" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
    assert not list(tmp_path.glob(f"{DRAFT}*"))


CASES = [
    ([], 2, "RUN is missing"),
    ([], 2, "--out is missing"),
    (["{made}/nothing", "--out", "{tmp}/run"], 3, "holds no run"),
    (["{made}/ft", "--out", "{made}/ft/public"], 2, "lies in the folder of the run"),
    (["{made}/painted", "--out", "{made}/pictures/x"], 2, "lies in the folder of the images"),
    (["{made}/ft", "--out", "{made}/two"], 2, "two holds something else"),
    (["{made}/ft", "--out", "{made}/ft/run.json/x"], 2, "lies in the folder of the run"),
    (["{made}/ft", "--out", "{tmp}/file"], 3, "file is no folder"),
    (["{made}/ft", "--out", "{tmp}/run", "--license", "a: b"], 2, "is no name of a license"),
    (["{made}/ft", "--out", "{tmp}/run", "--epochs", "3"], 2, "nrecognized"),
]


@pytest.mark.parametrize(("args", "code", "message"), CASES)
def test_a_mistake_is_told(
    args: list[str], code: int, message: str, made: Path, tmp_path: Path, refused: Refused
) -> None:
    (tmp_path / "file").touch()
    refused(["export", *filled(args, made=made, tmp=tmp_path)], code, message)


def test_another_export_is_not_replaced(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = f"{tmp_path}/public"
    assert main(["export", f"{made}/ft", "--out", out]) == 0
    assert main(["export", f"{made}/two", "--out", out]) == 2
    assert "public holds another export" in capsys.readouterr().err


@pytest.mark.parametrize("change", ["is missing", "was changed"])
def test_an_export_that_is_not_whole_is_told(
    made: Path, tmp_path: Path, change: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["export", f"{made}/ft", "--out", f"{tmp_path}/public"]
    assert main(command) == 0
    weights = tmp_path / "public" / "model.safetensors"
    content = weights.read_bytes()
    weights.unlink()
    if change == "was changed":
        weights.write_bytes(content + b"x")
    for more in ([], ["--pickle"]):
        assert main([*command, *more]) == 2
        assert f"public holds this export, but model.safetensors {change}." in (
            capsys.readouterr().err
        )
    assert not (tmp_path / "public" / "model.pt").exists()


def test_a_pickle_is_written_beside_an_export(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And again where it was taken away; one that was changed is told."""
    command = ["export", f"{made}/ft", "--out", f"{tmp_path}/public"]
    file = tmp_path / "public" / "model.pt"
    for _ in range(2):
        assert main(command) == 0
        assert not file.exists()
        assert main([*command, "--pickle"]) == 0
        assert f"exported: written to {tmp_path}/public" in capsys.readouterr().err
        tensors = load_file(tmp_path / "public" / "model.safetensors")
        found = torch.load(file, weights_only=True)
        assert all(torch.equal(found[name], one) for name, one in tensors.items())
        assert main([*command, "--pickle"]) == 0
        assert "is there already" in capsys.readouterr().err
        content = file.read_bytes()
        file.unlink()
    file.write_bytes(content[:-1])
    assert main(command) == 2
    assert "model.pt was changed" in capsys.readouterr().err


def test_what_a_killed_export_has_left_is_removed(made: Path, tmp_path: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    gone = tmp_path / f"{DRAFT}{ended.pid}-public"
    stays = [tmp_path / f"{DRAFT}{os.getpid()}-public", tmp_path / f"{DRAFT}{ended.pid}-other"]
    assert exporting.left_behind(tmp_path / "public") == []
    for draft in (gone, *stays):
        draft.mkdir()
    assert exporting.left_behind(tmp_path / "public") == [gone]
    stays.pop(0).rmdir()
    assert main(["export", f"{made}/ft", "--out", f"{tmp_path}/public"]) == 0
    assert list(tmp_path.glob(f"{DRAFT}*")) == stays


def test_the_card_tells_what_became_of_a_photo(
    copied: Callable[[str], Path], tmp_path: Path
) -> None:
    run = copied("ft")
    edit(run, images={"stored": [10, 10]})
    content = json.loads((run / "run.json").read_text())
    content["config"]["data"]["size"] = 8
    (run / "run.json").write_text(json.dumps(content))
    assert main(["export", str(run), "--out", f"{tmp_path}/public"]) == 0
    told = "was resized to 10 pixels, bicubic, and the middle 8 x 8 taken."
    assert told in (tmp_path / "public" / "README.md").read_text()
    said = json.loads((tmp_path / "public" / "untrain.json").read_text())
    assert said["model"]["stored"] == [10, 10]


def test_a_full_disk_leaves_nothing(
    made: Path, tmp_path: Path, small_files: Callable[[int], Any], refused: Refused
) -> None:
    with small_files(2000):
        refused(["export", f"{made}/ft", "--out", f"{tmp_path}/run"], 3, "Could not write")
    assert not list(tmp_path.glob(f"{DRAFT}*"))
