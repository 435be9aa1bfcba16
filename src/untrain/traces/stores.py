"""What lies outside of the runs: the cache of decoded images, and where the images came from."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from untrain.config import path_of
from untrain.data.pixels.room import cache_folder
from untrain.data.sets.pseudonyms import PREFIX, pseudonym
from untrain.data.sources import HUB
from untrain.files import DRAFT, TORN
from untrain.traces.erased import Erased
from untrain.traces.holdings import YOURS, Trace, size
from untrain.traces.origins import holdings


def in_cache(erased: Erased) -> list[Trace]:
    """Entries of the cache with the pixels of erased images, those of the same data set last.

    Entries of other data sets are searched by pixels, as long as one of the same data set is
    there to say what they look like. Damaged entries and drafts may hold anything.
    """
    room = cache_folder()
    entries = sorted(path for path in room.glob("*") if path.is_dir())
    source = erased.images.partition("+")[0]  # what was planted came after decoding
    drafts = [path for path in entries if path.name.startswith(DRAFT)]
    found = [_draft(path, room) for path in sorted([*drafts, *room.glob(f"{DRAFT}*.*")])]
    same: list[Path] = []
    others: list[Path] = []
    for entry in entries:
        if entry.name.startswith(DRAFT):
            continue
        try:
            own = json.loads((entry / "about.json").read_text())["hash"] == source
            (same if own else others).append(entry)
        except TORN:
            found.append(_entry(entry, "damaged, so that it cannot be told", room))
    pixels = {row for entry in same for row in _pixels(entry, erased)}
    for entry in others:
        count = _shared(entry, pixels)
        if count:
            found.append(_entry(entry, f"pixels of {count} of them, in another data set", room))
    return found + [_entry(entry, "pixels and keys of all of them", room) for entry in same]


def _draft(path: Path, room: Path) -> Trace:
    holds = "what a killed process has left"
    return Trace(path, "draft", holds, size(path), "yes", "nothing", room)


def _entry(path: Path, holds: str, room: Path) -> Trace:
    again = "decoded again when the data are next used"
    return Trace(path, "cache", holds, size(path), "yes", again, room)


def _pixels(entry: Path, erased: Erased) -> set[bytes]:
    """The pixels of the erased images; none where the entry is damaged."""
    try:
        x = np.load(entry / "x.npy", mmap_mode="r")
        with (entry / "rows.npz").open("rb") as file, np.load(file) as rows:
            at = np.flatnonzero(erased.among(rows["keys"]))
        return {_row(x, number) for number in at.tolist()}
    except (*TORN, IndexError):
        return set()


def _shared(entry: Path, pixels: set[bytes]) -> int:
    """How many images of an entry have such pixels."""
    if not pixels:
        return 0
    try:
        x = np.load(entry / "x.npy", mmap_mode="r")
        return sum(_row(x, number) in pixels for number in range(len(x)))
    except TORN:
        return 0


def _row(x: np.ndarray, number: int) -> bytes:
    """An image as bytes that equal another one's only with its shape."""
    return repr(x.shape[1:]).encode() + bytes(x[number].tobytes())


def sources(erased: Erased, root: str = "") -> list[Trace]:
    """Where the images came from, as far as it is there still; root: where they lie now."""
    kind, colon, named = str(erased.data.get("data", "")).partition(":")
    place = path_of(root or str(erased.data.get("data_root", "")))
    found: list[Trace] = []
    if kind == "python":
        found.append(_yours(Path(f"{kind}:{named}"), "a function of yours that gives the images"))
    elif colon:
        moved = place / Path(named).name
        path = (moved if moved.exists() else place) if root else Path(named)
        found += [_yours(file, holds) for file, holds in holdings(kind, path, erased)]
    elif kind in HUB:
        given = [place / kind, place] if str(place) != "." else []
        found += [_yours(path, "the images, encoded") for path in filter(Path.exists, given)][:1]
        found += [_yours(path, "a download of the data set") for path in _downloads(kind)]
    elif kind == "digits":
        found.append(_yours(Path("digits"), "the digits that scikit-learn brings"))
    for rule in erased.rules:
        word, _, listed = rule.partition(":")
        files = _lists(path_of(listed)) if word in ("ids", "indices") else []
        found += [_yours(file.absolute(), "the list that names them") for file in files]
    return found


def _lists(path: Path) -> list[Path]:
    """The file of this name; for a pseudonym, those beside it whose name it stands for."""
    if path.is_file() or not path.stem.startswith(PREFIX):
        return [path] if path.is_file() else []
    beside = sorted(path.parent.glob(f"*{path.suffix}"))
    return [one for one in beside if pseudonym(one.stem) == path.stem and one.is_file()]


def _yours(path: Path, holds: str) -> Trace:
    return Trace(path, "source", holds, size(path) if path.exists() else 0, "no", YOURS, path)


def _downloads(name: str) -> list[Path]:
    """The folder of the hub's cache that holds a data set, if it is there."""
    from huggingface_hub import constants

    folder = f"datasets--{HUB[name].repo.replace('/', '--')}"
    path = Path(constants.HF_HUB_CACHE) / folder
    return [path] if HUB[name].repo and path.is_dir() else []
