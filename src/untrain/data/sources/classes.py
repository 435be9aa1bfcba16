"""Folders of images by what their class comes from: the folder that they lie in, or a column."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from untrain.data.pixels.decode import shown
from untrain.data.sources.labels import numbers_of
from untrain.data.sources.metadata import Metadata
from untrain.data.sources.parts import PARTS, val_as_test
from untrain.data.sources.tree import SUFFIXES, files_in, folders_in, images_below, parts_of
from untrain.errors import MISSING, Problems, UserError


@dataclass(frozen=True)
class Found:
    """The image files of a folder, their keys, and what they show."""

    files: list[Path]
    keys: list[str]
    labels: np.ndarray
    classes: list[str]
    table: dict[str, np.ndarray]


def by_class(root: Path) -> Found:
    """The images in the folders of their classes. Raises UserError with all that is wrong."""
    where = f"folder:{root}"
    tops = parts_of(root) or {"": root}
    places = [(part, path) for part, top in tops.items() for path in folders_in(top)]
    found = [(part, place, path) for part, place in places for path in images_below(place)]
    loose = [path for top in {root, *tops.values()} for path in files_in(top)]
    if not found:
        raise _nothing(root, loose)
    classes = sorted({place.name for _, place in places})
    files = [path for _, _, path in found]
    problems = Problems()
    problems.add(*_class_problems(places, {(part, place) for part, place, _ in found}, where))
    problems.add(*_file_problems(root, files, sorted(loose), where))
    problems.raise_all()
    number = {name: label for label, name in enumerate(classes)}
    table = {"part": np.asarray([part for part, _, _ in found])} if "train" in tops else {}
    inside = [path.relative_to(place).parent for _, place, path in found]
    if any(folder.parts for folder in inside):
        table["subclass"] = np.asarray(["/".join(folder.parts) for folder in inside])
    keys = [path.relative_to(root).as_posix() for path in files]
    labels = np.asarray([number[place.name] for _, place, _ in found])
    return Found(files, keys, labels, classes, table)


def by_column(root: Path, notes: Metadata, label: str, where: str) -> Found:
    """All images below a folder, with the labels of a column ("": found by its name) and the parts
    that the folders in ROOT are called after. Raises UserError if labels are missing."""
    files = images_below(root)
    keys = [path.relative_to(root).as_posix() for path in files]
    if not files:
        raise _nothing(root, [])
    problems = Problems()
    problems.add(*_file_problems(root, files, [], where))
    problems.attempt(notes.refuse_others, keys)
    problems.raise_all()
    cells = notes.column(label or notes.label, keys)
    lack = [key for key, cell in zip(keys, cells.tolist(), strict=True) if not cell]
    if lack:
        what = f"{len(lack)} of {len(keys)} images have no label: {shown(lack)}."
        fix = f"Give each a row with its {label or notes.label}, or move it elsewhere."
        problems.add(UserError(what, ", ".join(map(str, notes.files)), fix))
    problems.raise_all()
    labels, classes = numbers_of(cells)
    said = [PARTS.get(key.partition("/")[0].lower(), "") * ("/" in key) for key in keys]
    meant = val_as_test(set(said))
    parts = np.asarray([meant[part] or "train" for part in said])
    return Found(files, keys, labels, classes, {"part": parts} if "train" in said else {})


def refuse_other_labels(found: Found, notes: Metadata) -> None:
    """Raise UserError if a column of labels contradicts the folders that images lie in.

    It is one of labels if all its cells are classes.
    """
    cells = notes.column(notes.label, found.keys) if notes.label else np.asarray([], dtype=str)
    if not set(cells.tolist()) - {""} or not set(cells.tolist()) <= {"", *found.classes}:
        return
    pairs = zip(found.keys, found.labels.tolist(), cells.tolist(), strict=True)
    differ = [
        f"{key} ({found.classes[label]}, {cell})"
        for key, label, cell in pairs
        if cell and found.classes[label] != cell
    ]
    if differ:
        what = f"{len(differ)} images have two labels, that of their folder and another one in "
        what += f"column '{notes.label}': {shown(differ)}."
        fix = f"Correct them, or take those of the column: --label {notes.label}."
        raise UserError(what, ", ".join(map(str, notes.files)), fix)


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
