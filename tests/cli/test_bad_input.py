"""Wrong names, flags, values and recipes: each is told before any work, with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from mistakes import Refused, filled

TRAIN = ["train", "--out", "{tmp}/run", "--epochs", "1"]
UNLEARN = ["--original", "{made}/original", "--forget", "class:1", "--out", "{tmp}/run"]

NAMES = [
    (["trian"], 2, "Unknown verb 'trian'. Did you mean 'train'?"),
    (["TRAIN"], 2, "Did you mean 'train'?"),
    (["--seed", "3", "train"], 2, "The verb is missing"),
    (["list", "metods"], 2, "Did you mean 'methods'?"),
    (["list", "methods", "--jsno"], 2, "Did you mean '--json'?"),
    (["list", "methods", "models"], 2, "2 lists are named"),
    (["list"], 2, "usage: untrain list"),
    (["unlearn", "salum", *UNLEARN], 2, "Unknown method 'salum'. Did you mean 'salun'?"),
    (["unlearn", "CoUn", *UNLEARN], 2, "Did you mean 'coun'?"),
    (["unlearn", *UNLEARN, "coun"], 2, "The method is missing"),
    (["unlearn", "ft+contrastive", *UNLEARN], 2, "untrain unlearn ft --add contrastive"),
    (["unlearn"], 2, "usage: untrain unlearn METHOD"),
    ([*TRAIN, "--data", "digit"], 2, "Unknown data set 'digit'. Did you mean 'digits'?"),
    ([*TRAIN, "--data", "CIFAR-10"], 2, "Did you mean 'cifar10'?"),
    ([*TRAIN, "--model", "resnet81"], 2, "Unknown model 'resnet81'. Did you mean 'resnet18'?"),
    ([*TRAIN, "--preset", "labtop"], 2, "Unknown preset 'labtop'. Did you mean 'laptop'?"),
    ([*TRAIN, "--leraning-rate", "1"], 2, "Unrecognized options"),
    ([*TRAIN, "--ephocs", "1"], 2, "--epochs INT"),
    ([*TRAIN, "stray"], 2, "Unrecognized options: stray"),
    (["unlearn", "ft", *UNLEARN, "--add", "contrastiv"], 2, "Did you mean 'contrastive'?"),
    (["unlearn", "ft", *UNLEARN, "--contrastive.lam", "1"], 2, "Give --add contrastive as well"),
    (["train"], 2, "--out is missing"),
    (["train", "--out", ""], 2, "--out is missing"),
    (["unlearn", "coun", "--out", "{tmp}/run"], 2, "--original is missing"),
    (["unlearn", "coun", *UNLEARN[:2], "--out", "{tmp}/run"], 2, "--forget is missing"),
    (["unlearn", "coun", *UNLEARN, "--original", " "], 2, "--original is missing"),
    (["audit"], 2, "No run is named"),
    (["audit", ""], 3, "A name is empty"),
]

VALUES = [
    ([*TRAIN, "--epochs", "0"], 2, "--epochs 0 is out of range. where: --epochs"),
    ([*TRAIN, "--epochs", "1e3"], 2, "Error parsing --epochs"),
    ([*TRAIN, "--batch", "0"], 2, "--batch 0 is out of range"),
    ([*TRAIN, "--lr", "-1"], 2, "--lr -1.0 is out of range"),
    ([*TRAIN, "--lr", "nan"], 2, "--lr nan is out of range"),
    ([*TRAIN, "--lr", "fast"], 2, "Error parsing --lr"),
    ([*TRAIN, "--lr-min", "1"], 2, "It must be in [0, lr], and lr is 0.1"),
    ([*TRAIN, "--momentum", "1"], 2, "--momentum 1.0 is out of range"),
    ([*TRAIN, "--precision", "fp64"], 2, "invalid choice 'fp64'"),
    ([*TRAIN, "--threads", "-3"], 2, "--threads -3"),
    (["train", "--epochs", "1", "--out", "a\0b"], 2, "is no path"),
    ([*TRAIN, "--save-every", "nan"], 2, "--save-every nan is out of range"),
    ([*TRAIN, "--seed", "x"], 2, "Error parsing --seed"),
    ([*TRAIN, "--device", "cuda"], 3, "No GPU"),
    ([*TRAIN, "--width", "-4"], 2, "--width -4 is negative"),
    ([*TRAIN, "--model", "resnet18", "--width", "8"], 2, "multiple of 16"),
    ([*TRAIN, "--preset", ""], 2, "--preset is empty"),
    ([*TRAIN, "--recipe", ""], 2, "--recipe is empty"),
    ([*TRAIN, "--recipe", "{tmp}/none.toml"], 3, "No file"),
    ([*TRAIN, "--recipe", "{tmp}"], 2, "is a folder"),
    (["train", "--out", "x" * 300], 2, "is longer than 255 bytes"),
    (["unlearn", "coun", *UNLEARN, "--tau", "0"], 2, "--tau 0.0 is out of range"),
    (["unlearn", "coun", *UNLEARN, "--lam", "-1"], 2, "--lam -1.0 is out of range"),
    (["unlearn", "coun", *UNLEARN, "--batch", "1"], 2, "needs at least 2 images a batch"),
    (["unlearn", "cf-k", *UNLEARN, "--k", "0"], 2, "--k 0 is out of range"),
    (["unlearn", "cf-k", *UNLEARN, "--k", "99"], 2, "Use 1 to 4."),
    (["unlearn", "eu-k", *UNLEARN, "--k", "99"], 2, "Use 1 to 4."),
    (["unlearn", "not", *UNLEARN, "--tensors", "99"], 2, "There is no tensor 99"),
    (["unlearn", "not", *UNLEARN, "--tensors", "hed.bias"], 2, "Did you mean 'head.bias'?"),
    (["unlearn", "not", *UNLEARN, "--tensors", "0,,1"], 2, "--tensors '0,,1' is out of range"),
    (["unlearn", "salun", *UNLEARN, "--rho", "1e-9"], 2, "is not one of them"),
    (["unlearn", "scrub", *UNLEARN, "--rewind", "maybe"], 2, "Unrecognized options: maybe"),
    (["unlearn", "coun", *UNLEARN, "--add", "contrastive"], 2, "has the contrastive term already"),
    (["unlearn", "ssd", *UNLEARN, "--add", "contrastive"], 2, "has no step on retain images"),
]


@pytest.mark.parametrize(("args", "code", "message"), [*NAMES, *VALUES])
def test_a_mistake_is_told(
    args: list[str], code: int, message: str, made: Path, tmp_path: Path, refused: Refused
) -> None:
    refused(filled(args, tmp=tmp_path, made=made), code, message)


RECIPES = [
    ("epoch = 3", "Unknown key 'epoch'. Did you mean 'epochs'?"),
    ("epochs = 'many'", "epochs = 'many': Input should be a valid integer"),
    ("epochs = true", "epochs = True: Input should be a valid integer"),
    ("lr = [0.1, 0.2]", "lr = [0.1, 0.2]: Input should be a valid number"),
    ("bn = 'thawed'", "bn = 'thawed': Input should be 'train' or 'frozen'"),
    ("forget = ['class:1', 3]", "Input should be a valid string"),
    ("preset = 'laptop'", "Give --preset as a flag"),
    ("[method]\nepochs = 3", "Unknown table [method]"),
    ("[contrastive]\nlam = 1", "Give --add contrastive"),
    ("epochs 3", "is not valid TOML"),
    ("epochs = 0", "--epochs 0 is out of range"),
]


@pytest.mark.parametrize(("text", "message"), RECIPES)
def test_a_mistake_in_a_recipe_is_told(
    text: str, message: str, tmp_path: Path, refused: Refused
) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(text)
    refused(["train", "--out", f"{tmp_path}/run", "--recipe", str(recipe)], 2, message)


TERMS = [
    ("contrastive = 3", "Write a table: [contrastive]"),
    ("[contrastive]\nlam = 'x'", "lam = 'x': Input should be a valid number"),
    ("[contrastive]\ntua = 1", "Did you mean 'tau'?"),
    ("[contrastive]\ntau = 0", "--contrastive.tau 0 is out of range"),
]


@pytest.mark.parametrize(("text", "message"), TERMS)
def test_a_mistake_in_the_table_of_a_term_is_told(
    text: str, message: str, made: Path, tmp_path: Path, refused: Refused
) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(f"add = 'contrastive'\n{text}")
    args = ["unlearn", "ft", *UNLEARN, "--recipe", str(recipe)]
    refused(filled(args, tmp=tmp_path, made=made), 2, message)


def test_a_recipe_that_is_no_text_is_told(tmp_path: Path, refused: Refused) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_bytes(b"\xff\xfe\x00")
    refused(["train", "--out", f"{tmp_path}/run", "--recipe", str(recipe)], 2, "not valid TOML")
