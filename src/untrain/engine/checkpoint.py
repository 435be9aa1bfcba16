"""Weights and resume states as safetensors: loading one never runs code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from untrain.errors import MISSING, UserError
from untrain.files import atomic


def save(path: Path, tensors: dict[str, Tensor], about: dict[str, Any]) -> None:
    """Write tensors and a JSON description into one file, atomically."""
    whole = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with atomic(path) as draft:
        save_file(whole, draft, metadata={"untrain": json.dumps(about)})


def load(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read both back. Raises UserError if the file is missing, cut short or of another kind."""
    if not path.is_file():
        raise UserError(f"No checkpoint {path.name}.", str(path.parent), "Check the path.", MISSING)
    try:
        with safe_open(path, "pt") as file:
            about = json.loads((file.metadata() or {}).get("untrain", "{}"))
            return {name: file.get_tensor(name) for name in file.keys()}, about  # noqa: SIM118
    except SafetensorError as error:
        raise UserError(
            f"{path.name} is not a whole safetensors file ({error}).",
            where=str(path.parent),
            fix="Write it again; pickled checkpoints are not loaded, as loading could run code.",
        ) from error


def load_weights(model: nn.Module, path: Path) -> nn.Module:
    """Load weights into a model. Raises UserError that names what does not fit."""
    tensors, _ = load(path)
    own = model.state_dict()
    missing, foreign = sorted(own.keys() - tensors.keys()), sorted(tensors.keys() - own.keys())
    shapes = [
        f"{name}: {tuple(tensors[name].shape)} in the file, {tuple(own[name].shape)} in the model"
        for name in own
        if name in tensors and tensors[name].shape != own[name].shape
    ]
    if missing or foreign or shapes:
        lines = shapes[:3]
        lines += [f"missing: {', '.join(missing[:3])}"] * bool(missing)
        lines += [f"unknown: {', '.join(foreign[:3])}"] * bool(foreign)
        raise UserError(
            f"{path.name} does not fit the model ({'; '.join(lines)}).",
            where=str(path.parent),
            fix="Name the architecture and data set that it was trained with.",
        )
    model.load_state_dict(tensors)
    return model
