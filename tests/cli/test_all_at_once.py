"""Everything that can be known is told together, with the highest of the exit codes."""

from __future__ import annotations

from pathlib import Path

from mistakes import Refused


def test_train_tells_all(made: Path, refused: Refused) -> None:
    args = ["train", "--epochs", "0", "--model", "resnt18", "--forget", "class:12", "--batch", "0"]
    args += ["--threads", "-3", "--preset", "labtop", "--out", f"{made}/original"]
    told = refused(
        args,
        2,
        "Unknown preset 'labtop'",
        "--epochs 0 is out of range",
        "--batch 0 is out of range",
        "--threads -3 is out of range",
        "Unknown class '12'",
        "Unknown model 'resnt18'",
        "holds another finished run (--model none, not resnt18; --width 4, not 0",
    )
    assert told.count("error:") == 1


def test_what_is_missing_gives_the_higher_code(tmp_path: Path, refused: Refused) -> None:
    args = ["train", "--out", f"{tmp_path}/run", "--lr", "0", "--data", "cifar10"]
    messages = "--lr 0.0 is out of range", "No folder", "No GPU"
    refused([*args, "--data-root", f"{tmp_path}/none", "--device", "cuda"], 3, *messages)


def test_unlearn_tells_all(made: Path, refused: Refused) -> None:
    args = ["unlearn", "cu", "--original", f"{made}/original", "--out", f"{made}/ft"]
    refused(
        [*args, "--tau", "0", "--omega", "0", "--forget", "class:12", "--forget", "klass:3"],
        2,
        "--tau 0.0 is out of range",
        "--omega 0 is out of range",
        "Unknown class '12'",
        "'klass:3' is not understood",
        "holds another finished run (--forget class:1, not class:12)",
    )


def test_unlearn_tells_of_folder_model_and_term(made: Path, refused: Refused) -> None:
    args = ["unlearn", "cf-k", "--original", f"{made}/original", "--k", "99", "--batch", "1"]
    args += ["--forget", "random:0.1", "--add", "contrastive", "--out", f"{made}/ft"]
    refused(args, 2, "fewer than 99", "at least 2 images a batch", "holds another finished run")


def test_a_recipe_tells_all(tmp_path: Path, refused: Refused) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text("epoch = 1\nwidht = 2\nlr = 'fast'\nseed = 0.5\n")
    args = ["train", "--recipe", str(recipe), "--preset", "laptp", "--out", f"{tmp_path}/run"]
    refused(args, 2, "'epochs'", "'width'", "lr = 'fast'", "seed = 0.5", "'laptop'")


def test_the_parser_ends_at_once_and_the_rest_is_told_below(
    tmp_path: Path, refused: Refused
) -> None:
    args = ["train", "--preset", "laptp", "--ephocs", "3", "--out", f"{tmp_path}/run"]
    refused(args, 2, "Unrecognized options", "Unknown preset 'laptp'")


def test_the_audit_tells_of_all_runs(made: Path, tmp_path: Path, refused: Refused) -> None:
    (tmp_path / "empty").mkdir()
    runs = [f"{made}/none", f"{tmp_path}/empty", f"{made}/wide", f"{made}/original"]
    refused(
        ["audit", *runs, "--retrain", f"{made}/ft", "--json", "--md"],
        3,
        f"{made}/none holds no run",
        f"{tmp_path}/empty holds no run",
        "'ft', not of Retrain",
        "2 different networks",
        "--json and --md",
    )
