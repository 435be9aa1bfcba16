"""Which images are meant: read from runs that have forgotten them, else selected by a rule."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from untrain.data.pixels.room import cache_folder
from untrain.data.sets.hidden import hidden
from untrain.data.sets.pseudonyms import pseudonyms
from untrain.data.sets.splits import forget
from untrain.errors import BAD_INPUT, MISSING, UserError
from untrain.files import DRAFT, lock
from untrain.runs.load import described, origin
from untrain.runs.record import rules_of
from untrain.traces.erased import (
    Erased,
    forgotten,
    requested,
    runs_below,
    saved_keys,
    universe_of,
)


def home(run: Path) -> Path:
    """The folder in which a run lies beside others; stages of one sequence count as one run."""
    beside = run.absolute().parent
    stages = all(path.parent.name.isdecimal() for path in beside.glob("*/run.json"))
    return beside.parent if stages else beside


def by_runs(runs: Sequence[Path]) -> Erased:
    """What these runs have forgotten, together.

    Raises UserError if one is missing or has forgotten nothing, or if they are of several data
    sets.
    """
    found = [_of_run(run, described(run)) for run in runs]
    if len({(one.images, one.universe) for one in found}) > 1:
        raise UserError(
            "The runs are of different data sets.",
            where="untrain traces",
            fix="Name the runs of one data set at a time.",
        )
    keys = np.concatenate([one.keys for one in found])
    _, first = np.unique(pseudonyms(keys), return_index=True)
    rules = tuple(dict.fromkeys(rule for one in found for rule in one.rules))
    one = found[0]
    return Erased(keys[first], one.images, one.universe, one.data, rules, tuple(runs))


def _of_run(folder: Path, run: dict[str, Any]) -> Erased:
    arrays = saved_keys(folder)
    keys = forgotten(arrays)
    if not len(keys):
        raise UserError(
            f"{folder} has forgotten nothing.",
            where="untrain traces",
            fix="Name a run that has, or say what is to go: --original RUN --forget RULE.",
        )
    data, images = run["config"]["data"], run["images"]["hash"]
    return Erased(keys, images, universe_of(arrays), data, rules_of(run), (folder,))


def by_folder(folders: Sequence[Path]) -> Erased:
    """What the runs in these folders have forgotten, where that is one request, or a sequence.

    Raises UserError if none has forgotten anything, or if the requests differ.
    """
    found = [
        _of_run(run, about) for run, about, arrays in _readable(folders) if len(forgotten(arrays))
    ]
    if not found:
        raise UserError(
            "None of these runs has forgotten anything.",
            where=", ".join(map(str, folders)),
            fix="Say what is to go: --original RUN --forget RULE.",
        )
    largest = max(found, key=len)
    if not all(_earlier(one, largest) for one in found):
        rules = sorted({", then ".join(one.rules) for one in found})
        raise UserError(
            f"The runs have forgotten different images: {'; '.join(rules[:5])}.",
            where=", ".join(map(str, folders)),
            fix="Name the run that has forgotten the right ones, or --forget RULE.",
        )
    return replace(largest, runs=())


def _earlier(one: Erased, last: Erased) -> bool:
    """Whether one has forgotten what the other has, up to some request of it."""
    rules, others = (tuple(map(hidden, run.rules)) for run in (last, one))
    begun = rules[: len(others)] == others and one.images == last.images
    return begun and bool(last.among(one.keys).all())


def by_rule(rule: str, original: Path | None, folders: Sequence[Path], root: str = "") -> Erased:
    """What a forget rule selects from the training images of a model.

    Where a run in the folders has carried it out, its keys are taken; else the data are loaded,
    and no decoded copy of them is left. original: None where the folders hold only one Original.
    Raises UserError if it cannot be told which, or if the rule is wrong.
    """
    original = original or _only_original(folders)
    start, arrays = described(original), saved_keys(original)
    rules = tuple(map(hidden, (*rules_of(start), rule)))
    same = [
        other
        for _, about, other in _readable(folders)
        if _data(about) == _data(start)
        and tuple(map(hidden, rules_of(about)))[: len(rules)] == rules
        and _trained(other) == _trained(arrays)
    ]
    if same:
        keys = requested(same[0], len(rules))
    else:
        with _no_copy_left():
            before = origin(original, root)
            seed, images = before.data.split_seed, before.images
            keys = images.keys[forget(before.split.settled(), rule, images, seed).forget]
    data, images_hash = start["config"]["data"], start["images"]["hash"]
    return Erased(keys, images_hash, universe_of(arrays), data, (rule,))


def _readable(
    folders: Sequence[Path],
) -> list[tuple[Path, dict[str, Any], dict[str, np.ndarray]]]:
    """The runs in these folders with record and split; damaged ones are left to the listing."""
    found = []
    for run in dict.fromkeys(run.absolute() for folder in folders for run in runs_below(folder)):
        with suppress(UserError):
            found.append((run, described(run), saved_keys(run)))
    return found


def _data(run: dict[str, Any]) -> tuple[Any, Any]:
    """What a rule depends on beside the training set."""
    return run["images"]["hash"], run["config"]["data"].get("split_seed", 0)


def _trained(arrays: dict[str, np.ndarray]) -> str:
    """Hash of all that the Original of a split was trained on."""
    return universe_of({n: arrays[n] for n in ("retain", "forget", "erased") if n in arrays})


@contextmanager
def _no_copy_left() -> Iterator[None]:
    """While the block runs, decoded images go to a draft in the cache, which then is removed."""
    folder, before = cache_folder(), os.environ.get("UNTRAIN_CACHE")
    wait = "waiting for another process that is decoding images"
    with (
        lock(folder, wait=wait, where="UNTRAIN_CACHE, where decoded images are kept"),
        TemporaryDirectory(prefix=DRAFT, dir=folder) as draft,
    ):
        os.environ["UNTRAIN_CACHE"] = draft
        try:
            yield
        finally:
            os.environ.pop("UNTRAIN_CACHE")
            os.environ |= {"UNTRAIN_CACHE": before} if before else {}


def _only_original(folders: Sequence[Path]) -> Path:
    found = [run for run, about, _ in _readable(folders) if about["label"] == "original"]
    if len(found) != 1:
        listed = f": {', '.join(map(str, found[:5]))}" if found else ""
        raise UserError(
            f"{', '.join(map(str, folders))} holds {len(found) or 'no'} Originals{listed}.",
            where="--original",
            fix="Name the one that was trained on the images: --original RUN.",
            code=BAD_INPUT if found else MISSING,
        )
    return found[0]
