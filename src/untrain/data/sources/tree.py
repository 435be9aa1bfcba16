"""Image files in a tree of folders, and which of the folders are parts or classes."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

from untrain.data.pixels.decode import shown
from untrain.errors import UserError
from untrain.progress import say

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff", ".gif")
TRAIN = ("train", "training")
"""What the folder of the training part may be called, in any case."""
TEST = ("test", "testing", "val", "valid", "validation")
"""What the folder of the test part may be called; the first that is there."""
FOREIGN = "__MACOSX"
"""What archives leave behind beside hidden files."""


def images_below(folder: Path) -> list[Path]:
    """Image files at any depth, sorted; links are followed, but not around in a circle."""
    above = {*folder.resolve().parents, *(path.resolve() for path in folder.absolute().parents)}
    return sorted(_below(folder, frozenset(above)))


def _below(folder: Path, above: frozenset[Path]) -> list[Path]:
    here = folder.resolve()
    if here in above:
        return []
    inside = [path for sub in folders_in(folder) for path in _below(sub, above | {here})]
    return files_in(folder) + inside


def spelled(folder: Path, cell: str) -> Path:
    """The file that a cell of a table names below a folder: as it is written or, if there is none,
    with / for the \\ of Windows and accents as parts of letters or as signs of their own."""
    path = folder / cell
    if os.path.isfile(path):  # unlike Path's own, it bears names that no file can have
        return path
    plain = cell.replace("\\", "/")
    others = [folder / plain, *(folder / unicodedata.normalize(f, plain) for f in ("NFC", "NFD"))]
    return next((other for other in others if os.path.isfile(other)), path)


def folders_in(top: Path) -> list[Path]:
    return sorted(p for p in top.iterdir() if p.is_dir() and not _hidden(p))


def files_in(top: Path) -> list[Path]:
    """Files that are images by their name, and links with such a name that lead nowhere."""
    named = (p for p in top.iterdir() if p.suffix.lower() in SUFFIXES and not _hidden(p))
    return [path for path in named if not path.is_dir()]


def _hidden(path: Path) -> bool:
    return path.name.startswith(".") or path.name == FOREIGN


def parts_of(root: Path) -> dict[str, Path]:
    """The folders of the parts `train` and `test`, {} if the folders in ROOT are classes.

    A folder with the name of a part is one if there are folders in it; beside classes, if it has
    images of its own, it is a class as well.
    Raises UserError where parts and classes stand side by side, or a part is there twice.
    """
    folders = folders_in(root)
    parts = [p for p in folders if p.name.lower() in (*TRAIN, *TEST) and folders_in(p)]
    trains = [path for path in parts if path.name.lower() in TRAIN]
    tests = sorted(set(parts) - set(trains), key=lambda path: TEST.index(path.name.lower()))
    others = [p.name for p in folders if parts and p not in parts and images_below(p)]
    classes = bool(others) and not (trains and tests) and any(map(files_in, parts))
    if classes or not parts or (len(folders) == 1 and not trains):
        return {}
    what = ""
    if len(trains) > 1 or len({path.name.lower() for path in tests}) < len(tests):
        what = f"Folders of one part stand there twice: {shown([path.name for path in parts])}."
    elif not trains or (others and not tests):
        beside = f" beside class folders ({shown(others)})" if others else " and none called train"
        what = f"There is a folder {shown([path.name for path in parts])}{beside}: is it a part?"
    if what:
        fix = "Arrange them as ROOT/class/..., or as ROOT/train/class/... and ROOT/test/class/..."
        raise UserError(what, f"folder:{root}", fix)
    unused = [path.name for path in tests[1:]] + others
    if unused:
        say(f"{root}: the images in {', '.join(unused)} are not used, but only train and test")
    return {"train": trains[0]} | ({"test": tests[0]} if tests else {})


def is_flat(root: Path) -> bool:
    """Whether images lie beside each other in ROOT, or in the folders of its parts."""
    holders = [path for path in folders_in(root) if images_below(path)]
    parts = [path for path in holders if path.name.lower() in (*TRAIN, *TEST)]
    inner = [path for part in parts for path in folders_in(part) if images_below(path)]
    return parts == holders and not inner and bool(parts or files_in(root))
