"""Folders of image files, one folder per class."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import torch

from untrain.data.cache import cached, fingerprint
from untrain.data.decode import VERSION, decode, shown
from untrain.data.images import Images, content_hash
from untrain.errors import MISSING, Problems, UserError
from untrain.progress import say

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff", ".gif")
TRAIN = ("train", "training")
"""What the folder of the training part may be called, in any case."""
TEST = ("test", "testing", "val", "valid", "validation")
"""What the folder of the test part may be called; the first that is there."""
FOREIGN = "__MACOSX"
"""What archives leave behind beside hidden files."""


def folder(root: Path) -> Images:
    """Images from `ROOT/class/*.png`, or `ROOT/train/class/...` and `ROOT/test/class/...`.

    Keys are the paths below ROOT, such as `truck/0001.png`. Folders in the folder of a class are
    its subclasses. Hidden files and files of another kind are passed over.
    Raises UserError with all that is wrong.
    """
    if not root.is_dir():
        what = f"{root} is a file, not a folder." if root.exists() else f"No folder {root}."
        raise UserError(what, f"folder:{root}", "Check the path.", MISSING)
    try:
        return _folder(root)
    except OSError as error:
        what = f"{error.filename} cannot be read: {error.strerror}."
        raise UserError(what, f"folder:{root}", "Check its permissions.", MISSING) from error


def _folder(root: Path) -> Images:
    where = f"folder:{root}"
    tops = _parts(root) or {"": root}
    places = [(part, path) for part, top in tops.items() for path in _folders(top)]
    found = [(part, place, path) for part, place in places for path in images_below(place)]
    loose = [path for top in {root, *tops.values()} for path in _files(top)]
    if not found:
        raise _nothing(root, loose)
    classes = sorted({place.name for _, place in places})
    files = [path for _, _, path in found]
    problems = Problems()
    problems.add(*_class_problems(places, {(part, place) for part, place, _ in found}, where))
    problems.add(*_file_problems(root, files, sorted(loose), where))
    problems.raise_all()
    keys = [path.relative_to(root).as_posix() for path in files]
    number = {name: label for label, name in enumerate(classes)}
    labels = np.asarray([number[place.name] for _, place, _ in found])
    table = {"part": np.asarray([part for part, _, _ in found])} if "train" in tops else {}
    inside = [path.relative_to(place).parent for _, place, path in found]
    if any(folder.parts for folder in inside):
        table["subclass"] = np.asarray(["/".join(folder.parts) for folder in inside])

    def read() -> Images:
        encoded = [path.read_bytes() for path in files]
        return Images(
            x=decode(encoded, keys, where),
            y=torch.from_numpy(labels),
            classes=classes,
            keys=np.asarray(keys),
            table=table,
            name=f"folder:{root.name}",
            hash=content_hash(encoded, labels),
        )

    return cached("folder", fingerprint(where, files, {"decode": VERSION}), read)


def images_below(folder: Path) -> list[Path]:
    """Image files at any depth, sorted; links are followed, but not around in a circle."""
    return sorted(_below(folder, ()))


def _below(folder: Path, above: tuple[Path, ...]) -> list[Path]:
    here = folder.resolve()
    if here in above:
        return []
    inside = [path for sub in _folders(folder) for path in _below(sub, (*above, here))]
    return _files(folder) + inside


def _folders(top: Path) -> list[Path]:
    return sorted(p for p in top.iterdir() if p.is_dir() and not _hidden(p))


def _files(top: Path) -> list[Path]:
    """Files that are images by their name, and links with such a name that lead nowhere."""
    named = (p for p in top.iterdir() if p.suffix.lower() in SUFFIXES and not _hidden(p))
    return [path for path in named if not path.is_dir()]


def _hidden(path: Path) -> bool:
    return path.name.startswith(".") or path.name == FOREIGN


def _parts(root: Path) -> dict[str, Path]:
    """The folders of the parts `train` and `test`, {} if the folders in ROOT are classes.

    A folder with the name of a part is one if there are folders in it; beside classes, if it has
    images of its own, it is a class as well.
    Raises UserError where parts and classes stand side by side, or a part is there twice.
    """
    folders = _folders(root)
    parts = [p for p in folders if p.name.lower() in (*TRAIN, *TEST) and _folders(p)]
    trains = [path for path in parts if path.name.lower() in TRAIN]
    tests = sorted(set(parts) - set(trains), key=lambda path: TEST.index(path.name.lower()))
    others = [p.name for p in folders if parts and p not in parts and images_below(p)]
    classes = bool(others) and not (trains and tests) and any(map(_files, parts))
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


def _nothing(root: Path, loose: list[Path]) -> UserError:
    """The error for a folder that gives no images."""
    lying = f" {len(loose)} images lie directly in it." if loose else ""
    fix = "Arrange the images as ROOT/class/image.png."
    if any(root.glob("*.parquet")):
        fix = f"Did you mean parquet:{root}?"
    return UserError(
        "No images found; expected one folder per class with "
        f"{', '.join(SUFFIXES[:4])} files.{lying}",
        where=f"folder:{root}",
        fix=fix,
        code=MISSING,
    )


def _class_problems(
    places: list[tuple[str, Path]], full: set[tuple[str, Path]], where: str
) -> list[UserError]:
    """What is wrong with the folders of classes; places: part and folder; full: with images."""
    empty = ["/".join(filter(None, (part, p.name))) for part, p in places if (part, p) not in full]
    names = {path.name for _, path in places}
    spelled = Counter(name.lower() for name in names)
    cases = sorted(name for name in names if spelled[name.lower()] > 1)
    trained = {path.name for part, path in places if part != "test"}
    untrained = sorted(names - trained - set(cases))
    problems = [
        UserError(f"{what}: {shown(bad)}.", where, fix)
        for bad, what, fix in (
            (empty, "Class folders without an image", "Remove them or put images into them."),
            (cases, "Class folders that differ in upper and lower case only", "Join each pair."),
            (untrained, "Classes without a training image", "Add some, or remove the test images."),
        )
        if bad
    ]
    if len(names) == 1:
        what = f"There is one class only: {min(names)}."
        problems.append(UserError(what, where, "Name the folder that holds all class folders."))
    return problems


def _file_problems(root: Path, files: list[Path], loose: list[Path], where: str) -> list[UserError]:
    """What is wrong with the files, apart from what is in them."""
    lost = [path for path in files if not path.is_file()]
    foreign = [path for path in files if any("\ud800" <= sign <= "\udfff" for sign in str(path))]
    return [
        UserError(f"{len(bad)} {what}: {shown([_shown(path, root) for path in bad])}.", where, fix)
        for bad, what, fix in (
            (loose, "images lie beside the class folders", "Move each into the folder of a class."),
            (lost, "images are links that lead nowhere", "Mend or remove them."),
            (foreign, "file names are not UTF-8", "Rename these files."),
        )
        if bad
    ]


def _shown(path: Path, root: Path) -> str:
    return str(path.relative_to(root)).encode(errors="backslashreplace").decode()
