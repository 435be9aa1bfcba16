"""What a study measures of each run: one file each, kept beside the run as measures/NAME.json.

An audit is a function `measure(run: Measured, seeds: Sequence[int]) -> dict` of plain values, a few
kilobytes of them. It looks at this run alone; runs are set against each other in tables.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from untrain.errors import unknown
from untrain.files import TORN, atomic
from untrain.registry import Registry

if TYPE_CHECKING:
    from untrain.data.images import Images

SCHEMA = 1
"""Of the files; raised when a value changes its meaning, so that all are measured anew."""
NAMES = ("accuracy", "answers", "centroids", "destination", "lemma", "predictions")
audits = Registry("audit", "untrain.bench.audits", {name: name for name in NAMES})


def measure_all(
    folder: Path,
    images: Images,
    names: Iterable[str],
    seeds: Sequence[int] = (0,),
    *,
    rules: Sequence[str] = (),
    device: str = "cpu",
) -> dict[str, dict[str, Any]]:
    """The values of each audit of a finished run; those that are not there yet are measured.

    An Original without requests has its accuracies, and {} for every other audit.

    seeds: of what audits draw. rules: the requests that an Original is measured for, in order; of
    any other run they are known. device: where the model runs, where it has to.
    Raises UserError for an unknown audit, or if the run cannot be measured.
    """
    from untrain.bench.audits.measured import Measured

    names = list(names)
    for name in names:
        if name not in audits.names():
            raise unknown("audit", name, audits.names())
    run = Measured(folder, images, tuple(rules), device)
    return {name: _measured(run, name, seeds) for name in names}


def _measured(run: Any, name: str, seeds: Sequence[int]) -> dict[str, Any]:
    """What is kept of these weights, requests and seeds, or else measured and kept."""
    path = place(run.folder, name, () if run.forgetful else run.rules, seeds)
    about = {"schema": SCHEMA, "audit": name, "seeds": list(seeds), **run.about}
    content = _kept(path)
    measurable = bool(run.rules) or name == "accuracy"
    other = content is None or any(content.get(key) != value for key, value in about.items())
    if content is None or other or (measurable and not content["values"]):
        content = about | {"values": audits.get(name)(run, seeds) if measurable else {}}
        with atomic(path) as draft:
            text = json.dumps(content, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
            draft.write_text(text + "\n")
    values: dict[str, Any] = content["values"]
    return values


def read(
    folder: Path, name: str, rules: Sequence[str] = (), seeds: Sequence[int] = (0,)
) -> dict[str, Any] | None:
    """The values of an audit; None if there are none, or of other weights than the run's.

    rules: the requests that an Original was measured for. seeds: those that it was measured with.
    """
    try:
        run = json.loads((folder / "run.json").read_text())
        weights, own = run["checkpoints"]["child"], run["config"]["forget"]
    except TORN:
        return None
    content = _kept(place(folder, name, () if own else rules, seeds))
    if content is None or (content["schema"], content["weights"]) != (SCHEMA, weights):
        return None
    values: dict[str, Any] = content["values"]
    return values if values or name != "accuracy" else None


def numbers(values: Mapping[str, Any]) -> dict[str, float]:
    """Those values that are a number each: what tables of means take."""
    return {name: value for name, value in values.items() if isinstance(value, float)}


def place(folder: Path, name: str, rules: Sequence[str] = (), seeds: Sequence[int] = (0,)) -> Path:
    """The file of an audit. rules: of an Original alone, which has a file for each request."""
    drawn = "" if list(seeds) == [0] else f"-seeds-{hashed(seeds)[:8]}"
    asked = f"-{hashed(rules)[:12]}" if rules else ""
    return folder / "measures" / f"{name}{asked}{drawn}.json"


def hashed(values: Sequence[Any]) -> str:
    return hashlib.sha256(json.dumps(list(values)).encode()).hexdigest()


def _kept(path: Path) -> dict[str, Any] | None:
    """What a file holds; None if there is none, or it is damaged."""
    try:
        content = json.loads(path.read_text())
        whole = isinstance(content["values"], dict) and content.keys() >= {"schema", "weights"}
        return content if whole else None
    except TORN:
        return None
