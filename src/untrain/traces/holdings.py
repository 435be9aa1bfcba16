"""What a file in the folder of a run holds of erased images, and whether it may go."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from untrain.data.sets.pseudonyms import PREFIX
from untrain.errors import UserError
from untrain.files import DRAFT, TORN
from untrain.runs.load import described
from untrain.traces.asked import said, said_in
from untrain.traces.erased import Erased
from untrain.traces.naming import names_any

TEXTS = (".json", ".jsonl", ".md", ".txt", ".csv", ".tsv", ".log")
YOURS = "yours: never touched"
AGAIN = "measured again by the next audit"
Purge = Literal["yes", "models", "no"]
"""Whether --purge removes it, only with --models, or never."""


@dataclass(frozen=True)
class Trace:
    """A file, or a folder of the cache, that holds erased images or what was made of them.

    kind: cache, draft, evidence, arrays, text, record, keys, state, weights, answer, export,
    search, source, unknown.
    holds: in words. bytes: on disk. purge: whether it goes. cost: what that costs, or why it
    stays. rewrite: it is kept, with digests in place of the keys. room: the folder that is locked.
    hides: texts in it that go as well, and what takes the place of each.
    """

    path: Path
    kind: str
    holds: str
    bytes: int
    purge: Purge
    cost: str
    room: Path
    rewrite: bool = False
    hides: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)


class Place(NamedTuple):
    """A folder of ours and how many erased images its model was trained on, and has forgotten."""

    folder: Path
    run: dict[str, Any] | None
    trained: int
    forgot: int
    hides: Mapping[str, str] = {}


def held(file: Path, place: Place, erased: Erased) -> Trace | None:
    """What a file holds of the erased images; None if nothing."""
    bytes_, room = size(file), place.folder
    if file.name.startswith(DRAFT):
        holds, cost = "what a killed process has left", "nothing"
        return Trace(file, "draft", holds, bytes_, "yes", cost, room)
    if file.suffix == ".safetensors":
        return _weights(file, place, len(erased))
    if file.suffix == ".npz":
        return _arrays(file, place, erased)
    if file.name == "trials.json" and place.forgot:
        holds, stays = "averages over half of them", "no single image can be told from it"
        return Trace(file, "search", holds, bytes_, "no", stays, room)
    if file == room / "run.json":
        return _record(file, place)
    if file.suffix in TEXTS and names_any(file, erased, place.hides):
        parts = ["keys"] * names_any(file, erased) + [said_in(file.read_text(), place.hides)]
        holds, cost = "; ".join(filter(None, parts)), "digests take their place"
        return Trace(file, "text", holds, bytes_, "yes", cost, room, True, place.hides)
    return None


def _record(file: Path, place: Place) -> Trace | None:
    """The record of a run, which keeps all but what names a person."""
    told = said(file, place.hides) if place.run is not None else ""
    cost = "digests take the place of what may name a person"
    if not told:
        return None
    return Trace(file, "record", told, size(file), "yes", cost, place.folder, True, place.hides)


def trained_on(place: Place, count: int) -> str:
    """What the weights of a run hold; count: of erased images."""
    told = f"{place.trained} of them" if place.trained < count else "them"
    return f"weights trained on {told}"


def _weights(file: Path, place: Place, count: int) -> Trace | None:
    """Weights that were trained on the images; of one that has forgotten them, the answer."""
    folder = place.folder
    if file.name == "resume.safetensors" and (place.trained or place.forgot):
        cost = "nothing: the run is finished" if place.run else "the unfinished run starts anew"
        holds = "weights and state of a run on the way"
        return Trace(file, "state", holds, size(file), "yes", cost, folder)
    if place.trained:
        holds, cost = (
            trained_on(place, count),
            "it cannot be made again; later requests start from the answer",
        )
        return Trace(file, "weights", holds, size(file), "models", cost, folder)
    if place.forgot:
        verdict = verdict_of(folder) or "not audited"
        holds = f"the answer: a model that was to forget them ({verdict})"
        return Trace(file, "answer", holds, size(file), "no", "it is what remains", folder)
    return None


def _arrays(file: Path, place: Place, erased: Erased) -> Trace | None:
    """A split, which keeps its sets, or what was measured, which goes."""
    try:
        count, named = _count(file, erased)
    except TORN:
        holds, cost = "damaged, so that it cannot be told", "nothing: it cannot be read"
        return Trace(file, "arrays", holds, size(file), "yes", cost, place.folder)
    if file.name == "split.npz":
        if not count:
            return None
        holds, cost = f"{count} of their keys", "digests take their place"
        return Trace(file, "keys", holds, size(file), "yes", cost, place.folder, rewrite=True)
    if count or (not named and (place.trained or place.forgot)):
        kind = "evidence" if file.name == "evidence.npz" else "arrays"
        holds = f"keys and outputs of {count} of them" if count else "outputs, without keys"
        return Trace(file, kind, holds, size(file), "yes", AGAIN, place.folder)
    return None


def _count(file: Path, erased: Erased) -> tuple[int, bool]:
    """How many erased images an npz names in plain, and whether it names any at all."""
    with file.open("rb") as opened, np.load(opened) as saved:
        texts = [saved[name] for name in saved.files if name != "weights"]
        texts = [array for array in texts if array.dtype.kind == "U" and array.ndim == 1]
    keys = {key for array in texts for key in array.tolist()}
    plain = np.asarray([key for key in keys if not key.startswith(PREFIX)], dtype=str)
    return int(erased.among(plain).sum()), bool(keys)


def verdict_of(run: Path) -> str | None:
    """The verdict of a run's last audit of the weights that are there; None if there is none."""
    try:
        content = json.loads((run / "audit" / "verdict.json").read_text())
        judged = content["log"]["checkpoints"]["child"]
        same = judged == described(run)["checkpoints"]["child"]
        return str(content["verdict"]) if same else None
    except (UserError, AttributeError, *TORN):
        return None


def size(path: Path) -> int:
    """Bytes of a file, or of all files of a folder."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(f.stat().st_size for f in files if f.is_file() and not f.is_symlink())
