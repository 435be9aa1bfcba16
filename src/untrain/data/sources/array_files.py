"""Arrays and tensors in files: npz and npy of NumPy, pt and pth of torch."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from untrain.data.images import Images
from untrain.data.pairs import is_pair, plain
from untrain.data.pixels.decode import shown
from untrain.data.reading import Reading
from untrain.data.sources.array_names import names_classes
from untrain.data.sources.arrays import images_of
from untrain.data.sources.parts import part_in
from untrain.errors import MISSING, Problems, UserError
from untrain.files import TORN

NUMPY = (".npz", ".npy")
TORCH = (".pt", ".pth")


def numpy_files(path: Path, reading: Reading) -> Images:
    """Images, labels and columns from an npz, or from the npz and npy files of a folder.

    Their names say what they are: x and y, images and labels, x_train and y_test, and others of
    the same length columns. Files that hold the same names follow each other, in the order of
    their names. Npy files are memory-mapped. Pickled arrays are refused.
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
    value = contents[path] if files == [path] else _joined(contents, where)
    return images_of(value, where, f"{kind}:{path.name}", reading)


def _joined(contents: Mapping[Path, Any], where: str) -> dict[str, Any]:
    """The contents of several files under one roof: an array under the name of its file, and what
    a file holds by name, or as a pair, with the name of the file if that is a part.

    Files that hold the same names follow each other. Raises UserError where they do not fit.
    """
    held = {file: _arrays(file, content) for file, content in contents.items()}
    names = dict.fromkeys(name for arrays in held.values() for name in arrays)
    problems, joined = Problems(), {}
    for name in names:
        files = [file for file, arrays in held.items() if name in arrays]
        odd = next((f for f in files if _rows_of(held[f]) != _rows_of(held[files[0]])), None)
        if odd:
            what = f"{files[0].name} and {odd.name} both hold {name}, but not the same arrays "
            what += f"({', '.join(held[files[0]])}; {', '.join(held[odd])})."
            fix = "Save the same arrays in each, or call the files after their parts: train, test."
            problems.add(UserError(what, where, fix))
        else:
            parts = {file.name: held[file][name] for file in files}
            joined[name] = problems.attempt(_one_of, parts, name, where)
    problems.raise_all()
    return joined


def _rows_of(arrays: Mapping[str, Any]) -> set[str]:
    """The names of arrays that hold something of each image."""
    return {name for name in arrays if not names_classes(name)}


def _arrays(file: Path, content: Any) -> dict[str, Any]:
    part = part_in(file.stem)
    if is_pair(content):
        content = {"x": content[0], "y": content[1]}
    if isinstance(content, Mapping):
        return {f"{part}_{name}" if part else str(name): v for name, v in content.items()}
    return {file.stem: content}


def _one_of(parts: Mapping[str, Any], name: str, where: str) -> Any:
    """The arrays of one name, file after file; names of classes once.

    Raises UserError if they differ in shape or type, or in the names of the classes.
    """
    given = list(parts.values())
    if len(given) == 1:
        return given[0]
    if all(isinstance(one, list) for one in given):
        return [cell for one in given for cell in one]
    arrays = [plain(one) for one in given]
    if names_classes(name) and all(one.dtype.kind in "US" for one in arrays):
        if all(np.array_equal(one, arrays[0]) for one in arrays):
            return arrays[0]
        what = f"{shown(list(parts))} name the classes differently, in '{name}'."
        raise UserError(what, where, "Save all files with the same names, in one order.")
    kinds = {(one.shape[1:], one.dtype if one.ndim > 1 else _kind(one)) for one in arrays}
    if len(kinds) > 1 or arrays[0].ndim == 0:
        told = [f"{f} {a.shape} {a.dtype}" for f, a in zip(parts, arrays, strict=True)]
        what = f"Array '{name}' differs in shape or type from file to file: {shown(told)}."
        raise UserError(what, where, "Save all files in one size and type.")
    return np.concatenate(arrays)


def _kind(array: np.ndarray) -> str:
    return {"u": "i"}.get(array.dtype.kind, array.dtype.kind)


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

    fix = "Save tensors: torch.save((images, labels), FILE), or a dict of them by name, with the "
    fix += "pickle protocol that it takes by itself."
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the version of its pickle
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        what = f"{path.name} holds other things than tensors, which may run code when loaded."
        raise UserError(what, str(path), fix) from error
    except (RuntimeError, AttributeError, LookupError, *TORN) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0][:100]
        what = f"{path.name} is no readable file of torch ({said})."
        raise UserError(what, str(path), fix) from error
