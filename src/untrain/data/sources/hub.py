"""Where the files of a named data set are: in a local folder, the hub's cache, or on the hub."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from untrain.data.pixels.decode import shown
from untrain.errors import MISSING, UserError

if TYPE_CHECKING:
    from untrain.data.sources import HubSet

PATIENCE = 5.0
"""Seconds that the hub may take to answer before it counts as not there."""
NUMBERED = re.compile(r"(.+)-(\d{5})-of-(\d{5})")


def find(names: Sequence[str], source: HubSet, root: str) -> list[Path]:
    """The parquet files of a set: the local root first, then the hub's cache, then a download.

    names: what its folder below the root may be called; the first is the set's own.
    Raises UserError if files are missing or the hub cannot be reached.
    """
    name = names[0]
    if root and not Path(root).is_dir():
        what = f"{root} is a file." if Path(root).exists() else f"No folder {root}."
        raise UserError(what, "--data-root", "Name an existing folder.", MISSING)
    for folder in _places(names, source, Path(root)) if root else []:
        if any(folder.glob("*.parquet")):
            return complete(folder, name, source)
    if not source.repo:
        raise UserError(
            f"'{name}' is not on the hub, and there are no files of it here.",
            where=f"--data-root {root or '(not given)'}",
            fix=f"Put train-*.parquet and {source.test}-*.parquet into ROOT/{name}.",
            code=MISSING,
        )
    return complete(_copy(name, source, root), name, source)


def _places(names: Sequence[str], source: HubSet, root: Path) -> list[Path]:
    """Folders in which the files may lie: as README says, or as the hub's own tools put them."""
    homes = [root / name for name in names] + [root] * (root.name in names)
    return [place for home in homes for place in (home, home / (source.folder or "."))]


def complete(folder: Path, name: str, source: HubSet) -> list[Path]:
    """The training and test files in a folder; others, such as svhn's extra ones, are left.

    Raises UserError if one of the two has no file, or lacks some of those that its names count.
    """
    files = sorted(folder.glob("*.parquet"))
    parts = {w: [f for f in files if f.name.startswith(w)] for w in ("train", source.test)}
    lack = [f"{word}-*.parquet" for word, found in parts.items() if not found]
    found = [file for part in parts.values() for file in part]
    counted = [match.groups() for file in found if (match := NUMBERED.match(file.name))]
    there = {(word, int(number)) for word, number, _ in counted}
    for word, count in sorted({(word, count) for word, _, count in counted}):
        every = range(int(count))
        lack += [f"{word}-{n:05d}-of-{count}" for n in every if (word, n) not in there]
    if lack:
        raise UserError(
            f"{name} is not complete: there is no {shown(lack)}.",
            where=str(folder),
            fix=f"Put all train-*.parquet and {source.test}-*.parquet files there.",
            code=MISSING,
        )
    return found


def _copy(name: str, source: HubSet, root: str) -> Path:
    """The folder of the hub's cache that holds the files, downloaded if they are not there."""
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    patterns = [f"{source.folder}/{word}*.parquet" for word in ("train", source.test)]
    # the first of the bases is what the http client raises, whichever the hub's library uses
    failures: tuple[type[BaseException], ...] = (OSError, ValueError, *HfHubHTTPError.__bases__)
    copy = partial(snapshot_download, source.repo, repo_type="dataset", allow_patterns=patterns)
    with suppress(UserError, *failures):
        here = Path(copy(local_files_only=True), source.folder)
        complete(here, name, source)
        return here
    try:
        # a download waits forever for a hub that takes a call and does not answer
        HfApi().dataset_info(source.repo, timeout=PATIENCE)
        return Path(copy(), source.folder)
    except failures as error:
        said = (str(error).splitlines() or [""])[0][:100]
        raise UserError(
            f"Could not download {name} ({type(error).__name__}: {said}).",
            where=f"hub data set {source.repo}" + (f"; --data-root {root}" if root else ""),
            fix=f"Put its parquet files into ROOT/{name} and give --data-root ROOT, "
            "or try --data digits, which needs no download.",
            code=MISSING,
        ) from error
