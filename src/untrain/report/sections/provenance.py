"""Where results come from: the images and their sets, and the machines and versions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from untrain.bench.job import Result
from untrain.bench.numbers.mixing import mixed
from untrain.bench.numbers.statistics import Table
from untrain.bench.tables.remarks import counted
from untrain.data.sets.hidden import hidden
from untrain.report.content import Facts
from untrain.report.data import shown
from untrain.report.naming import data as named
from untrain.report.reading.portable import shortened

SHORT = 12
"""Digits of a hash that are shown."""
ENVIRONMENT = {
    "untrain": "untrain",
    "commit": "commit",
    "torch": "torch",
    "python": "Python",
    "device": "device",
    "processor": "processor",
    "precision": "precision",
    "threads": "threads",
    "numerics": "numerics",
}
SETS = {
    "retain": "retained, trained on",
    "forget": "to be forgotten",
    "val": "for choices",
    "unseen": "never seen by any model",
    "test": "test",
}


def data(table: Table) -> Facts:
    """Images, the sets they were split into, and the requests, with hashes of the keys."""
    rows = sorted(table.rows, key=lambda row: -len(row.runs[0].about.get("requests") or ()))
    first = rows[0].runs[0].about
    images = first.get("images") or {}
    pairs = [
        ("images", f"{named(images['name'])}, hash {short(images.get('hash'))}")
        if "name" in images
        else None,
        ("classes", str(len(images.get("classes", ())))) if "classes" in images else None,
    ]
    split: Mapping[str, Any] = first.get("split") or {}
    for name, told in SETS.items():
        if name in split:
            one = split[name]
            pairs.append((name, f"{one['images']:,} images, {told}; keys {short(one['keys'])}"))
    for number, one in enumerate(first.get("requests") or (), 1):
        words = f"{worded(one['rule'])}: {one['images']:,} images; keys {short(one['keys'])}"
        pairs.append((f"request {number}", words))
    others = {run.cell.split_seed for row in table.rows for run in row.runs}
    if len(others) > 1:
        pairs.append(("split seeds", f"{len(others)}; hashes are of split seed {min(others)}"))
    known = [pair for pair in pairs if pair]
    return Facts(key="setup-data", title="Data and split", pairs=known)


def worded(rule: str) -> str:
    """A rule without persons, and of a list of images the name of its file alone, in short."""
    kind, _, what = rule.partition(":")
    if kind in ("ids", "indices"):
        rule = f"{kind}:{PurePath(what).name}"
    return shortened(hidden(rule))


def environment(runs: Sequence[Result]) -> Facts:
    """What the runs share, and what they do not."""
    pairs = [(name, told) for key, name in ENVIRONMENT.items() if (told := _each(runs, key))] + [
        ("not shared", note) for note in mixed(runs, shown)
    ]
    return Facts(key="setup-environment", title="Environment", pairs=pairs, folded=True)


def _each(runs: Sequence[Result], key: str) -> str:
    """A value, or each of several with the number of runs that have it."""
    values = [brief(value(run, key)) for run in runs]
    counts = Counter(values)
    if set(counts) == {""}:
        return ""
    if len(counts) == 1:
        return values[0]
    return ", ".join(
        f"{v or 'not recorded'} ({counted(n, 'run')})" for v, n in counts.most_common()
    )


def value(run: Result, key: str) -> str:
    """Of the environment, as text; "" where it is not recorded."""
    found = (run.about.get("environment") or {}).get(key)
    if isinstance(found, Mapping):
        return ", ".join(f"{name} {value}" for name, value in sorted(found.items()))
    return "" if found is None else str(found)


def distinct(runs: Sequence[Result], key: str) -> list[str]:
    """What runs have recorded of the environment, each once."""
    return sorted({value(run, key) for run in runs} - {""})


def brief(text: str) -> str:
    """A commit by its first digits; other texts as they are."""
    plain = text.removesuffix("-dirty")
    hashed = len(plain) == 40 and set(plain) <= set("0123456789abcdef")
    return plain[:10] + text[len(plain) :] if hashed else text


def short(text: Any) -> str:
    """The first digits of a hash."""
    return str(text)[:SHORT] if text else "-"
