"""Weights from elsewhere: safetensors and pickled checkpoints, which run no code unless trusted."""

from __future__ import annotations

import pickle
import re
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from pickletools import genops
from typing import Any

import torch
from torch import Tensor, nn

from untrain.errors import MISSING, UserError
from untrain.models.checkpoint import load

PICKLED = (".pt", ".pth", ".bin", ".ckpt", ".pkl")
NESTED = ("state_dict", "model_state_dict", "model", "net", "network", "weights", "module")
"""Under what training scripts keep the weights beside their epoch and optimiser."""
PREFIXES = ("module.", "_orig_mod.", "model.", "net.")
"""What DataParallel, torch.compile and Lightning put before the names."""


def read_weights(path: Path, trust: bool = False, where: str = "WEIGHTS") -> dict[str, Tensor]:
    """The tensors of a checkpoint by name, wherever in it they lie, on the CPU.

    trust: load pickled files that could run code, and whole models. where: the flag that names it.
    Raises UserError if the file is missing (3), could run code and is not trusted (3), is cut
    short, no checkpoint, or without weights (2).
    """
    if not path.is_file():
        kind = "is a folder" if path.is_dir() else "does not exist"
        raise UserError(f"{path} {kind}.", where, "Name a file of weights.", MISSING)
    if path.suffix.lower() == ".safetensors":
        return load(path)[0]
    if path.suffix.lower() not in PICKLED:
        known = ", ".join((".safetensors", *PICKLED))
        raise UserError(f"{path.name} is none of {known}.", str(path), "Rename or save it.")
    content = unpickled(path, trust)
    found = state_of(content)
    if not found:
        kind = type(content).__name__
        named = f" ({', '.join(map(str, list(content)[:5]))})" if isinstance(content, dict) else ""
        raise UserError(
            f"{path.name} holds a {kind}{named} without weights.",
            where=str(path),
            fix="Save model.state_dict(), alone or under the key state_dict.",
        )
    return found


def unpickled(path: Path, trust: bool) -> Any:
    """The content of a file that torch.save has written."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's thoughts about pickle protocols
            return torch.load(path, map_location="cpu", weights_only=not trust)
    except Exception as error:
        words = " ".join(str(error).split())
        if not trust and could_run_code(path, error):
            asks = re.search(r"GLOBAL (\S+)", words)
            raise UserError(
                f"{path.name} holds more than tensors{f', such as {asks[1]},' if asks else ''} "
                "and loading it can run code.",
                where=str(path),
                fix="Give --trust-pickle only for a file that you trust, or save a state_dict.",
                code=MISSING,
            ) from error
        if isinstance(error, ImportError | AttributeError):
            raise UserError(
                f"{path.name} needs code that is not here ({words}).",
                where=str(path),
                fix="Run this where its modules can be imported, or save a state_dict.",
                code=MISSING,
            ) from error
        raise UserError(
            f"{path.name} is damaged, cut short or no checkpoint "
            f"({type(error).__name__}: {words[:120]}).",
            where=str(path),
            fix="Copy or save it again: torch.save(model.state_dict(), PATH).",
        ) from error


def could_run_code(path: Path, error: Exception) -> bool:
    """Whether a refused file is a whole one: TorchScript, or a pickle of more than tensors."""
    if "TorchScript" in str(error):
        return True
    if not isinstance(error, pickle.UnpicklingError):
        return False
    return zipfile.is_zipfile(path) or is_pickle(path)


def is_pickle(path: Path) -> bool:
    """Whether a file begins with a whole pickle, which is read and not run."""
    with path.open("rb") as file:
        try:
            return sum(1 for _ in genops(file)) > 2
        except (ValueError, IndexError, OverflowError, UnicodeDecodeError):
            return False


def state_of(content: Any) -> dict[str, Tensor]:
    """The state_dict in what was loaded; empty if there is none."""
    if isinstance(content, nn.Module):
        return dict(content.state_dict())
    if not isinstance(content, Mapping):
        return {}
    for key in NESTED:
        inner = state_of(content.get(key))
        if inner:
            return inner
    return {str(name): value for name, value in content.items() if isinstance(value, Tensor)}


def renamed(tensors: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors without the prefixes that the model's own names do not have.

    Where some tensors lack a prefix, such as those of a metric or a loss, it is taken off the
    others if they then are all that the model has, and if no other prefix does the same.
    """
    found = {name: tensor for name, tensor in tensors.items() if name != "n_averaged"}
    again = True
    while again:
        again = False
        for prefix in PREFIXES:
            has = all(name.startswith(prefix) for name in found)
            if has and not any(name.startswith(prefix) for name in own):
                found = {name.removeprefix(prefix): tensor for name, tensor in found.items()}
                again = True
    return inside(found, own) or found


def inside(tensors: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same with a prefix taken off some of them, so that all of `own` is there; empty if no
    prefix does that, or several do."""
    needed = {name for name in own if not name.endswith("num_batches_tracked")}
    if needed <= tensors.keys():
        return dict(tensors)
    found = []
    for prefix in PREFIXES:
        within = {name: tensor for name, tensor in tensors.items() if name.startswith(prefix)}
        beside = {name: tensor for name, tensor in tensors.items() if name not in within}
        bare = {name.removeprefix(prefix): tensor for name, tensor in within.items()}
        whole = inside(bare, own) if bare else {}
        if whole and not whole.keys() & beside.keys():
            found.append(whole | beside)
    return found[0] if len(found) == 1 else {}


def spare(own: Mapping[str, Tensor], tensors: Mapping[str, Tensor]) -> set[str]:
    """The keys of a file that a network can do without, such as those of another head; but not
    those of further layers in a row, which make another network."""
    paths = {".".join(key.split(".")[:n]) for key in own for n in range(1, key.count(".") + 2)}
    rows = {numberless(path) for path in paths if path != numberless(path)}

    def further(key: str) -> bool:
        parts = key.split(".")
        depth = next(n for n in range(1, len(parts) + 1) if ".".join(parts[:n]) not in paths)
        in_a_row = numberless(".".join(parts[:depth])) in rows
        return in_a_row or parts[depth - 1].isdigit() or depth == len(parts)

    return {key for key in tensors if key not in own and not further(key)}


def beside(own: Mapping[str, Tensor], tensors: Mapping[str, Tensor]) -> set[str]:
    """Those spare keys that are of no module of the network at all, such as a metric's."""
    modules = {key.partition(".")[0] for key in own}
    return {key for key in spare(own, tensors) if key.partition(".")[0] not in modules}


def without(
    own: Mapping[str, Tensor], found: Mapping[str, Tensor], file: Mapping[str, Tensor]
) -> set[str]:
    """The keys that had no prefix where the network's had one: they lay outside of it.

    file: the tensors before they were `renamed`, found: after it.
    """
    return found.keys() & file.keys() - own.keys() if found.keys() - file.keys() else set()


def numberless(path: str) -> str:
    """A path without the number that its last name ends with: `fc` of `fc2`."""
    return path.rstrip("0123456789")
