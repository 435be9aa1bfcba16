"""STORE/studies/NAME-SIZE.json: what a study asks for, so that its results are read without torch.

Which run stands where in its tables, by address; no place of any machine is among it, and what of
rules may name a person is a pseudonym.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from untrain.bench.job import Block, Cell
from untrain.data.sets.hidden import hidden
from untrain.errors import UserError
from untrain.files import TORN, atomic

if TYPE_CHECKING:
    from untrain.bench.asking.study import Study
    from untrain.bench.kept.address import Addresses
    from untrain.bench.kept.store import Store

SCHEMA = 1
"""Of a listing; raised when a field changes its meaning."""
FOLDER = "studies"
KEYS = {"study", "size", "title", "blocks", "order", "cells"}


def place(root: Path, name: str, size: str) -> Path:
    """The listing of a study in a store."""
    return root / FOLDER / f"{name}-{size}.json"


def names(root: Path) -> list[tuple[str, str]]:
    """Name and size of each study that a store lists, sorted."""
    found = []
    for path in (root / FOLDER).glob("[!.]*.json"):
        name, dash, size = path.stem.rpartition("-")
        if dash:
            found.append((name, size))
    return sorted(found)


def load(path: Path) -> dict[str, Any]:
    """A listing. Raises UserError if it is damaged, or of another version."""
    fix = "Write it again: untrain bench status STUDY"
    try:
        content = dict(json.loads(path.read_text()))
        schema, whole = content["schema"], content.keys() >= KEYS
    except TORN as error:
        raise UserError(f"{path.name} is damaged ({error}).", str(path), fix) from error
    if schema != SCHEMA:
        what = f"{path.name} has schema {schema}; this version reads {SCHEMA}."
        raise UserError(what, str(path), fix)
    if not whole:
        lost = ", ".join(sorted(KEYS - content.keys()))
        raise UserError(f"{path.name} is no listing: it lacks {lost}.", str(path), fix)
    return content


def keep(store: Store, study: Study) -> Path | None:
    """Write the listing of a study into its store; None where that cannot be written, or where the
    store does not know all of its data yet."""
    from untrain.bench.kept.plans import Place

    path = place(store.root, study.name, study.size)
    try:
        content = of(study, Place.at(store, look=False).addresses)
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n"
        if not path.is_file() or path.read_text() != text:
            with atomic(path) as draft:
                draft.write_text(text)
    except (UserError, OSError):
        return None
    return path


def of(study: Study, addresses: Addresses) -> dict[str, Any]:
    """The content of the listing. Raises UserError if the data of the study are not known yet."""
    from untrain.bench.asking.document import FOLDER as PACKAGED
    from untrain.bench.numbers.statistics import last_epoch

    cells = study.cells()
    blocks = list(dict.fromkeys(cell.block for cell in cells))
    own = not study.file or Path(study.file).parent == PACKAGED
    name = study.name if own else PurePath(study.file).name
    size = f" --size {study.size}" if study.size != "laptop" else ""
    listed = []
    for cell in cells:
        twin = {"twin": addresses.of(last_epoch(cell.job))} if cell.job.select == "oracle" else {}
        listed.append(_cell(cell, blocks, addresses.of(cell.job)) | twin)
    return {
        "schema": SCHEMA,
        "study": study.name,
        "size": study.size,
        "title": study.title,
        "about": study.about,
        "command": f"untrain bench run {shlex.quote(name)}{size}",
        "choosing": study.choosing,
        "audits": list(study.audits),
        "evaluate_seeds": list(study.evaluate_seeds),
        "blocks": [
            {"data": one.data, "model": one.model, "forget": _hidden(one, cells)} for one in blocks
        ],
        "order": list(dict.fromkeys(cell.row for cell in cells)),
        "cells": listed,
    }


def copy(source: Path, target: Path, addresses: Iterable[str]) -> int:
    """Copy the listings that name any of these runs; returns how many."""
    known, count = set(addresses), 0
    for name, size in names(source):
        with suppress(UserError):
            content = load(place(source, name, size))
            if known & {cell["address"] for cell in content["cells"]}:
                with atomic(place(target, name, size)) as draft:
                    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
                    draft.write_text(text + "\n")
                count += 1
    return count


def _cell(cell: Cell, blocks: Sequence[Block], address: str) -> dict[str, Any]:
    return {
        "block": blocks.index(cell.block),
        "label": cell.label,
        "address": address,
        "rules": [_portable(rule) for rule in cell.rules],
        "seeds": {
            "split": cell.split_seed,
            "train": cell.train_seed,
            "unlearn": cell.unlearn_seed,
        },
        "settings": _plain(cell.settings),
        **({"select": cell.job.select} if cell.job.select != "none" else {}),
    }


def _hidden(block: Block, cells: Iterable[Cell]) -> str:
    from untrain.bench.asking.cells import called

    rules = next(cell.rules for cell in cells if cell.block == block)
    return called([_portable(rule) for rule in rules])


def _portable(rule: str) -> str:
    """The rule without places, and without what may name a person."""
    kind, _, what = rule.partition(":")
    return hidden(f"{kind}:{PurePath(what).name}" if kind in ("ids", "indices") else rule)


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: json.loads(json.dumps(value, default=str)) for name, value in settings.items()}
