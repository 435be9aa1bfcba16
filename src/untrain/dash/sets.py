"""Which sets of results lie below a folder: studies of stores, and runs that stand side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from untrain.bench.kept import listing
from untrain.errors import UserError

DEEP = 3
"""How far below the folder is looked."""
MARKS = ("run.json", "failed.json", "resume.safetensors", "split.npz")
"""A folder with one of these is a run."""


@dataclass(frozen=True, kw_only=True)
class Set:
    """Runs that one report is made of.

    key: its name in addresses of pages. root: the store, or the folder. study, size: of a store's
    listing; cells: what it says of each run, by folder. runs: folders, finished or not.
    """

    key: str
    title: str
    root: Path
    runs: tuple[Path, ...]
    store: bool = False
    study: str = ""
    size: str = ""
    cells: Mapping[Path, Mapping[str, Any]] = field(default_factory=dict)


def sets_below(root: Path) -> tuple[list[Set], list[str]]:
    """The sets, and in words what could not be read."""
    found: list[Set] = []
    notes: list[str] = []
    loose: dict[Path, list[Path]] = {}
    for folder in walk(root, DEEP, set()):
        if (folder / "store.json").is_file():
            found += _store(root, folder, notes)
        else:
            loose.setdefault(folder if folder == root else folder.parent, []).append(folder)
    found += [
        Set(key=_key(root, home), title=_title(root, home), root=home, runs=tuple(sorted(runs)))
        for home, runs in sorted(loose.items())
    ]
    return found, notes


def walk(folder: Path, deep: int, known: set[Path]) -> Iterator[Path]:
    """Stores, and folders of runs outside of them; nothing below either. known: folders that were
    looked into, to which links may lead again."""
    try:
        real = folder.resolve()
        if real in known:
            return
        known.add(real)
        found = (folder / "store.json").is_file() or is_run(folder)
    except (OSError, RuntimeError):  # it is not ours to look into, or a link to itself
        return
    if found:
        yield folder
        return
    if deep:
        for one in _folders(folder):
            yield from walk(one, deep - 1, known)


def is_run(folder: Path) -> bool:
    return any((folder / name).exists() for name in MARKS)


def _folders(folder: Path) -> list[Path]:
    """Those that are in it, links last; none where it cannot be read, or has gone meanwhile."""
    try:
        found = [one for one in folder.iterdir() if one.is_dir() and one.name[0] != "."]
        return sorted(found, key=lambda one: (one.is_symlink(), one))
    except OSError:
        return []


def _store(root: Path, store: Path, notes: list[str]) -> list[Set]:
    """A set for each study that the store lists, and one of the runs that none lists."""
    found, listed = [], set[Path]()
    for name, size in listing.names(store):
        try:
            content = listing.load(listing.place(store, name, size))
            cells = {store / "runs" / cell["address"]: cell for cell in content["cells"]}
        except (UserError, KeyError, TypeError) as error:
            notes.append(f"{name}-{size}.json: {error}")
            continue
        listed |= cells.keys()
        about = {path: {**cell, **_block(content, cell)} for path, cell in cells.items()}
        found.append(
            Set(
                key=f"{_key(root, store)}/{name}-{size}".removeprefix("./"),
                title=content["title"] or name,
                root=store,
                runs=tuple(cells),
                store=True,
                study=name,
                size=size,
                cells=about,
            )
        )
    others = [one for one in _folders(store / "runs") if one not in listed and is_run(one)]
    if others:
        key = f"{_key(root, store)}/runs".removeprefix("./")
        title = f"{_title(root, store)}: runs of no listed study"
        found.append(Set(key=key, title=title, root=store, runs=tuple(others), store=True))
    return found


def _block(content: Mapping[str, Any], cell: Mapping[str, Any]) -> Mapping[str, Any]:
    blocks = content["blocks"]
    return dict(blocks[cell["block"]]) if 0 <= cell["block"] < len(blocks) else {}


def _key(root: Path, folder: Path) -> str:
    return folder.relative_to(root).as_posix()


def _title(root: Path, folder: Path) -> str:
    return _key(root, folder) if folder != root else folder.resolve().name
