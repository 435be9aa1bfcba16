"""What a finished run gives back: its record, its data set and its model, checked by hashes."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from torch import nn

from untrain.config import DataConfig, ModelConfig, build, path_of
from untrain.data.images import Images
from untrain.data.sets.splits import Split, load_split
from untrain.errors import MISSING, UserError
from untrain.files import file_hash
from untrain.models.checkpoint import load_weights
from untrain.models.ecosystems import Pictured, tell
from untrain.models.identity import code
from untrain.runs.record import read

NEEDED = {
    "config": ("data", "model", "method", "terms", "seed", "forget"),
    "images": ("hash",),
    "checkpoints": ("parent", "child"),
    "cost": ("seconds", "flops"),
}
"""What is read of run.json; one that lacks any of it is no run's."""


def described(folder: Path) -> dict[str, Any]:
    """The run.json of a folder that a user has named.

    Raises UserError if there is none, with runs nearby, or if it is damaged.
    """
    if folder.is_file():
        raise UserError(
            f"{folder} is a file, not the folder of a run.",
            where=str(folder),
            fix=f"Name its folder, {folder.parent}." if is_run(folder.parent) else "Name a folder.",
        )
    near = [] if is_run(folder) or (folder / "resume.safetensors").exists() else nearby(folder)
    if near:
        raise UserError(
            f"{folder} holds no run.",
            where=str(folder),
            fix=f"Did you mean {' or '.join(map(str, near[:5]))}?",
            code=MISSING,
        )
    run = read(folder)
    lost = [
        f"{name}.{key}"
        for name, keys in NEEDED.items()
        for key in keys
        if not isinstance(run[name], dict) or key not in run[name]
    ]
    if lost:
        what = f"run.json is damaged: it lacks {', '.join(lost)}."
        raise UserError(what, str(folder), "Make the run again.")
    return run


def is_run(folder: Path) -> bool:
    return (folder / "run.json").is_file()


def nearby(folder: Path) -> list[Path]:
    """Runs inside of a folder that is none; beside one that does not exist, those of its name."""
    if folder.is_dir():
        return sorted(path.parent for path in folder.glob("*/run.json"))
    beside = {path.parent.name: path.parent for path in folder.parent.glob("*/run.json")}
    return [beside[name] for name in get_close_matches(folder.name, beside)]


class Origin(NamedTuple):
    """What a run gives to those that start from it."""

    folder: Path
    run: dict[str, Any]
    data: DataConfig
    model: ModelConfig
    images: Images
    split: Split


def origin(folder: Path, root: str = "") -> Origin:
    """A run to start from; root: where its data lie now, if they have moved.

    Raises UserError if the run, its data or its split are missing, damaged or of other images.
    """
    run = described(folder)
    model = build(ModelConfig, run["config"]["model"], f"{folder}/run.json")
    data, images = data_of(run, root)
    return Origin(folder, run, data, model, images, load_split(folder / "split.npz", images))


def data_of(run: dict[str, Any], root: str = "") -> tuple[DataConfig, Images]:
    """The data set that a run was made with, checked by its hash.

    root: where the data lie now, if they have moved: what --data-root was, or the folder or file
    that --data has named, or what holds it. Of `python:` it is the function that says where.
    """
    values = dict(run["config"]["data"])
    kind, _, path = values["data"].partition(":")
    placed = path and kind != "python"
    if root and placed:
        inside = path_of(root) / Path(path).name
        values["data"] = f"{kind}:{inside if inside.exists() else root}"
    elif root:
        values["data_root"] = root
    for name in ("test", "val", "unseen"):  # beside the data, where they have moved with them
        kind_of, _, given = values.get(name, "").partition(":")
        if root and given and (path_of(root) / Path(given).name).exists():
            values[name] = f"{kind_of}:{path_of(root) / Path(given).name}"
    data: DataConfig = build(DataConfig, values, "run.json")
    place = data.data.partition(":")[2]
    if placed and not Path(place).exists():
        raise UserError(
            f"No {kind} {place}, where the images of the run should be.",
            where="--data-root",
            fix="Say where the images are now: --data-root FOLDER.",
            code=MISSING,
        )
    images, _ = data.load()
    if images.hash != run["images"]["hash"]:
        raise UserError(
            f"{data.data} is not the data set that the run was made with (hashes differ).",
            where=data.data_root or data.data,
            fix="Give the same files, with --data-root if they have moved.",
        )
    return data, images


def load_model(folder: Path, images: Images | Pictured) -> nn.Module:
    """The model of a finished run; of its images only classes, channels and size are asked for."""
    run, path = read(folder), folder / "model.safetensors"
    model: ModelConfig = build(ModelConfig, run["config"]["model"], str(folder))
    if run.get("code", "") and run["code"] != code(model.model):
        tell(
            f"warning: the file of {model.model} has changed since {folder} was made: its weights "
            "now stand in the network as it is written today"
        )
    made = load_weights(model.spec(images).bare(), path)
    if file_hash(path) != run["checkpoints"]["child"]:
        raise UserError(
            f"{path.name} is not the file that the run has written (hashes differ).",
            where=str(folder),
            fix="Put the run's own weights back, or make the run again.",
        )
    return made
