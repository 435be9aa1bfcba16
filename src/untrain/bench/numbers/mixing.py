"""What the runs of one table do not share: code, machine, precision, schema."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from untrain.bench.job import Result

About = Mapping[str, Any]


def _environment(name: str) -> Callable[[About], Any]:
    return lambda about: about.get("environment", {}).get(name)


def _numerics(about: About) -> str:
    found = about.get("environment", {}).get("numerics") or {}
    return ", ".join(f"{name} {number}" for name, number in sorted(found.items()))


SHARED: tuple[tuple[str, Callable[[About], Any], str], ...] = (
    ("schema", lambda about: about.get("schema"), "read it with care: fields may differ"),
    ("numerics", _numerics, "their numbers were made by different arithmetic"),
    ("commit", _environment("commit"), ""),
    ("version of untrain", _environment("untrain"), ""),
    ("version of torch", _environment("torch"), "last bits may differ"),
    ("device", _environment("device"), "seconds do not compare"),
    ("processor", _environment("processor"), "seconds do not compare"),
    ("precision", _environment("precision"), "last bits may differ"),
    ("threads", _environment("threads"), "seconds do not compare"),
)
"""What runs should share, where it stands in run.json, and what follows where they do not."""
DIRTY = "-dirty"


def mixed(runs: Iterable[Result], name: Callable[[str], str] = str) -> list[str]:
    """A sentence for each thing that the runs do not share, and for uncommitted code.

    name: what a row is called.
    """
    known = sorted({run.address: run for run in runs}.items())
    notes = []
    for what, of, follows in SHARED:
        found: dict[str, list[str]] = {}
        for _, run in known:
            value = of(run.about)
            found.setdefault(_short(value), []).append(_named(run, name))
        if len(found) > 1:
            told = "; ".join(f"{value}: {_some(who)}" for value, who in sorted(found.items()))
            notes.append(f"Mixed {what}: {told}." + (f" So {follows}." if follows else ""))
    changed = [run for _, run in known if DIRTY in str(_environment("commit")(run.about))]
    dirty = sorted(_named(run, name) for run in changed)
    if dirty:
        notes.append(f"Made by code with uncommitted changes: {_some(dirty)}.")
    return notes


def _short(value: Any) -> str:
    text = "not recorded" if value in (None, "") else str(value)
    plain = text.removesuffix(DIRTY)
    hashed = len(plain) == 40 and set(plain) <= set("0123456789abcdef")
    return plain[:10] + text[len(plain) :] if hashed else text


def _named(run: Result, name: Callable[[str], str]) -> str:
    cell = run.cell
    split = f", split seed {cell.split_seed}" if cell.split_seed else ""
    return f"{name(cell.row)} (seed {cell.train_seed}{split})"


def _some(names: list[str]) -> str:
    """Up to three names, and how many more there are."""
    names = sorted(set(names))
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
