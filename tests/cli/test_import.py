"""Weights trained elsewhere become a run, which is unlearned and audited like any other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mistakes import Refused
from safetensors.torch import load_file, save_file
from torch import Tensor

from untrain.cli.main import main
from untrain.files import file_hash
from untrain.rng import numpy_rng
from untrain.runs.load import data_of

DRAWN = ["--test", "drawn"]
WIDTH = ["--width", "4", "--threads", "1", *DRAWN]
LEARN = ["--epochs", "3", "--batch", "64", "--lr", "0.1", "--threads", "1"]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with digits.pt and digits.safetensors, of a model of all training images."""
    out = tmp_path_factory.mktemp("elsewhere")
    assert main(["train", "--holdout", "0", "--out", f"{out}/run", *LEARN, *WIDTH]) == 0
    tensors = load_file(out / "run" / "model.safetensors")
    torch.save({"epoch": 3, "state_dict": {f"module.{n}": t for n, t in tensors.items()}},
               out / "digits.pt")  # fmt: skip
    save_file(tensors, out / "digits.safetensors")
    return out


def changed(weights: Path, path: Path, changes: dict[str, Tensor]) -> Path:
    torch.save(load_file(weights / "digits.safetensors") | changes, path)
    return path


def record(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "run.json").read_text())
    return content


