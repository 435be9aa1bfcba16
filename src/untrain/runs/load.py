"""What a finished run gives back: its data set and its model, checked by their hashes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import nn

from untrain.config import DataConfig, ModelConfig, build
from untrain.data.images import Images
from untrain.engine.checkpoint import load_weights
from untrain.errors import UserError
from untrain.files import file_hash
from untrain.runs.record import read


def data_of(run: dict[str, Any], root: str = "") -> tuple[DataConfig, Images]:
    """The data set that a run was made with, checked by its hash."""
    values = run["config"]["data"] | ({"data_root": root} if root else {})
    data: DataConfig = build(DataConfig, values, "run.json")
    images, _ = data.load()
    if images.hash != run["images"]["hash"]:
        raise UserError(
            f"{data.data} is not the data set that the run was made with (hashes differ).",
            where=data.data_root or data.data,
            fix="Give the same files, with --data-root if they have moved.",
        )
    return data, images


def load_model(folder: Path, images: Images) -> nn.Module:
    """The model of a finished run."""
    run, path = read(folder), folder / "model.safetensors"
    model: ModelConfig = build(ModelConfig, run["config"]["model"], str(folder))
    made = load_weights(model.spec(images).make(0), path)
    if file_hash(path) != run["checkpoints"]["child"]:
        raise UserError(
            f"{path.name} is not the file that the run has written (hashes differ).",
            where=str(folder),
            fix="Put the run's own weights back, or make the run again.",
        )
    return made
