"""Test images, and images for choices and audits, that come from elsewhere, joined to a data set.

    cifar10, folder:PATH, ...   a data set as in --data
    test:0.5                    a fixed part of the test images, for choices and audits
    drawn                       test images: the share that is drawn from data without a test part

For models that were trained elsewhere, of whose training images nothing can be held out any more.
The rows join with keys `test/...`, `val/...` and `unseen/...` and say so in the column `part`, as
sources of such parts do. A part of the test images depends on their keys alone and is marked in
the column `test_part`; `make_split` takes it out of the test set, which may be drawn there only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import torch

from untrain.data.images import Images
from untrain.data.pixels.decode import shown
from untrain.data.pixels.equal import equal
from untrain.data.pixels.room import joined
from untrain.data.reading import Reading
from untrain.data.sets.splits import has_test
from untrain.errors import MISSING, Problems, UserError
from untrain.progress import say

SETS = ("test", "val", "unseen")
"""What can be given, in the order in which it joins."""
DRAWN = "drawn"
"""What asks for test images out of the data themselves."""
PART = "test"
"""What a part of the test images begins with, as in test:0.5."""


def with_given(
    images: Images, asked: Mapping[str, str], root: str = "", reading: Reading | None = None
) -> Images:
    """The same data set with test images, images for choices (val) and for audits (unseen).

    asked: by the name of the set, a data set as in --data, `test:SHARE` (val, unseen), `drawn`
    (test), or "" for none. root, reading: as for the data set itself. Images that are in the data
    set already, pixel by pixel, or in several sets, are left out, which is said. Raises UserError,
    with all that is wrong, for other classes, channels or sizes, for shares out of range, for test
    images where the data have some, and where no image is left.
    """
    from untrain.data.sources import load

    problems, reading = Problems(), reading or Reading()
    shares = {
        name: problems.attempt(share_of, name, text)
        for name, text in asked.items()
        if is_part(text) and name != "test"
    }
    problems.attempt(_check_test, images, asked.get("test", ""))
    found = {
        name: problems.attempt(_told(load, name, text), text, root, reading)
        for name, text in asked.items()
        if text and name not in shares and (name, text) != ("test", DRAWN)
    }
    for name, given in found.items():
        if given is not None:
            found[name] = problems.attempt(_alike, images, given, name, asked[name])
    if sum(one or 0 for one in shares.values()) >= 1:
        what = "val and unseen would take all test images between them."
        where = " ".join(f"--{name} {asked[name]}" for name in shares)
        problems.add(UserError(what, where, "Leave some for utility."))
    problems.raise_all()
    for name in SETS:
        given = found.get(name)
        if given is not None:
            images = _joined(images, _new(images, given, name, asked[name]), name)
        if name == "test":  # of which the others may be a part
            images = _with_parts(images, {name: one or 0.0 for name, one in shares.items()})
    return images


def _check_test(images: Images, text: str) -> None:
    """Raise UserError if test images are asked for, and the data have their own."""
    if text and has_test(images):
        count = int((images.table["part"] == "test").sum())
        raise UserError(
            f"{images.name} has a test part of its own, of {count:,} images.",
            f"--test {text}",
            "Leave --test out. Other new images can be given with --unseen or --val.",
        )


def is_part(text: str) -> bool:
    """Whether what is given is a part of the test images."""
    return text.partition(":")[0] == PART and ":" in text


def share_of(name: str, text: str) -> float:
    """The share of `test:SHARE`. Raises UserError unless it lies in (0, 1)."""
    try:
        share = float(text.partition(":")[2])
    except ValueError:
        share = 0.0
    if not 0 < share < 1:
        what = f"'{text.partition(':')[2]}' is no share between 0 and 1."
        raise UserError(what, f"--{name} {text}", "Write test:0.5 for half of the test images.")
    return share


def _told(
    load: Callable[..., Images], name: str, text: str
) -> Callable[[str, str, Reading | None], Images]:
    """The same loader, whose errors say which flag has asked for the data set."""

    def loaded(source: str, root: str, reading: Reading | None) -> Images:
        try:
            return load(source, root, reading)
        except UserError as error:
            moved = " If a run's data have moved: --data-root FOLDER."
            fix = error.fix + moved * (error.code == MISSING)
            raise UserError(error.what, f"--{name} {text}", fix, error.code) from error

    return loaded


def _alike(images: Images, given: Images, name: str, text: str) -> Images:
    """The given images with the labels of the data set. Raises UserError if they cannot join."""
    where, problems = f"--{name} {text}", Problems()
    sizes = [f"{one.size[1]}x{one.size[0]}" for one in (given, images)]
    stored = [tuple(one.x.shape[1:3]) for one in (given, images)]
    for theirs, ours, what in (
        (given.channels, images.channels, "channels"),
        (sizes[0], sizes[1], "pixels"),
    ):
        if theirs != ours:
            problems.add(
                UserError(
                    f"Its images have {theirs} {what}, those of {images.name} have {ours}.",
                    where,
                    "Give images like those of --data"
                    + (", or bring both to one size: --size." if what == "pixels" else "."),
                )
            )
    if sizes[0] == sizes[1] and stored[0] != stored[1]:
        what = f"Its images are stored as {stored[0]}, those of {images.name} as {stored[1]}."
        problems.add(UserError(what, where, "Give the same kind of source, or --augment none."))
    if given.x.dtype != images.x.dtype:
        what = f"Its pixels are {given.x.dtype}, those of {images.name} are {images.x.dtype}."
        problems.add(UserError(what, where, "Give both as uint8, or both as floats."))
    y = problems.attempt(_labels, images, given, where)
    problems.raise_all()
    return replace(given, y=problems.settled(y), classes=images.classes)


def _labels(images: Images, given: Images, where: str) -> torch.Tensor:
    """Labels by the names of the classes; plain numbers, where ours have names, are their places.

    Raises UserError for classes that the data set does not have.
    """
    place = {name: at for at, name in enumerate(images.classes)}
    strangers = [one for one in given.classes if one not in place]
    plain = not any(map(str.isdecimal, images.classes))
    if strangers and plain and all(map(str.isdecimal, given.classes)):
        place = {str(at): at for at in range(len(images.classes))}
        strangers = [one for one in given.classes if one not in place]
    if strangers:
        raise UserError(
            f"It has classes that {images.name} has not: {shown(strangers)}.",
            where,
            f"Name them as there: {shown(list(images.classes))}.",
        )
    return torch.tensor([place[one] for one in given.classes])[given.y]


def _with_parts(images: Images, shares: dict[str, float]) -> Images:
    """The same images, with a column of those that leave the test set for val and unseen."""
    if not shares:
        return images
    every = np.arange(len(images))
    rows = np.flatnonzero(images.table["part"] == "test") if has_test(images) else every
    marks = [hashlib.sha256(str(key).encode()).digest() for key in images.keys[rows]]
    order = rows[sorted(range(len(rows)), key=marks.__getitem__)]
    column = np.full(len(images), "", dtype="<U6")
    count = {name: round(share * len(order)) for name, share in shares.items()}
    column[order[len(order) - count.get("val", 0) :]] = "val"
    column[order[: count.get("unseen", 0)]] = "unseen"
    return replace(images, table=images.table | {"test_part": column})


def _new(images: Images, given: Images, name: str, text: str) -> Images:
    """Those of the given images that the data set does not have, pixel by pixel."""
    before = len(images)
    fresh = np.ones(len(given), dtype=bool)
    for group in equal([images.x, given.x], np.arange(before, before + len(given))):
        fresh[group[group >= before] - before] = bool(group[0] >= before)
    twice = int((~fresh).sum())
    if not fresh.any():
        raise UserError(
            f"All {len(given)} images are in {images.name} already.",
            f"--{name} {text}",
            "Give others"
            + f"; a part of the test images is --{name} test:0.5" * (name != "test")
            + ".",
        )
    if not twice:
        return given
    say(
        f"--{name}: {twice} of {len(given)} images are in {images.name} already, "
        f"and are left out: {shown([str(key) for key in given.keys[~fresh]])}"
    )
    rows = np.flatnonzero(fresh)
    table = {column: cells[rows] for column, cells in given.table.items()}
    at = torch.from_numpy(rows)
    return replace(given, x=given.x[at], y=given.y[at], keys=given.keys[rows], table=table)


def _joined(images: Images, given: Images, name: str) -> Images:
    """Both as one data set: the given images come last, and their column `part` says what for.

    Their keys begin with the name of the set; with `given-` before it where such keys are there.
    """
    before = name
    while np.isin([f"{before}/{key}" for key in given.keys], images.keys).any():
        before = f"given-{before}"
    part = images.table.get("part", np.full(len(images), ""))
    table = images.table | {"part": part}
    extra = given.table | {"part": np.full(len(given), name)}
    return replace(
        images,
        x=joined([images.x, given.x], on_disk=True),
        y=torch.cat([images.y, given.y]),
        keys=np.concatenate([images.keys, [f"{before}/{key}" for key in given.keys]]),
        table={
            column: _longer(cells, extra.get(column), len(given)) for column, cells in table.items()
        },
        hash=images.hash and f"{images.hash}+{name}-{given.hash}",
    )


def _longer(cells: np.ndarray, more: np.ndarray | None, count: int) -> np.ndarray:
    """A column with the cells of further rows; empty ones where they have none of this kind."""
    if more is None or more.dtype.kind != cells.dtype.kind:
        empty = {"U": "", "O": "", "S": b"", "f": np.nan, "b": False}.get(cells.dtype.kind, -1)
        more = np.full(count, empty, dtype=cells.dtype if cells.dtype.kind != "U" else None)
    return np.concatenate([cells, more])