@pytest.mark.parametrize("name", ["digits.pt", "digits.safetensors"])
def test_weights_become_a_run(
    weights: Path, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["import", str(weights / name), "--out", f"{tmp_path}/run", *WIDTH]
    assert main(command) == 0
    told = capsys.readouterr().err
    assert f"{name} knows " in told
    assert "of 1,438 training images and " in told
    assert "warning" not in told
    before, run = record(weights / "run"), record(tmp_path / "run")
    assert run["label"] == "original"
    assert run["config"]["method"] == {"name": "imported"}
    assert run["config"]["data"]["holdout"] == 0
    assert run["source"]["file"] == name
    assert run["source"]["sha256"] == file_hash(weights / name)
    assert run["checkpoints"]["child"] == file_hash(tmp_path / "run" / "model.safetensors")
    assert run["checkpoints"]["parent"] == ""
    assert run["split"] == before["split"]
    assert run["cost"]["flops"] is None
    assert main(command) == 0
    assert "is there already" in capsys.readouterr().err


def test_it_is_unlearned_and_audited(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    original = f"{tmp_path}/original"
    assert main(["import", "--out", original, *WIDTH, str(weights / "digits.pt")]) == 0
    start = ["--original", original, "--forget", "random:0.1"]
    fast = ["--epochs", "1", "--threads", "1"]
    assert main(["unlearn", "ft", *start, *fast, "--out", f"{tmp_path}/ft"]) == 0
    assert main(["unlearn", "retrain", *start, *fast, "--out", f"{tmp_path}/rt"]) == 0
    recipe = record(tmp_path / "rt")["config"]["method"]
    assert (recipe["batch"], recipe["lr"]) == (256, 0.1)  # its own: nothing is known to inherit
    capsys.readouterr()
    audit = ["audit", original, f"{tmp_path}/ft", "--retrain", f"{tmp_path}/rt"]
    assert main([*audit, "--json"]) == 0
    rows = {row["label"]: row for row in json.loads(capsys.readouterr().out)["rows"]}
    assert rows["original"]["values"]["retain_accuracy"][0] > 50
    assert "relative_flops" not in rows["original"]["values"]
    assert rows["ft"]["values"]["relative_flops"][0] == pytest.approx(1, abs=0.01)
    assert main(audit) == 0
    table, below = capsys.readouterr()
    line = next(line for line in table.splitlines() if line.startswith("original"))
    assert line.split("\t")[-2:] == ["-", "-"]
    assert "the test set stands in" in below


def test_half_precision_is_taken(weights: Path, tmp_path: Path) -> None:
    halves = {n: t.half() for n, t in load_file(weights / "digits.safetensors").items()}
    path = changed(weights, tmp_path / "half.pth", halves)
    assert main(["import", str(path), "--out", f"{tmp_path}/run", *WIDTH]) == 0
    assert record(tmp_path / "run")["notes"] == [
        "Its weights were float16; they are kept in float32."
    ]
    kept = load_file(tmp_path / "run" / "model.safetensors")
    assert {tensor.dtype for tensor in kept.values()} == {torch.float32, torch.int64}


def test_weights_that_know_nothing_are_told(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shuffled = load_file(weights / "digits.safetensors")["head.weight"].roll(3, 0)
    path = changed(weights, tmp_path / "shuffled.pt", {"head.weight": shuffled})
    assert main(["import", str(path), "--out", f"{tmp_path}/run", *WIDTH]) == 0
    told = capsys.readouterr().err
    assert "near chance" in told
    assert "labels in another order, another normalisation, or the wrong file?" in told
    assert "near chance" in record(tmp_path / "run")["notes"][0]


BIG = {"head.weight": torch.zeros(100, 16), "head.bias": torch.zeros(100)}
CASES = [
    ([], 2, "WEIGHTS is missing"),
    (["{tmp}/none.pt"], 3, "none.pt does not exist"),
    (["{tmp}/none.pt", "--model", "smal", "--data", "digit"], 3, "Did you mean 'small'"),
    (["{tmp}/none.pt", "--model", "smal", "--data", "digit"], 3, "Did you mean 'digits'"),
    (["{big}"], 2, "The head `head` of big.pt has 100 outputs, digits has 10 classes."),
    (["{nan}"], 2, "head.bias holds 2 values of 10 that are NaN or infinite"),
    (["{foreign}"], 2, "2 of the file's 2 are unknown, first x.weight"),
    (["{digits}", "--width", "8"], 2, "is (4, 1, 3, 3) in the file, (8, 1, 3, 3) in the model"),
    (["{digits}", "--head", "heat"], 2, "Unknown head 'heat'. Did you mean 'head'?"),
    (["{whole}"], 3, "Give --trust-pickle only for a file that you trust"),
    (["{digits}", "{digits}"], 2, "nrecognized"),
]


@pytest.mark.parametrize(("args", "code", "message"), CASES)
def test_a_mistake_is_told_before_the_folder_is_made(
    args: list[str],
    code: int,
    message: str,
    weights: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    files = {"tmp": tmp_path, "digits": weights / "digits.pt"}
    files["big"] = changed(weights, tmp_path / "big.pt", BIG)
    bias = torch.tensor([1.0, float("nan"), float("inf")] + [0.0] * 7)
    files["nan"] = changed(weights, tmp_path / "nan.pt", {"head.bias": bias})
    for name, content in (("foreign", torch.nn.Linear(2, 3)), ("whole", torch.nn.Linear(2, 3))):
        files[name] = tmp_path / f"{name}.pt"
        state = {f"x.{n}": t for n, t in content.state_dict().items()}
        torch.save(content if name == "whole" else state, files[name])
    filled = [arg.format(**files) for arg in args]
    width = DRAWN if "--width" in args else WIDTH
    assert main(["import", *filled, "--out", f"{tmp_path}/run", *width]) == code
    shown = capsys.readouterr()
    assert message in " ".join((shown.err + shown.out).split())
    assert not (tmp_path / "run").exists()


def test_nothing_is_cut_from_what_the_model_has_seen(
    weights: Path, tmp_path: Path, refused: Refused
) -> None:
    """Data without a test part need test images, or the word that they were drawn."""
    args = ["import", f"{weights}/digits.pt", "--out", f"{tmp_path}/run"]
    fix = "Give test images: --test DATA; or --test drawn, if it was trained by untrain train"
    refused([*args, *WIDTH[:2]], 2, "digits has no test part, and nothing is cut from what", fix)
    refused([*args, *WIDTH[:2], "--unseen", "test:0.5"], 2, "digits has no test part")
    refused([*args, *WIDTH[:2], "--test", "drawm"], 2, "--test drawm")


def test_given_test_images_are_the_test_set(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Their half can be unseen, and a run finds them where they have moved."""
    x, y = numpy_rng(0, "x").integers(0, 255, (60, 8, 8, 1), dtype=np.uint8), np.arange(60) % 10
    np.savez(tmp_path / "old.npz", x=x[:40], y=y[:40])
    np.savez(tmp_path / "new.npz", x=x[40:], y=y[40:])
    data = ["--data", f"numpy:{tmp_path}/old.npz", "--test", f"numpy:{tmp_path}/new.npz"]
    args = ["import", f"{weights}/digits.pt", *WIDTH[:4], *data, "--unseen", "test:0.5"]
    assert main([*args, "--out", f"{tmp_path}/run"]) == 0
    told = "unseen: 10 images are too few to see whether they were trained on"
    assert told in capsys.readouterr().err
    run = record(tmp_path / "run")
    assert run["config"]["data"]["test"] == f"numpy:{tmp_path}/new.npz"
    sizes = {name: part["images"] for name, part in run["split"].items()}
    assert sizes == {"retain": 40, "forget": 0, "val": 0, "unseen": 10, "test": 10}
    (tmp_path / "moved").mkdir()
    for name in ("old.npz", "new.npz"):
        (tmp_path / name).rename(tmp_path / "moved" / name)
    config, images = data_of(run, str(tmp_path / "moved"))
    assert config.test == f"numpy:{tmp_path}/moved/new.npz"
    assert len(images) == 60


def test_a_checkpoint_of_a_whole_training_is_taken(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a metric's counter and the weights of a loss beside those of the network."""
    state = {f"net.{n}": t for n, t in load_file(weights / "digits.safetensors").items()}
    extra = {"metric.total": torch.zeros(1), "class_weights": torch.ones(10)}
    torch.save({"state_dict": state | extra}, tmp_path / "last.ckpt")
    assert main(["import", f"{tmp_path}/last.ckpt", "--out", f"{tmp_path}/run", *WIDTH]) == 0
    note = (
        "2 of its tensors are of no module of the network and are left out: class_weights, "
        "metric.total."
    )
    assert f"last.ckpt: {note}" in capsys.readouterr().err
    assert record(tmp_path / "run")["notes"][0] == note
    kept = load_file(tmp_path / "run" / "model.safetensors")
    assert kept.keys() == load_file(weights / "digits.safetensors").keys()


def test_a_whole_model_is_taken_where_it_is_trusted(weights: Path, tmp_path: Path) -> None:
    from untrain.models.build import ModelSpec

    model = ModelSpec("small", 10, 1, 4).make(0)
    model.load_state_dict(load_file(weights / "digits.safetensors"))
    torch.save(model, tmp_path / "whole.pt")
    args = ["--trust-pickle", f"{tmp_path}/whole.pt", "--out", f"{tmp_path}/run", *WIDTH]
    assert main(["import", *args]) == 0
    assert record(tmp_path / "run")["source"]["training_accuracy"] > 0.5


def test_a_folder_that_holds_another_run_is_refused(
    weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = ["import", f"{weights}/digits.pt", "--out", f"{weights}/run", *WIDTH]
    assert main(args) == 2
    assert "holds another finished run (method retrain, not imported)" in capsys.readouterr().err


def test_a_second_import_does_not_replace_the_first(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It looked at the folder before the first one had written it."""
    from untrain.runs import adopt

    looked = adopt.accuracies

    def slower(*given: Any) -> Any:
        monkeypatch.setattr(adopt, "accuracies", looked)
        state = {n: t + 1 for n, t in load_file(weights / "digits.safetensors").items()}
        torch.save(state, tmp_path / "other.pt")
        assert main(["import", f"{tmp_path}/other.pt", "--out", f"{tmp_path}/run", *WIDTH]) == 0
        return looked(*given)

    monkeypatch.setattr(adopt, "accuracies", slower)
    args = ["import", f"{weights}/digits.pt", "--out", f"{tmp_path}/run", *WIDTH]
    assert main(args) == 2
    assert record(tmp_path / "run")["source"]["file"] == "other.pt"


def test_complex_weights_are_refused(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = load_file(weights / "digits.safetensors")
    torch.save(state | {"head.bias": state["head.bias"] + 1j}, tmp_path / "complex.pt")
    args = ["import", f"{tmp_path}/complex.pt", "--out", f"{tmp_path}/run", *WIDTH]
    assert main(args) == 2
    assert "head.bias is torch.complex64" in capsys.readouterr().err
