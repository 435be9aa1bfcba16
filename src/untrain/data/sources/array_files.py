"""Arrays and tensors in files: npz and npy of NumPy, pt and pth of torch."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from untrain.data.images import Images
from untrain.data.reading import Reading
from untrain.data.sources.arrays import images_of
from untrain.data.sources.parts import part_in
from untrain.errors import MISSING, Problems, UserError
from untrain.files import TORN

NUMPY = (".npz", ".npy")
TORCH = (".pt", ".pth")


def numpy_files(path: Path, reading: Reading) -> Images:
    """Images, labels and columns from an npz, or from the npz and npy files of a folder.

    Their names say what they are: x and y, images and labels, x_train and y_test, and others of
    the same length columns. Npy files are memory-mapped. Pickled arrays are refused.
    Raises UserError with all that is wrong.
    """
    return _files("numpy", path, NUMPY, _numpy, reading)


def torch_files(path: Path, reading: Reading) -> Images:
    """The same from what torch.save wrote: (images, labels), or a dict of tensors by name; or the
    parts as files of a folder. Nothing but tensors and plain containers is loaded."""
    return _files("torch", path, TORCH, _torch, reading)


def _files(
    kind: str,
    path: Path,
    suffixes: tuple[str, ...],
    read: Callable[[Path], Any],
    reading: Reading,
) -> Images:
    where = f"{kind}:{path}"
    files = [path]
    if path.is_dir():
        files = sorted(f for f in path.glob("[!.]*") if f.suffix.lower() in suffixes)
    if not files or not all(file.is_file() for file in files):
        ending = " or ".join(f"*{suffix}" for suffix in suffixes)
        what = f"There is no {ending} in {path}." if path.is_dir() else f"No file {path}."
        raise UserError(what, where, "Check the path.", MISSING)
    problems = Problems()
    contents = {file: problems.attempt(read, file) for file in files}
    problems.raise_all()
    if files == [path] and path.suffix.lower() == ".npy":
        what = f"{path.name} holds one array, and there are images and labels."
        raise UserError(what, where, "Name the folder that holds x.npy and y.npy, or an npz.")
    value = contents[path] if files == [path] else _joined(contents)
    return images_of(value, where, f"{kind}:{path.name}", reading)


def _joined(contents: Mapping[Path, Any]) -> dict[str, Any]:
    """The contents of several files under one roof: an array under the name of its file, and what
    a file holds by name, or as a pair, with the name of the file if that is a part."""
    joined: dict[str, Any] = {}
    for file, content in contents.items():
        part = part_in(file.stem)
        if isinstance(content, Mapping):
            joined |= {f"{part}_{name}" if part else str(name): v for name, v in content.items()}
        elif isinstance(content, tuple | list) and len(content) == 2:
            x, y = content
            joined |= {f"{part}_x": x, f"{part}_y": y} if part else {"x": x, "y": y}
        else:
            joined[file.stem] = content
    return joined


def _numpy(path: Path) -> Any:
    fix = "Save arrays of numbers or text with numpy.save or numpy.savez."
    try:
        if path.suffix.lower() == ".npy":
            return np.load(path, mmap_mode="c", allow_pickle=False)
        with path.open("rb") as file, np.load(file, allow_pickle=False) as saved:
            return {name: saved[name] for name in saved.files}
    except (*TORN, AttributeError) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0][:100]
        what = f"{path.name} is no readable file of plain arrays ({said})."
        raise UserError(what, str(path), fix) from error


def _torch(path: Path) -> Any:
    import torch

    fix = "Save tensors: torch.save((images, labels), FILE), or a dict of them by name."
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        what = f"{path.name} holds other things than tensors, which may run code when loaded."
        raise UserError(what, str(path), fix) from error
    except (RuntimeError, AttributeError, LookupError, *TORN) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0][:100]
        what = f"{path.name} is no readable file of torch ({said})."
        raise UserError(what, str(path), fix) from error
