"""Mistakes of users: each is told before any training, with its exit code and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from untrain.cli.main import main
from untrain.files import lock

TRAIN = ["train", "--out", "{tmp}/run", "--epochs", "1"]
UNLEARN = ["unlearn", "coun", "--original", "{tmp}/original", "--out", "{tmp}/run"]

CASES = [
    (["trian"], 2, "Did you mean 'train'?"),
    (["list", "metods"], 2, "Did you mean 'methods'?"),
    (["train"], 2, "--out is missing"),
    ([*TRAIN, "--data", "digit"], 2, "Did you mean 'digits'?"),
    ([*TRAIN, "--data", "folder:{tmp}/none"], 3, "No folder"),
    ([*TRAIN, "--data", "tiny-imagenet-32"], 3, "not on the hub"),
    ([*TRAIN, "--data-root", "{tmp}/none", "--data", "cifar10"], 3, "No folder"),
    ([*TRAIN, "--model", "resnet81"], 2, "Did you mean 'resnet18'?"),
    ([*TRAIN, "--model", "resnet18", "--width", "8"], 2, "multiple of 16"),
    ([*TRAIN, "--epochs", "0", "--batch", "0"], 2, "--epochs 0 is out of range. where: --epochs"),
    ([*TRAIN, "--epochs", "0", "--batch", "0"], 2, "--batch 0 is out of range"),
    ([*TRAIN, "--threads", "-3"], 2, "--threads -3"),
    (["list", "methods", "--jsno"], 2, "Did you mean '--json'?"),
    ([*TRAIN, "--forget", "klass:8"], 2, "not understood"),
    ([*TRAIN, "--forget", "class:12"], 2, "Classes are 0-9"),
    ([*TRAIN, "--forget", "random:1.5"], 2, "neither a share"),
    ([*TRAIN, "--forget", "ids:{tmp}/none.txt"], 3, "No file"),
    ([*TRAIN, "--lr", "-1"], 2, "--lr -1"),
    ([*TRAIN, "--lr", "fast"], 2, "lr"),
    ([*TRAIN, "--leraning-rate", "1"], 2, "nrecognized"),
    ([*TRAIN, "--preset", "labtop"], 2, "Did you mean 'laptop'?"),
    ([*TRAIN, "--recipe", "{tmp}/none.toml"], 3, "No file"),
    ([*TRAIN, "--limit", "100000"], 2, "--limit 100000"),
    ([*TRAIN, "--holdout", "1"], 2, "--holdout"),
    ([*TRAIN, "--device", "cuda"], 3, "No GPU"),
    (["unlearn", "salum"], 2, "Unknown method 'salum'"),
    (["unlearn", "coun", "--out", "{tmp}/run"], 2, "--original is missing"),
    ([*UNLEARN], 3, "holds no run"),
    (["audit"], 2, "No run is named"),
    (["audit", "{tmp}/none"], 3, "holds no run"),
]


@pytest.mark.parametrize(("args", "code", "message"), CASES)
def test_a_mistake_is_told_with_its_exit_code(
    args: list[str], code: int, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    filled = [arg.format(tmp=tmp_path) for arg in args]
    assert main(filled) == code
    shown = capsys.readouterr()
    assert message in " ".join((shown.err + shown.out).split())
    assert not (tmp_path / "run" / "run.json").exists()


def test_an_unknown_key_of_a_recipe_names_the_nearest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text("epoch = 3\n")
    assert main(["train", "--out", f"{tmp_path}/run", "--recipe", str(recipe)]) == 2
    assert "Did you mean 'epochs'?" in capsys.readouterr().err


def test_a_recipe_value_of_the_wrong_type_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text("epochs = 'many'\n")
    assert main(["train", "--out", f"{tmp_path}/run", "--recipe", str(recipe)]) == 2
    assert "epochs" in capsys.readouterr().err


def test_a_folder_with_another_run_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["train", "--out", f"{tmp_path}/run", "--epochs", "1", "--width", "4"]
    assert main(command) == 0
    assert main([*command, "--seed", "1"]) == 2
    assert "holds another finished run" in capsys.readouterr().err


def test_what_a_run_has_left_out_cannot_be_forgotten_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = ["--epochs", "1", "--width", "4"]
    forget = ["--forget", "class:1"]
    assert main(["train", *small, *forget, "--out", f"{tmp_path}/r"]) == 0
    start = ["unlearn", "ft", "--original", f"{tmp_path}/r", *forget, "--out", f"{tmp_path}/x"]
    assert main(start) == 2
    assert "have erased all 135 training images of '1'" in capsys.readouterr().err


def test_the_audit_refuses_strangers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = ["--epochs", "1", "--width", "4"]
    forget = ["--forget", "class:1"]
    for seed in ("0", "1"):
        assert main(["train", *small, "--seed", seed, "--out", f"{tmp_path}/o{seed}"]) == 0
    start = ["unlearn", "ft", "--original", f"{tmp_path}/o0", *forget, "--epochs", "1"]
    assert main([*start, "--out", f"{tmp_path}/ft"]) == 0
    assert main(["train", "--epochs", "1", "--width", "8", *forget, "--out", f"{tmp_path}/r"]) == 0
    capsys.readouterr()
    for names, message in (
        (["o1", "ft"], "started from another model"),
        (["o0", "ft", "r"], "2 different networks"),
        (["o0", "ft", "ft"], "named twice"),
    ):
        assert main(["audit", *(f"{tmp_path}/{name}" for name in names)]) == 2
        assert message in capsys.readouterr().err
    assert main(["audit", f"{tmp_path}/o0", "--retrain", f"{tmp_path}/ft"]) == 2
    assert "not of Retrain" in capsys.readouterr().err


def test_swapped_weights_are_noticed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for seed in ("0", "1"):
        command = ["train", "--epochs", "1", "--width", "4", "--seed", seed]
        assert main([*command, "--out", f"{tmp_path}/{seed}"]) == 0
    (tmp_path / "1" / "model.safetensors").rename(tmp_path / "0" / "model.safetensors")
    start = ["unlearn", "ft", "--original", f"{tmp_path}/0", "--forget", "class:1"]
    assert main([*start, "--out", f"{tmp_path}/x"]) == 2
    assert "hashes differ" in capsys.readouterr().err


def test_a_folder_that_another_process_works_in_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with lock(tmp_path):
        assert main(["train", "--epochs", "1", "--out", str(tmp_path)]) == 3
    assert "Another process" in capsys.readouterr().err


def test_a_file_in_place_of_the_folder_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main(["train", "--epochs", "1", "--out", f"{tmp_path}/file"]) == 3
    assert "cannot be written" in capsys.readouterr().err


def test_a_damaged_checkpoint_and_record_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    assert main(["train", "--out", str(run), "--epochs", "1", "--width", "4"]) == 0
    start = [
        "unlearn",
        "ft",
        "--original",
        str(run),
        "--forget",
        "class:1",
        "--out",
        f"{tmp_path}/x",
    ]
    weights = run / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:100])
    assert main(start) == 2
    assert "not a whole safetensors file" in capsys.readouterr().err
    (run / "run.json").write_text("{")
    assert main(start) == 2
    assert "run.json is damaged" in capsys.readouterr().err
