"""What the places that a reader names are: stores, studies of a store, folders of runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from untrain.bench.kept import listing
from untrain.bench.kept.store import Store
from untrain.errors import MISSING, Problems, UserError
from untrain.files import matching
from untrain.report.reading.contract import wrong_in_listing
from untrain.report.reading.runs import readable

DEEP = 3
"""How far below a named folder runs are looked for."""


@dataclass(frozen=True, kw_only=True)
class Understood:
    """named: the places as they were named. store, listing: of a study. folders: those of runs, if
    it is none. single: whether one run was named, which stands with its family."""

    named: tuple[Path, ...]
    store: Store | None = None
    listing: dict[str, Any] | None = None
    folders: tuple[Path, ...] = ()
    single: bool = False
    warnings: tuple[str, ...] = ()


def understood(places: Sequence[Path], study: str = "", size: str = "laptop") -> Understood:
    """What is meant. Raises UserError with everything that is wrong with any of the places."""
    named = tuple(places)
    if len(named) == 1 and (named[0] / "store.json").is_file():
        return _store(named[0], study, size)
    if len(named) == 1 and named[0].is_file() and (named[0].parents[1] / "store.json").is_file():
        store = Store(named[0].parents[1]).open(write=False, where=str(named[0]))
        return Understood(named=named, store=store, listing=_listing(named[0]))
    if study:
        what = f"{_listed(named)} is no store, so it has no study {study}."
        raise UserError(what, "--store", "Name the store: --store runs/bench")
    problems = Problems()
    folders = [each for place in named for each in problems.attempt(runs_in, place) or []]
    problems.raise_all()
    single = len(named) == 1 and is_run(named[0])
    return Understood(named=named, folders=tuple(once(folders)), single=single)


def _store(root: Path, study: str, size: str) -> Understood:
    """A study of a store: the one that is named, or the only one."""
    store = Store(root).open(write=False, where=str(root))
    known = listing.names(root)
    if study:
        path = listing.place(root, study, size)
        if not path.is_file():
            sizes = sorted(s for name, s in known if name == study)
            fix = f"Its size here is {' or '.join(sizes)}: --size {sizes[0]}" if sizes else ""
            listed = ", ".join(sorted({name for name, _ in known})) or "none"
            raise UserError(
                f"The store {root} does not list the study {study} at size {size}.",
                where="STUDY",
                fix=fix or f"Listed: {listed}. Make it: untrain bench run {study}",
                code=MISSING,
            )
        return Understood(named=(root,), store=store, listing=_listing(path))
    if len(known) == 1:
        path = listing.place(root, *known[0])
        return Understood(named=(root,), store=store, listing=_listing(path))
    if known:
        name, its = known[0]
        raise UserError(
            f"The store {root} holds {len(known)} studies.",
            where=str(root),
            fix=f"Name one: untrain report {name} --size {its} --store {root}. There are "
            f"{', '.join(f'{one} ({s})' for one, s in known)}.",
        )
    note = "The store lists no study: rows are runs of one label and one set of settings."
    folders = tuple(runs_in(root / "runs"))
    return Understood(named=(root,), folders=folders, warnings=(note,))


def _listing(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = readable(listing.load(path))
    if problem := wrong_in_listing(content):
        fix = "Write it again: untrain bench status STUDY"
        raise UserError(f"{path.name} {problem}.", str(path), fix)
    return content


def is_run(folder: Path) -> bool:
    return (folder / "run.json").is_file()


def runs_in(place: Path) -> list[Path]:
    """The runs in a folder, itself or up to three folders below, finished or not.

    Raises UserError if there is none.
    """
    if not place.exists():
        near = [path.name for path in place.parent.glob("*") if path.is_dir()][:5]
        there = f"In {place.parent} there are: {', '.join(sorted(near))}." if near else ""
        raise UserError(f"No folder {place}.", str(place), there or "Check the path.")
    if place.is_file():
        fix = f"Name its folder, {place.parent}."
        raise UserError(f"{place} is a file, not a folder of runs.", str(place), fix)
    if is_run(place):
        return [place]
    found: set[Path] = set()
    for depth in range(DEEP + 1):
        found |= {path.parent for path in matching(place, "/".join(["*"] * depth + ["run.json"]))}
        stopped = matching(place, "/".join(["*"] * depth + ["resume.safetensors"]))
        found |= {path.parent for path in stopped}
    if not found:
        raise UserError(
            f"{place} holds no run.",
            where=str(place),
            fix="Name the --out folder of a run, a folder of such folders, or a study: "
            "untrain report coun-table2",
        )
    return sorted(once(sorted(found, key=lambda path: (len(path.parts), path))))


def once(folders: Iterable[Path]) -> list[Path]:
    """Each folder once, by the first of its names: links may lead to it as well."""
    found: dict[Path, Path] = {}
    for folder in folders:
        found.setdefault(folder.resolve(), folder)
    return list(found.values())


def _listed(places: Sequence[Path]) -> str:
    return ", ".join(map(str, places))
