"""Traces removed, file by file, so that a purge that was stopped is finished by the next one.

What names the images goes last: the texts, then the record and the split of every run. Of a
sequence the first record goes first, as the last one holds all rules.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from untrain.data.sets.pseudonyms import pseudonyms
from untrain.errors import MISSING, Problems, UserError
from untrain.files import DRAFT, lock, write_arrays
from untrain.traces.asked import clean_record
from untrain.traces.erased import Erased, saved_keys
from untrain.traces.holdings import Trace
from untrain.traces.naming import rewrite

LAST = {"text": 1, "record": 2, "keys": 3}
"""Kinds that are purged after all others, in this order."""


def chosen(traces: Sequence[Trace], models: bool) -> list[Trace]:
    """Those that a purge removes, in its order; models: weights trained on the images as well."""
    wanted = {"yes", "models"} if models else {"yes"}
    found = [trace for trace in traces if trace.purge in wanted]
    return sorted(found, key=lambda trace: LAST.get(trace.kind, 0))


def purge(traces: Sequence[Trace], erased: Erased, tell: Callable[[Trace], None]) -> None:
    """Remove or rewrite what `chosen` gave; tell: called with each one that is done.

    All folders are locked before anything is removed. Raises UserError if another process works
    in one of them, or if one cannot be written.
    """
    with ExitStack() as stack:
        problems = Problems()
        for room in dict.fromkeys(trace.room for trace in traces):
            problems.attempt(stack.enter_context, lock(room, where="untrain traces --purge"))
        problems.raise_all()
        for trace in traces:
            try:
                _remove(trace, erased)
            except OSError as error:
                raise UserError(
                    f"{trace.path} could not be removed: {error.strerror or error}.",
                    where="untrain traces --purge",
                    fix="Make it removable; the same command then goes on.",
                    code=MISSING,
                ) from error
            tell(trace)


def _remove(trace: Trace, erased: Erased) -> None:
    if trace.kind == "keys":
        _hide(trace.path, erased)
    elif trace.kind == "record":
        clean_record(trace.path, trace.hides)
    elif trace.rewrite:
        rewrite(trace.path, erased, trace.hides)
    elif trace.path.is_dir():
        _drop(trace.path)
    else:
        trace.path.unlink(missing_ok=True)


def _hide(path: Path, erased: Erased) -> None:
    """Put digests in the place of the erased keys of a split."""
    arrays = saved_keys(path.parent)
    for name, keys in arrays.items():
        if name != "request" and len(keys):
            arrays[name] = np.where(erased.among(keys), pseudonyms(keys), keys)
    write_arrays(path, arrays)


def _drop(folder: Path) -> None:
    """Remove a folder that readers never see half of: it becomes a draft first."""
    aside = folder
    if not folder.name.startswith(DRAFT):
        aside = folder.with_name(f"{DRAFT}{folder.name}")
        shutil.rmtree(aside, ignore_errors=True)
        folder.rename(aside)
    shutil.rmtree(aside)
