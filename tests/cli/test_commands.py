"""The commands of the README, in process, on digits: train, unlearn, audit, list."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from untrain.cli.main import VERBS, main

FAST = ["--epochs", "3", "--batch", "64", "--threads", "1", "--width", "8"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An Original, two Retrains, CoUn, and FT with the contrastive term."""
    out = tmp_path_factory.mktemp("runs")
    train = ["train", *FAST, "--lr", "0.1"]
    start = ["unlearn", "coun", "--original", f"{out}/original", "--forget", "random:0.1"]
    start += ["--threads", "1"]
    assert main([*train, "--out", f"{out}/original"]) == 0
    for seed in ("0", "1"):
        folder = f"{out}/retrain-{seed}"
        assert main([*train, "--forget", "random:0.1", "--seed", seed, "--out", folder]) == 0
    assert main([*start, "--epochs", "2", "--lam", "0.5", "--out", f"{out}/coun"]) == 0
    start[1] = "ft"
    term = ["--add", "contrastive", "--contrastive.lam", "0.5", "--epochs", "2"]
    assert main([*start, *term, "--out", f"{out}/ft"]) == 0
    return out


def audit(runs: Path, *flags: str) -> int:
    names = [str(runs / name) for name in ("original", "coun", "ft")]
    retrains = [str(runs / f"retrain-{seed}") for seed in (0, 1)]
    return main(["audit", *names, "--retrain", *retrains, *flags])


def test_the_audit_prints_tab_separated_values_into_a_pipe(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit(runs) == 0
    table, below = capsys.readouterr()
    lines = [line.split("\t") for line in table.strip().splitlines()]
    assert lines[0][:5] == ["model", "RA", "UA", "TA", "MIA"]
    assert [line[0].split(" ")[0] for line in lines[1:]] == [
        "original",
        "retrain",
        "coun",
        "ft+contrastive",
    ]
    assert "does not know all of its training set" in below


def test_the_audit_gives_json_and_markdown(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit(runs, "--json") == 0
    content = json.loads(capsys.readouterr().out)
    rows = {row["label"]: row for row in content["rows"]}
    assert rows["coun"]["gap"]["average"] >= 0
    assert rows["coun"]["values"]["relative_flops"][0] == pytest.approx(4 / 3, rel=0.05)
    assert rows["retrain"]["seeds"] == [0, 1]
    assert audit(runs, "--md") == 0
    assert "| coun (n=1) |" in capsys.readouterr().out


def test_equal_commands_give_equal_bits_and_a_second_one_does_nothing(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start = ["unlearn", "coun", "--original", f"{runs}/original", "--forget", "random:0.1"]
    command = [*start, "--threads", "1", "--epochs", "2", "--lam", "0.5", "--out", f"{tmp_path}/x"]
    assert main(command) == 0
    weights = [folder / "model.safetensors" for folder in (runs / "coun", tmp_path / "x")]
    assert weights[0].read_bytes() == weights[1].read_bytes()
    assert main(command) == 0
    assert "is there already" in capsys.readouterr().err


def test_the_record_tells_what_was_done_to_which_data(runs: Path) -> None:
    original, coun, retrain = (
        json.loads((runs / name / "run.json").read_text())
        for name in ("original", "coun", "retrain-0")
    )
    assert coun["checkpoints"]["parent"] == original["checkpoints"]["child"]
    assert coun["split"] == retrain["split"]
    assert (
        coun["split"]["retain"]["images"] + coun["split"]["forget"]["images"]
        == (original["split"]["retain"]["images"])
    )
    assert coun["config"]["method"]["batch"] == original["config"]["method"]["batch"]
    assert coun["config"]["terms"] == []
    assert not list(runs.glob("*/resume.safetensors"))


def test_a_preset_a_recipe_and_a_flag_are_taken_in_this_order(runs: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text("lr = 0.002\nepochs = 1\nweight-decay = 0.001\n")
    start = ["unlearn", "ft", "--original", f"{runs}/original", "--forget", "random:0.1"]
    flags = ["--preset", "laptop", "--recipe", str(recipe), "--lr", "0.003", "--threads", "1"]
    assert main([*start, *flags, "--out", f"{tmp_path}/run"]) == 0
    method = json.loads((tmp_path / "run" / "run.json").read_text())["config"]["method"]
    assert (method["lr"], method["epochs"], method["batch"]) == (0.003, 1, 64)
    assert method["weight_decay"] == 0.001


@pytest.mark.parametrize("kind", ["methods", "models", "terms", "data"])
def test_lists_are_text_and_json(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", kind]) == 0
    text = capsys.readouterr().out
    assert main(["list", kind, "--json"]) == 0
    for row in json.loads(capsys.readouterr().out):
        assert row["name"] in text


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    args = [verb, "coun", "--help"] if verb == "unlearn" else [verb, "--help"]
    assert main(args) == 0
    assert "usage" in capsys.readouterr().out.lower()


def test_help_answers_at_once_and_imports_nothing_heavy() -> None:
    code = (
        "import sys; from untrain.cli.main import main; main(['--help']);"
        "sys.exit(bool({'torch', 'numpy', 'tyro', 'lightning_fabric'} & set(sys.modules)))"
    )
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    assert time.monotonic() - started < 0.5


def test_the_audit_repeats_what_a_method_had_to_say(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start = ["unlearn", "ssd", "--original", f"{runs}/original", "--forget", "random:0.1"]
    start += ["--alpha", "1e6", "--threads", "1"]
    assert main([*start, "--out", f"{tmp_path}/ssd"]) == 0
    assert "ssd: Selected 0 of" in capsys.readouterr().err
    retrain = ["--retrain", f"{runs}/retrain-0"]
    assert main(["audit", f"{runs}/original", f"{tmp_path}/ssd", *retrain]) == 0
    table, below = capsys.readouterr()
    assert "ssd\t" in table
    assert "ssd, seed 0: Selected 0 of" in below
    assert "Nothing has changed: lower --alpha." in below


def test_a_preset_is_not_mixed_with_the_originals_batch(runs: Path, tmp_path: Path) -> None:
    """Without one the batch is the Original's, 64 here."""
    start = ["unlearn", "ga", "--original", f"{runs}/original", "--forget", "random:0.1"]
    start += ["--epochs", "1", "--threads", "1"]
    for preset, batch in (([], 64), (["--preset", "native"], 256)):
        out = tmp_path / str(batch)
        assert main([*start, *preset, "--out", str(out)]) == 0
        method = json.loads((out / "run.json").read_text())["config"]["method"]
        assert method["batch"] == batch


def test_the_vgg_preset_is_the_papers_warm_up(capsys: pytest.CaptureFixture[str]) -> None:
    from untrain.engine.schedule import learning_rate
    from untrain.methods import Retrain

    recipe = Retrain(**Retrain.presets["coun-vgg16"])
    rates = [learning_rate(recipe, epoch) for epoch in (0, 37, 74, 75, 90, 91)]
    assert rates == pytest.approx([0.1 / 75, 0.1 * 38 / 75, 0.1, 0.1, 0.1, 0.01])
    assert main(["train", "--preset", "coun-vgg16", "--help"]) == 0
    assert "vgg16" in capsys.readouterr().out
