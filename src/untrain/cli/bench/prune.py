"""`untrain bench prune STUDY`: remove what no table and no run needs any more."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from untrain.cli.bench.asked import parsed
from untrain.errors import MISSING, Problems, UserError
from untrain.progress import say

if TYPE_CHECKING:
    from untrain.bench.kept.plans import Place
    from untrain.bench.kept.results import Standing

LARGE = ("model.safetensors", "evidence.npz", "embeddings.npz", "resume.safetensors")
"""What of a run tables do not need."""


@dataclass(frozen=True, kw_only=True)
class PruneOptions:
    """What the word itself takes."""

    others: bool = False
    """Also remove whole runs of the store that this study does not ask for, those of other studies
    among them."""
    yes: bool = False
    """Remove; without it, what would be removed is printed."""


def run(args: list[str]) -> int:
    problems = Problems()
    about = """Remove weights and outputs of runs that are measured and that no run of the study
    still needs. Their records and measures stay, so that tables stay what they are."""
    given = parsed(args, "prune", about, problems, "--others", "--yes", options=PruneOptions)
    problems.raise_all()
    if given.asked.only:
        fix = "Leave it out: what other rows start from is known from all of them."
        raise UserError("prune takes a whole study.", "--only", fix)
    _, _, place, found = given.asked.order().standing()
    paths = [*spare(place, found), *(strangers(place, found) if given.options.others else [])]
    freed = sum(size(path) for path in paths)
    if not given.options.yes:
        print("\n".join(map(str, paths)))
        say(f"{freed / 1e6:,.1f} MB would be removed; --yes removes them")
        return 0
    for path in paths:
        remove(path, place)
    say(f"{freed / 1e6:,.1f} MB removed from {place.store.root}")
    return 0


def remove(path: Path, place: Place) -> None:
    """Remove a file or a run, unless a process is at the run.

    Raises UserError (3) if it cannot be removed.
    """
    address = path.relative_to(place.store.root).parts[1]
    with place.store.claim(address) as mine:
        try:
            if mine and path.is_dir():
                shutil.rmtree(path)
            elif mine:
                path.unlink(missing_ok=True)
        except OSError as error:
            what = f"{path} cannot be removed: {error.strerror or error}."
            raise UserError(what, "--store", "Check its permissions.", MISSING) from error


def spare(place: Place, found: Standing) -> Iterator[Path]:
    """Large files of runs that are measured and that no unfinished run starts from."""
    of = place.addresses.of
    needed = {of(need) for cell, _, _ in found.others for need in cell.job.needs}
    done = {result.address for result in found.results} - {a for _, a, _ in found.others}
    for address in sorted(done - needed):
        for name in LARGE:
            if (place.store.folder(address) / name).exists():
                yield place.store.folder(address) / name


def strangers(place: Place, found: Standing) -> Iterator[Path]:
    """Runs of the store that are not the study's."""
    ours = {result.address for result in found.results} | {a for _, a, _ in found.others}
    for folder in sorted((place.store.root / "runs").iterdir()):
        if folder.name not in ours:
            yield folder


def size(path: Path) -> int:
    if path.is_dir():
        return sum(one.stat().st_size for one in path.rglob("*") if one.is_file())
    return path.stat().st_size
