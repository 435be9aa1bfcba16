"""Weights and resume states as safetensors: loading one never runs code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from untrain.errors import MISSING, UserError
from untrain.files import atomic
from untrain.models.given import weights_of
from untrain.models.output import unwrap

NAMED = 3
"""Keys that an error names of those that are missing or unknown."""


def put_weights(module: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Load the tensors of a state_dict; what else the module keeps in it stays its own."""
    own = module.state_dict()
    module.load_state_dict(
        {n: v for n, v in own.items() if not isinstance(v, Tensor)} | {**tensors}
    )


def save(path: Path, tensors: dict[str, Tensor], about: dict[str, Any]) -> None:
    """Write tensors and a JSON description into one file, atomically; tied ones each in full."""
    whole, stored = {}, set()
    for name, tensor in tensors.items():
        tensor = tensor.detach().cpu().contiguous()
        place = tensor.untyped_storage().data_ptr()
        whole[name] = tensor.clone() if place in stored else tensor  # the format knows no ties
        stored.add(place)
    with atomic(path) as draft:
        try:
            save_file(whole, draft, metadata={"untrain": json.dumps(about)})
        except SafetensorError as error:  # its name for a full disk
            raise OSError(str(error)) from error


def load(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read both back. Raises UserError if the file is missing, cut short or of another kind.

    safetensors opens a file twice: one that another process replaces meanwhile is read again.
    """
    while True:
        before = stamp(path)
        try:
            found = _load(path)
        except (RuntimeError, OSError, UserError):
            if stamp(path) == before:
                raise
        else:
            if stamp(path) == before:
                return found


def stamp(path: Path) -> tuple[int, ...]:
    """What changes when another file is put in the place of one; () where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns


def _load(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    if not path.is_file():
        raise UserError(f"No checkpoint {path.name}.", str(path.parent), "Check the path.", MISSING)
    try:
        with safe_open(path, "pt") as file:
            about = described((file.metadata() or {}).get("untrain", "{}"))
            return {name: file.get_tensor(name) for name in file.keys()}, about  # noqa: SIM118
    except SafetensorError as error:
        raise UserError(
            f"{path.name} is not a whole safetensors file ({error}).",
            where=str(path.parent),
            fix="Copy or write it again.",
        ) from error


def described(text: str) -> dict[str, Any]:
    """The description in a file of ours; empty for what is none."""
    try:
        about = json.loads(text)
    except json.JSONDecodeError:
        return {}
    return about if isinstance(about, dict) else {}


def load_weights(model: nn.Module, path: Path) -> nn.Module:
    """Load weights into a model. Raises UserError that names what does not fit."""
    tensors, _ = load(path)
    inner = unwrap(model)
    lines = misfits(weights_of(inner), tensors)
    if lines:
        raise UserError(
            f"{path.name} does not fit the model ({'; '.join(lines)}).",
            where=str(path.parent),
            fix="Name the architecture and data set that it was trained with.",
        )
    put_weights(inner, tensors)
    return model


def misfits(own: Mapping[str, Tensor], tensors: Mapping[str, Tensor]) -> list[str]:
    """In what tensors differ from a model's own: shapes, what is missing, what is unknown."""
    shapes = [
        f"{name} is {tuple(tensors[name].shape)} in the file, {tuple(own[name].shape)} in the model"
        for name in own
        if name in tensors and tensors[name].shape != own[name].shape
    ]
    missing = [name for name in own if name not in tensors]
    foreign = [name for name in tensors if name not in own]
    lines = shapes[:2] + [f"{len(shapes)} have another shape in all"] * (len(shapes) > 2)
    if missing:
        first = ", ".join(missing[:NAMED])
        lines.append(f"{len(missing)} of the model's {len(own)} are missing, first {first}")
    if foreign:
        first = ", ".join(foreign[:NAMED])
        lines.append(f"{len(foreign)} of the file's {len(tensors)} are unknown, first {first}")
    return lines
